"""Runs Python code in a process of its own: for tests in which the process could end."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

from support.paths import TESTS

START = "import faulthandler; faulthandler.enable()\nimport os, signal, sys, threading, time\n"


def run_python(code: str, timeout: float = 60, start: str = START, **environment: str):
    """The finished process (`stdout`, `stderr`, `returncode`) of the code after `START`."""
    return subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )


def run_tests(*words: str, **environment: str) -> None:
    """Run tests of this directory in a process of its own, which must pass.

    That process keeps the time limit, for each of its tests; the test that calls this has the mark
    `runs_tests`.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        capture_output=True,
        text=True,
        cwd=TESTS,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def output_of(code: str, **options) -> str:
    """Its output; AssertionError with all it said unless it ended well."""
    done = run_python(code, **options)
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
