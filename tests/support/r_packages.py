"""R packages that tests need and that may not be installed: `needed("yardstick", "survival")` puts
the stand-ins of tests/support/r_packages/ for those that are not on R's library path. What each of
them can't show is said in its first file."""

from __future__ import annotations

import functools
import subprocess
import tempfile

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
        _install(tuple(stand_ins))
        pyclass_bridge.r("function(path) .libPaths(c(.libPaths(), path))")(_library())
    return stand_ins


@functools.cache
def _install(names: tuple[str, ...]) -> None:
    folders = [str(SUPPORT / "r_packages" / name) for name in names]
    quick = ["--no-docs", "--no-byte-compile", "--no-test-load", f"--library={_library()}"]
    done = subprocess.run(
        ["R", "CMD", "INSTALL", *quick, *folders], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
