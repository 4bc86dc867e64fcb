"""Losses in plain R where a compiler or several devices run the steps, beside Keras' own loss.

Of: plain_r/loss.py, plain_r/derivatives.py.
"""

from __future__ import annotations

import importlib.util
import json

import pytest
from support.subprocesses import output_of

TRAIN = """
import json
import numpy as np
import pyclass_bridge as pb
import keras

X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
CODES = {
    "rows": "loss_r(function(a, b) (a - b)^2, function(a, b) 2 * (b - a))",
    "one": "loss_r(function(a, b) mean((a - b)^2), function(a, b) 2 * (b - a) / length(b))",
}

def train(loss, **compiled):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", pb.r(CODES[loss]) if loss in CODES else loss, **compiled)
    fit = lambda: model.fit(X, X[:, 0], epochs=2, batch_size=32, verbose=0)
    return fit
"""

KINDS = {
    "jax": """
keras.distribution.set_distribution(keras.distribution.DataParallel())
losses = {loss: train(loss)().history["loss"] for loss in ("mse", "rows", "one")}
""",
    "tensorflow": """
losses = {}
for loss in ("mse", "rows", "one"):
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        fit = train(loss)
    losses[loss] = fit().history["loss"]
""",
    "torch": """
losses = {loss: train(loss, jit_compile=True)().history["loss"] for loss in ("mse", "rows", "one")}
""",
}
START = {
    "jax": 'import os; os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"\n',
    "tensorflow": """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
""",
    "torch": "",
}


@pytest.mark.runs_tests
@pytest.mark.parametrize("backend", KINDS)
def test_a_training_is_that_of_keras_own_loss(backend):
    """Data parallel on two devices; on torch, code that torch.compile has compiled."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = START[backend] + TRAIN + KINDS[backend] + "print(json.dumps(losses))\n"
    said = output_of(code, timeout=400, KERAS_BACKEND=backend)
    losses = json.loads(said.strip().splitlines()[-1])
    assert len(set(losses["mse"])) == 2
    for kind in ("rows", "one"):
        assert losses[kind] == pytest.approx(losses["mse"], rel=1e-5)
