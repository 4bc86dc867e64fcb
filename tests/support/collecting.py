"""A fixture for tests that collect garbage; a module that imports it uses it."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(autouse=True, scope="module")
def what_was_there_before():
    """Objects of earlier tests are no concern of the collections here, which makes them fast."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
