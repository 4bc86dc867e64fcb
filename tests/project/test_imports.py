"""Tests of the rooms below the Keras surface start in seconds: collecting them imports no Keras.

What needs Keras there imports it in a test or takes the fixture `keras`.
"""

from __future__ import annotations

import subprocess
import sys

from support.paths import ROOT, TESTS

COLLECT = """
import sys
import pytest

class Watch:
    def pytest_collectreport(self, report):
        found = {"keras", "tensorflow", "jax", "torch"} & sys.modules.keys()
        if found:
            pytest.exit(f"{report.nodeid} imports {' and '.join(sorted(found))} at its top")

sys.exit(pytest.main(["--collect-only", "-qq", *sys.argv[1:]], plugins=[Watch()]))
"""


ROOMS = ["core", "start", "bridge", "values", "classes", "for_r", "help", "shell"]


def test_collecting_imports_no_keras():
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, *[str(TESTS / room) for room in ROOMS]],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[-500:]
