"""The scripts of examples/keras run as R users write them, and give the numbers of their twins in
Python (tests/support/keras_twins): to the last bit, unless a twin states a tolerance and why.
"""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest
from support.paths import ROOT, SUPPORT
from support.twin import backend

pytestmark = pytest.mark.skipif(
    backend() != "tensorflow", reason="scripts with tf.GradientTape and tf.data train on TensorFlow"
)

SCRIPTS = ROOT / "examples" / "keras"
TWINS = SUPPORT / "keras_twins"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.R"))
DETACH = "function(kept) for (x in setdiff(search(), kept)) detach(x, character.only = TRUE)"
CLEAR = "rm(list = ls(globalenv(), all.names = TRUE), envir = globalenv())"


@pytest.fixture(scope="module", autouse=True)
def deterministic():
    """TensorFlow adds up in one order, whichever of its threads is faster."""
    import tensorflow as tf
    from tensorflow.python.framework import config

    tf.config.experimental.enable_op_determinism()
    yield
    config.disable_op_determinism()


@pytest.fixture
def emptied(r, keras):
    """R's global environment is empty before a script and after it, as in a new session, and what
    it has attached is detached."""
    r(CLEAR)
    keras.utils.clear_session()
    attached = r("search()")
    yield
    r(CLEAR)
    r("function(kept) for (x in setdiff(search(), kept)) detach(x, character.only = TRUE)")(
        attached
    )


def test_each_script_has_its_twin():
    twins = sorted(path.stem for path in TWINS.glob("*.py") if path.stem != "__init__")
    assert twins == NAMES
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_python(name, emptied, keras):
    import pyclass_bridge

    pyclass_bridge.run_file(SCRIPTS / f"{name}.R", stand_in=True)
    keras.utils.clear_session()
    twin = importlib.import_module(f"support.keras_twins.{name}")
    expected, tolerance = twin.train(), getattr(twin, "TOLERANCE", {})
    for code, value in expected.items():
        check(code, from_r(code, value), plain(value), tolerance.get(code, 0))
    curves = [curve for code, value in expected.items() if (curve := falling(code, value))]
    assert curves
    for curve in curves:
        assert curve[-1] < 0.95 * curve[0], "nothing was learned"


def from_r(code: str, expected):
    """What the script made of the thing that it calls `code`, as `plain()` gives Python's."""
    import keras

    import pyclass_bridge

    if isinstance(expected, keras.callbacks.History):
        return pyclass_bridge.r(f"lapply({code}$metrics, as.list)")
    return plain(pyclass_bridge.r(code))


def plain(value):
    """A model's weights, a history's metrics; other values as they are."""
    import keras

    if isinstance(value, keras.Model):
        return value.get_weights()
    return value.history if isinstance(value, keras.callbacks.History) else value


def check(code: str, ours, theirs, tolerance: float) -> None:
    """Both are the same numbers, by name and in order."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), code
        for name in theirs:
            check(f"{code}${name}", ours[name], theirs[name], tolerance)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), code
        for i, (mine, other) in enumerate(zip(ours, theirs, strict=True), start=1):
            check(f"{code}[[{i}]]", mine, other, tolerance)
    elif tolerance:
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, err_msg=code)
    else:
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs), err_msg=code)


def falling(code: str, value) -> list:
    """The curve that must fall in a training: the loss, or what the script measures itself."""
    import keras

    if isinstance(value, keras.callbacks.History):
        return value.history.get("loss", [])
    return value if code in ("losses", "distances") else []


def test_the_command_line_runs_a_script_anywhere(tmp_path):
    """It leaves nothing behind where it is run."""
    here = tmp_path / "elsewhere"
    here.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", str(SCRIPTS / "save_and_load.R")],
        capture_output=True,
        text=True,
        cwd=here,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "loss after loading" in done.stdout and "Hornet 4 Drive" in done.stdout
    assert not list(here.iterdir())
