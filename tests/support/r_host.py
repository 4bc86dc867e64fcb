"""Runs R code in a process that R hosts, with the package as `R CMD INSTALL` makes it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from support.paths import ROOT

LOAD = "suppressPackageStartupMessages(library(pyclassbridge))\n"


@functools.cache
def r_library() -> Path:
    """A library with the package of this tree, made once for each process that tests. It is
    compiled in a copy, since several may do that at once."""
    made = tempfile.TemporaryDirectory(prefix="pyclass_bridge_library_")
    r_library.keep = made  # it is removed at the end of this process
    library, tree = Path(made.name, "library"), Path(made.name, "tree")
    library.mkdir()
    _copy_to_compile(tree)
    words = ["--no-test-load", "--no-docs", f"--library={library}"]
    done = subprocess.run(["R", "CMD", "INSTALL", *words, tree], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return library


def _copy_to_compile(tree: Path) -> None:
    """Links to what is in this tree, but for a copy of the sources that R compiles."""
    tree.mkdir()
    for path in ROOT.iterdir():
        if path.name != "src" and not path.name.startswith("."):
            (tree / path.name).symlink_to(path)
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("*.o", "*.so"))


def environment(**more: str) -> dict[str, str]:
    """The variables of such a process; none of this one's session."""
    kept = {k: v for k, v in os.environ.items() if k not in ("R_SESSION_INITIALIZED", "R_LIBS")}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "R_LIBS": str(r_library()),
        "PYCLASS_BRIDGE_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(paths),
        **more,
    }


def run_rscript(code: str, timeout: float = 120, load: str = LOAD, cwd=None, **more: str):
    """The finished process (`stdout`, `stderr`, `returncode`) of the code after `LOAD`."""
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "script.R")
        script.write_text(load + textwrap.dedent(code))
        return subprocess.run(
            ["Rscript", script],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            cwd=cwd,
            env=environment(**more),
        )


def output_of(code: str, **options) -> str:
    """Its output; AssertionError with all it said unless it ended well."""
    done = run_rscript(code, **options)
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_tests_in_r(*words: str, timeout: float | None = None, **more: str):
    """Run tests by a pytest in a process that R hosts; the finished process."""
    code = f"""
        py_run_string("import pytest, sys; sys.exitstatus = int(pytest.main({list(words)!r}))")
        quit(status = py_eval("sys.exitstatus"))
    """
    return run_rscript(code, timeout=timeout, cwd=ROOT, **more)


class Terminal:
    """R at a terminal of its own, with the package: `ask("1 + 1")` is what R shows."""

    PROMPT = r"(?:^|\n)> $"

    def __init__(self, timeout: float = 60, **more: str):
        import pexpect

        words = ["--no-save", "--quiet", "--no-readline"]
        self.child = pexpect.spawn(
            "R", words, env=environment(**more), encoding="utf-8", timeout=timeout, echo=False
        )
        self.child.expect("> $")
        self.ask(LOAD.strip())

    def ask(self, code: str, prompt: str = PROMPT) -> str:
        self.child.sendline(code)
        self.child.expect(prompt)
        return self.child.before.replace("\r", "").strip("\n")

    def send(self, code: str) -> None:
        self.child.sendline(code)

    def wait_for(self, text: str) -> None:
        self.child.expect(text)

    def interrupt(self) -> str:
        """Ctrl-C; what R shows until its prompt."""
        self.child.sendintr()
        self.child.expect(self.PROMPT)
        return self.child.before.replace("\r", "").strip("\n")

    def quit(self) -> int | None:
        """q(); the exit status, None after a signal."""
        import pexpect

        self.child.sendline("q()")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus
