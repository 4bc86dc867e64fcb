"""New R files: one with a class that works, and its test, to be changed by their owner.

The texts are in `templates/`, one for each kind of class, where NAME stands for the class and FILE
for the name of the file. Nothing is overwritten. Needs no session.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from ..bridge.signature import python_name

TEMPLATES = Path(__file__).with_name("templates")
_TEST = "#### test\n"
_TEST_HEAD = """\
# Tests of {file}: run them by `pytest`, or in R by testthat::test_file().
library(testthat)
library(pyclassbridge)

source(file.path("..", "{file}"), local = TRUE)

"""


class NewError(Exception):
    """A file that can't be made; the text is a sentence with its remedy."""


def kinds() -> list[str]:
    """What can be made: the words of the command line."""
    return sorted(path.stem for path in TEMPLATES.glob("*.R"))


def write(kind: str, name: str, directory: str | os.PathLike = ".") -> list[Path]:
    """Write `<name>.R` and `tests/test_<name>.R` into a directory, which is made if need be, and
    return their paths.

    Raises:
        NewError: the name can't be one of a class, or a file is there already.
        OSError: nothing can be written there.
    """
    made = class_name(name, kind)
    code, _, test = (TEMPLATES / f"{kind}.R").read_text(encoding="utf-8").partition(_TEST)
    texts = {
        Path(directory, f"{name}.R"): code,
        Path(directory, "tests", f"test_{name}.R"): _TEST_HEAD.format(file=f"{name}.R") + test,
    }
    for path in texts:
        if os.path.lexists(path):
            raise NewError(f"{path} exists already: give another name, or another --dir.")
    written: list[Path] = []
    try:
        for path, text in texts.items():
            _write_new(path, text.replace("NAME", made).replace("FILE", name))
            written.append(path)
    except BaseException:
        for path in written:
            path.unlink()
        raise
    return written


def class_name(name: str, kind: str) -> str:
    """The class that goes into `<name>.R`: `EarlyStop` for `early_stop`; a callback set has the
    name itself."""
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise NewError(
            f"{name!r} can't name a class and its file: take letters, digits and `_`, with a "
            "letter first, as in EarlyStop."
        )
    words = name.split("_")
    made = name if kind == "callback_set" else "".join(w[:1].upper() + w[1:] for w in words)
    if python_name(made) != made:
        raise NewError(f"{name!r} is a word of Python: take another, as in {made.capitalize()}It.")
    return made


def _write_new(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
