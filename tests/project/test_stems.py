"""Each source file has a test that names it, so a contributor finds where its behaviour is held.

A test module is for the files of its name: `tests/<room>/test_<stem>.py` for `<room>/<stem>.py`,
`core/<stem>.c` and `R/<room>_<stem>.R`, `tests/testthat/test-<room>_<stem>.R` likewise. What tests
other files says so in a line of its docstring or head: "Of: classes/builder.py, R/classes_r6.R.",
or "Also of: ..." if its own name is right as well.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.paths import ROOT, TESTS

ROOMS = [path.parent.name for path in (ROOT / "pyclass_bridge").glob("*/__init__.py")] + ["core"]
# Tests of the project as a whole, and those that need an environment of their own.
OF_THE_WHOLE = {"engines", "project", "synalinks", "ultralytics"}


def room_and_stem(name: str) -> tuple[str, str]:
    """Of the name of a file in R/ without its ending."""
    room = max((r for r in ROOMS if name.startswith(f"{r}_")), key=len)
    return room, name.removeprefix(f"{room}_")


def sources() -> dict[str, tuple[str, str]]:
    """The source files, such as "classes/builder.py", each with its room and stem; of the headers
    in core/ those that are no C file's."""
    package = ROOT / "pyclass_bridge"
    in_package = [p for p in package.glob("*/*.[pR]*") if p.stem != "__init__"]
    found = {p.relative_to(package).as_posix(): (p.parent.name, p.stem) for p in in_package}
    core = {p.stem: p.name for pattern in ("*.h", "*.c") for p in (ROOT / "core").glob(pattern)}
    found |= {f"core/{name}": ("core", stem) for stem, name in core.items()}
    return found | {f"R/{p.name}": room_and_stem(p.stem) for p in (ROOT / "R").glob("*.R")}


def modules() -> dict[Path, tuple[str, str]]:
    """The test modules, each with the room and stem that its name says."""
    python = {p: (p.parent.name, p.stem.removeprefix("test_")) for p in TESTS.rglob("test_*.py")}
    in_r = {p: room_and_stem(p.stem[5:]) for p in TESTS.rglob("test-*.R")}
    return python | in_r


def named_in(path: Path) -> list[str]:
    """The files that a line of the head names, which may go on in the next line."""
    text = re.sub(r"\n# ?", "\n", path.read_text()[:2000])
    found = re.search(r"^(?:Of|Also of): ((?:[\w/.]+,?\s+)*[\w/.]+)\.$", text, re.MULTILINE)
    return re.split(r",\s+", found[1]) if found else []


def test_each_source_file_has_a_test_that_names_it():
    by_name = set(modules().values())
    by_line = {name for path in modules() for name in named_in(path)}
    without = [n for n, key in sources().items() if key not in by_name and n not in by_line]
    assert not without, f"no test module is for {', '.join(sorted(without))}"


@pytest.mark.parametrize("path", sorted(modules()), ids=lambda path: path.name)
def test_a_test_module_says_what_it_is_for(path):
    named, key = named_in(path), modules()[path]
    unknown = [name for name in named if name not in sources()]
    assert not unknown, f"{path.name} is for {', '.join(unknown)}, which the tree has not"
    assert named or key[0] in OF_THE_WHOLE or key in sources().values(), (
        f"{path.name} has the name of no source file: say what it is for, as in "
        '"Of: classes/builder.py."'
    )
