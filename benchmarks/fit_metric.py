"""An R metric in graph mode against the same metric in Python, after the first epoch.

The first epoch traces the graph; the R code runs then and not again. Paired epochs, median.
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
R_METRIC = """
Metric("TruePositives",
  initialize = function(name = "tp", ...) {
    super$initialize(name = name, ...)
    self$true_positives <- self$add_weight(shape = tuple(), initializer = "zeros", name = "n")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    hits <- (y_true > 0.5) & (y_pred > 0.5)
    self$true_positives$assign(self$true_positives + sum(keras$ops$cast(hits, self$dtype)))
  },
  result = function() self$true_positives
)
"""


class TruePositives(keras.metrics.Metric):
    def __init__(self, name="tp", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_weight(shape=(), initializer="zeros", name="n")

    def update_state(self, y_true, y_pred, sample_weight=None):
        hits = keras.ops.logical_and(y_true > 0.5, y_pred > 0.5)
        hits = keras.ops.cast(hits, self.dtype)
        self.true_positives.assign(self.true_positives + keras.ops.sum(hits))

    def result(self):
        return self.true_positives


def fitted(metric):
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(6400, 20)).astype("float32")
    y = (x.sum(axis=1, keepdims=True) > 0).astype("float32")
    model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse", metrics=[metric])
    model.fit(x, y, batch_size=32, epochs=1, verbose=0)

    def seconds() -> float:
        start = time.perf_counter()
        model.fit(x, y, batch_size=32, epochs=2, verbose=0)
        return time.perf_counter() - start

    return seconds


def main() -> None:
    in_r, in_python = fitted(pyclass_bridge.r(R_METRIC)()), fitted(TruePositives())
    ratios = []
    for i in range(PAIRS):
        if i % 2:
            own, other = in_r(), in_python()
        else:
            other, own = in_python(), in_r()
        ratios.append(own / other)
    table(
        f"fit() with a metric in graph mode, {PAIRS} pairs",
        [
            ("metric in Python", "", "1.00x", ""),
            ("metric in R (median of ratios)", "", times(statistics.median(ratios)), "<= 1.02x"),
        ],
    )


if __name__ == "__main__":
    main()
