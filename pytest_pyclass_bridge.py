"""The plugin of pytest: it collects R tests of testthat, and runs them in the R session.

It stands outside of the package, whose import starts R: that happens when the first R test is
found, and not in other runs of pytest.
"""

from __future__ import annotations

import sys

import pytest

PATTERNS = ["test_*.R", "test-*.R"]


def pytest_addoption(parser):
    parser.addini(
        "r_files", "patterns of files with R tests (testthat)", type="args", default=PATTERNS
    )


def pytest_collect_file(file_path, parent):
    if file_path.suffix != ".R" or not any(map(file_path.match, parent.config.getini("r_files"))):
        return None
    try:
        from pyclass_bridge.toolbox.testthat import RTestFile
    except Exception as error:
        from pyclass_bridge.start.broken_setup import BrokenSetup

        if isinstance(error, BrokenSetup):
            raise parent.CollectError(str(error)) from None
        raise
    return RTestFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    tests = sys.modules.get("pyclass_bridge.toolbox.testthat")
    if tests is not None:
        tests.finish()
