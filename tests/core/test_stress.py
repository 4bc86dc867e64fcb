"""The stress programs of tests/stress at a size for every run, each in a process of its own.

`make gctorture`, `make valgrind` and `make stress` run them at full size.

Of: core/preserve.c, core/pointer.c, core/proxy.c.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.paths import TESTS

STRESS = TESTS / "stress"
COMMANDS = {
    "files": [sys.executable, STRESS / "files.py", "160", "10"],
    "gctorture": [sys.executable, STRESS / "gctorture.py", "2000"],
    "memory": [sys.executable, STRESS / "memory.py", "600000"],
    "valgrind": [STRESS / "valgrind.sh", "100"],
}


def run(command) -> subprocess.CompletedProcess:
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "PATH": path}
    )


@pytest.fixture(scope="module")
def runs():
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(run, command) for name, command in COMMANDS.items()}


def output_of(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


def test_crossings_while_r_collects_all_the_time(runs):
    assert "2000 crossings, 0 wrong" in output_of(runs["gctorture"].result())


def test_memory_does_not_grow_with_the_calls(runs):
    """malloc(16) lost in each entry is 6 MB here, and a leaked object shows in the counts."""
    text = output_of(runs["memory"].result())
    growth, before, after = re.search(r": ([-+.\d]+) MB, ({.*}), ({.*})", text).groups()
    assert float(growth) < 3
    assert before == after


def test_files_are_data_and_are_never_lost(runs):
    text = output_of(runs["files"].result())
    assert "0 code run, 26 refused" in text
    assert text.endswith("0 wrong\n")


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_memcheck_has_nothing_to_say_about_the_core(runs):
    assert "no report has a frame in the core" in output_of(runs["valgrind"].result())
