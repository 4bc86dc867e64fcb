"""Tests of testthat as items of pytest: a file of R tests is a collector, a `test_that()` an item.

R runs them in the session (R/toolbox_testthat.R). `pytest_pyclass_bridge.py` beside the package is
the plugin, which imports this when it has found such a file.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from ..bridge.condition import RError
from ..bridge.r_functions import r_function


class RTestFailure(Exception):
    """What testthat says of a test that has failed."""


class RTestWarning(UserWarning):
    """A warning that R code has raised in a test."""


class RTestFile(pytest.File):
    """A file of R tests; its code is evaluated once for all its tests that run in a row."""

    def collect(self):
        try:
            rows = r_function("test_items")(str(self.path))
        except RError as error:
            raise self.CollectError(str(error)) from None
        names: set[str] = set()
        for row in rows:
            name = self._name(row)
            if name in names:
                name = f"{name} (line {row['line']})"
            names.add(name)
            yield RTestItem.from_parent(self, name=name, line=int(row["line"]), at=int(row["at"]))

    def _name(self, row: dict) -> str:
        """The description in one line; `::` would end a part of a node id."""
        name = row["name"] or (self.path.stem if row["line"] == 1 else f"line {row['line']}")
        return " ".join(name.replace("::", ":").split())

    def teardown(self):
        r_function("forget_test_file")(str(self.path))


class RTestItem(pytest.Item):
    """One test: `line` is where it begins, `at` the place of its expression in the file."""

    def __init__(self, *, line: int, at: int, **rest):
        super().__init__(**rest)
        self.line, self.at = line, at

    def runtest(self):
        try:
            found = r_function("run_test_item")(str(self.path), self.at)
        except RError as error:
            raise RTestFailure(str(error)) from None
        results = found["results"]
        for result in results:
            if result["kind"] == "warning":
                self._warn(result)
        bad = [each["text"] for each in results if each["kind"] in ("failure", "error")]
        if bad:
            raise RTestFailure("\n\n".join(bad))
        skips = [each["message"] for each in results if each["kind"] == "skip"]
        if skips:
            # The place that is shown is that of the test, not this one.
            reason = "; ".join(dict.fromkeys(skips))
            raise pytest.skip.Exception(reason, _use_item_location=True)
        if not found["count"]:
            raise RTestFailure("it has no expectation")

    def _warn(self, result: dict) -> None:
        path = Path(self.path).with_name(result["file"]) if result["file"] else self.path
        line = int(result["line"] or self.line)
        warnings.warn_explicit(result["message"], RTestWarning, str(path), line)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, RTestFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.line - 1, self.name


def finish() -> None:
    """Run what setup files have deferred to the end of all tests."""
    r_function("finish_tests")()
