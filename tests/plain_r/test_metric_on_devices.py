"""Metrics in plain R where several devices run the steps, beside Keras' own metric.

Of: plain_r/metric.py, plain_r/rows.py.
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

X = np.random.default_rng(0).normal(size=(48 + LEFT, 3)).astype("float32")
SQUARES = "function(a, b) mean((a - b)^2)"

def train():
    metrics = [pb.r(f"metric_r('{over}', {SQUARES}, over = '{over}')") for over in OVER]
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[*metrics, keras.metrics.MeanSquaredError(name="keras")])
    return model

def trained(model):
    data = (X, X[:, 0])
    given = {"batch_size": 16, "verbose": 0, "validation_data": data, "epochs": 2}
    return json.dumps(model.fit(*data, **given).history)

OVER = ("batch", "epoch")
"""
KINDS = {
    "jax": """
keras.distribution.set_distribution(keras.distribution.DataParallel())
print(trained(train()))
""",
    "tensorflow": """
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = train()
print(trained(model))
""",
}
START = {
    "jax": 'import os; os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"\n',
    "tensorflow": """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
""",
}


@pytest.mark.runs_tests
@pytest.mark.parametrize(
    "backend, left",
    [("jax", 4), ("tensorflow", 5), ("tensorflow", 1)],
)
def test_a_number_is_that_of_keras_own_metric(backend, left):
    """`left` rows are in the last batch; of one row a device gets none."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = f"{START[backend]}\nLEFT = {left}\n{TRAIN}{KINDS[backend]}"
    history = json.loads(output_of(code, timeout=400, KERAS_BACKEND=backend).splitlines()[-1])
    for before in ("", "val_"):
        its = history[f"{before}keras"]
        assert len(set(its)) == 2
        assert history[f"{before}batch"] == pytest.approx(its, rel=1e-4)
        assert history[f"{before}epoch"] == pytest.approx(its, rel=1e-4)
