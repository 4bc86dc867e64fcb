"""Losses and layers in plain R on each backend of Keras, in a process of its own for each.

A backend that is not installed is skipped. On the backend of this process the files run as such.

Of: plain_r/loss.py, plain_r/layer.py, plain_r/derivatives_jax.py, plain_r/derivatives_torch.py.
"""

from __future__ import annotations

import importlib.util

import pytest
from support import twin
from support.subprocesses import run_tests

FILES = [
    "plain_r/test_likelihoods.py",
    "plain_r/test_loss.py",
    "plain_r/test_loss_errors.py",
    "plain_r/test_loss_saved.py",
    "plain_r/test_loss_training.py",
    "plain_r/test_layer.py",
]


@pytest.mark.runs_tests
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_on_another_backend(backend, file):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    if backend == twin.backend():
        pytest.skip("the tests of this process run on it")
    run_tests(file, KERAS_BACKEND=backend)
