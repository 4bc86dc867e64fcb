"""`fit` of a small dense model with an R batch hook against the same hook in Python.

Paired runs, alternating which comes first; the figure is the median of the pairs' ratios.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import statistics
import time

import keras
import numpy as np
from measure import table, times

import pyclass_bridge

PAIRS = 15
R_CLASS = """
Callback("RBatches",
  initialize = function() {
    super$initialize()
    private$n <- 0
  },
  on_train_batch_end = function(batch, logs = NULL) private$n <- private$n + logs$loss
)
"""


class PythonBatches(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self._n = 0.0

    def on_train_batch_end(self, batch, logs=None):
        self._n = self._n + logs["loss"]


def model_and_data():
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(6400, 20)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model, x, y


def main() -> None:
    r_class = pyclass_bridge.r(R_CLASS)
    model, x, y = model_and_data()

    def seconds(callback) -> float:
        start = time.perf_counter()
        model.fit(x, y, batch_size=32, epochs=2, verbose=0, callbacks=[callback])
        return time.perf_counter() - start

    seconds(r_class()), seconds(PythonBatches())
    ratios, python = [], []
    for i in range(PAIRS):
        if i % 2:
            own, other = seconds(r_class()), seconds(PythonBatches())
        else:
            other, own = seconds(PythonBatches()), seconds(r_class())
        ratios.append(own / other)
        python.append(other)
    median = statistics.median(ratios)
    table(
        f"fit(), 400 batches, {PAIRS} pairs",
        [
            ("hook in Python (median)", f"{statistics.median(python):.3f} s", "1.00x", ""),
            ("hook in R (median of ratios)", "", times(median), "<= 1.02x"),
        ],
    )


if __name__ == "__main__":
    main()
