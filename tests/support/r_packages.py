"""R packages that tests need and that may not be installed: `needed("yardstick", "survival")` puts
the stand-ins of tests/support/r_packages/ for those that are not on R's library path. What each of
them can't show is said in its first file. `made("itsname", code)` is a package that nothing else
can have loaded."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

from .paths import SUPPORT


@functools.cache
def _library() -> str:
    return tempfile.mkdtemp(prefix="r_packages_")


def needed(*names: str) -> list[str]:
    """Make the packages loadable in this process's R; those that are stand-ins are returned."""
    import pyclass_bridge

    found = pyclass_bridge.r("function(name) requireNamespace(name, quietly = TRUE)")
    stand_ins = [name for name in names if not found(name)]
    if stand_ins:
        _install(*(SUPPORT / "r_packages" / name for name in stand_ins))
    return stand_ins


def made(name: str, code: str) -> None:
    """Install a package of this R code, which exports all its names; it is not loaded."""
    folder = Path(tempfile.mkdtemp(prefix="r_source_")) / name
    (folder / "R").mkdir(parents=True)
    (folder / "R" / "code.R").write_text(code)
    (folder / "NAMESPACE").write_text('exportPattern(".")\n')
    (folder / "DESCRIPTION").write_text(
        f"Package: {name}\nVersion: 1.0\nTitle: Of a Test\nAuthor: Nobody\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: Of a test.\nLicense: MIT\n"
    )
    _install(folder)


@functools.cache
def _install(*folders: Path) -> None:
    """Install packages into a library of this process, and name it on R's library path."""
    import pyclass_bridge

    quick = ["--no-docs", "--no-byte-compile", "--no-test-load", f"--library={_library()}"]
    done = subprocess.run(
        ["R", "CMD", "INSTALL", *quick, *folders], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    pyclass_bridge.r("function(path) .libPaths(c(.libPaths(), path))")(_library())
