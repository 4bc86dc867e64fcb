"""Plain R where a compiler or several devices run the steps, beside what Keras has itself.

Of: plain_r/loss.py, plain_r/layer.py, plain_r/derivatives.py, plain_r/derivatives_torch.py.
"""

from __future__ import annotations

import json

import pytest
from support.backends import need
from support.subprocesses import output_of

TRAIN = """
import json
import numpy as np
import pyclass_bridge as pb
import keras

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 3)).astype("float32")
WEIGHT = rng.uniform(size=64).astype("float32")
LOSSES = {
    "rows": "loss_r(function(a, b) (a - b)^2, function(a, b) 2 * (b - a))",
    "one": '''loss_r(
      function(y_true, y_pred, sample_weight) mean(sample_weight * (y_true - y_pred)^2),
      function(y_true, y_pred, sample_weight) {
        2 * sample_weight * (y_pred - y_true) / length(y_pred)
      })''',
}
LAYER = '''layer_r(
  function(x) x / (1 + abs(x)), output_shape = 4, gradient = function(x, dy) dy / (1 + abs(x))^2)'''
METRIC = 'metric_r("gap", function(y_true, y_pred) mean(abs(y_true - y_pred)), over = "epoch")'

def soft(x):
    return x / (1 + keras.ops.abs(x))

def train(kind, **compiled):
    "Two epochs with what `kind` says in plain R; 'keras': nothing."
    keras.utils.set_random_seed(1)
    between = pb.r(LAYER) if kind == "layer" else keras.layers.Lambda(soft)
    model = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.Dense(4), between, keras.layers.Dense(1)]
    )
    gap = pb.r(METRIC) if kind == "layer" else keras.metrics.MeanAbsoluteError(name="gap")
    loss = pb.r(LOSSES[kind]) if kind in LOSSES else "mse"
    model.compile("adam", loss, metrics=[gap], **compiled)
    given = {"sample_weight": WEIGHT, "batch_size": 32, "epochs": 2, "verbose": 0}
    return lambda: model.fit(X, X[:, 0], **given).history

KINDS = ("keras", "rows", "one", "layer")
"""

KINDS = {
    "jax": """
keras.distribution.set_distribution(keras.distribution.DataParallel())
told = {kind: train(kind)() for kind in KINDS}
""",
    "tensorflow": """
told = {}
for kind in KINDS:
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        fit = train(kind)
    told[kind] = fit()
""",
    "torch": """
told = {kind: train(kind, jit_compile=True)() for kind in KINDS}
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
def test_a_training_is_that_of_keras_itself(backend):
    """Data parallel on two devices; on torch, code that torch.compile has compiled."""
    need(backend)
    code = START[backend] + TRAIN + KINDS[backend] + "print(json.dumps(told))\n"
    said = output_of(code, timeout=600, KERAS_BACKEND=backend)
    told = json.loads(said.strip().splitlines()[-1])
    right = told.pop("keras")
    assert len(set(right["loss"])) == 2
    for kind, history in told.items():
        assert history["loss"] == pytest.approx(right["loss"], rel=1e-5), kind
        assert history["gap"] == pytest.approx(right["gap"], rel=1e-5), kind
