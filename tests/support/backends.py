"""Tests that run again on another backend of Keras, each time in a process of its own.

The suite itself runs on one backend. What differs between them is run again on the others that are
installed, and not by a process that is such a repetition itself.
"""

from __future__ import annotations

import importlib.util
import os

import pytest

from support import twin
from support.subprocesses import run_tests

ALL = ["tensorflow", "jax", "torch"]
OTHERS = ["jax", "torch"]  # than that of the suite, where nothing is said
_AGAIN = "PYCLASS_BRIDGE_TESTS_AGAIN"  # set in the process of a repetition


def need(backend: str) -> None:
    """Skip this test where the backend is not installed."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")


def again_on_others(test):
    """The test, with an argument `other`, calls `run_again(other, ...)`."""
    return pytest.mark.runs_tests(pytest.mark.parametrize("other", OTHERS)(test))


def run_again(other: str, *words: str) -> None:
    """Run tests, `words` of pytest's command line, on the backend `other`; they must pass.

    Skips the test where there is nothing to run: without that backend, or where the tests of this
    process run on it anyhow.
    """
    need(other)
    if other == twin.backend():
        pytest.skip("the tests of this process run on it")
    if _AGAIN in os.environ:
        pytest.skip("this process repeats tests itself")
    run_tests(*words, KERAS_BACKEND=other, **{_AGAIN: "1"})
