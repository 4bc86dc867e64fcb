"""R definitions that engines run in worker processes, which have never seen the file."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def ns():
    """The namespace of definitions.R."""
    pytest.importorskip("optuna", reason="it is not installed (the extra `test`)")
    pytest.importorskip("sklearn", reason="it is not installed (the extra `test`)")
    import pyclass_bridge

    return pyclass_bridge.source(Path(__file__).with_name("definitions.R"))


@pytest.fixture(scope="module")
def parallel():
    """Two workers of loky."""
    import joblib
    from joblib.externals.loky import get_reusable_executor

    yield joblib.Parallel(n_jobs=2)
    get_reusable_executor().shutdown()
