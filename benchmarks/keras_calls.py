"""Keras from R: what a wrapper adds to the Python call that it makes, and an epoch of `fit()`.

The wrapper and Keras alone take turns, and the best of the rounds counts; of epochs, pairs and the
median of their ratios. A loop that only adds keeps the processor's caches to itself; so the same
addition is measured in Python with other work of Python before it, too, which is not counted.
"""

from __future__ import annotations

import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import statistics
import time

import keras
import numpy as np
from measure import microseconds, table, times

import pyclass_bridge

ROUNDS, PAIRS = 15, 15
R_CODE = """
local({
  timed <- function(f) compiler::cmpfun(function(n) {
    start <- proc.time()[["elapsed"]]
    f(n)
    (proc.time()[["elapsed"]] - start) / n
  })
  dense <- function(n) for (i in 1:n) layer_dense(units = 10)
  add <- function(n) for (i in 1:n) op_add(x, y)
  cross <- function(n) for (i in 1:n) second(x, y)
  plus <- function(n) for (i in 1:n) x + y
  fitted <- function() {
    set_random_seed(1)
    model <- keras_model_sequential() |> layer_dense(64, activation = "relu") |> layer_dense(1)
    model |> compile(optimizer = "adam", loss = "mse")
    epoch <- function() {
      model |> fit(data_x, data_y, batch_size = 32, epochs = 1, verbose = 0)
      NULL
    }
    epoch()
    epoch
  }
  list(
    dense = timed(dense), add = timed(add), cross = timed(cross), plus = timed(plus),
    fitted = fitted
  )
})
"""


def python_loop(f):
    def timed(n: int) -> float:
        start = time.perf_counter()
        for _ in range(n):
            f()
        return (time.perf_counter() - start) / n

    return timed


def after_other_work(f):
    """As `python_loop`, with a few microseconds of other work before each call, not counted."""

    def timed(n: int) -> float:
        took = []
        for _ in range(n):
            json.loads(json.dumps({"a": [1, 2, 3]}))
            start = time.perf_counter()
            f()
            took.append(time.perf_counter() - start)
        return statistics.median(took)

    return timed


def in_turns(first, second, n: int) -> tuple[float, float]:
    """The best seconds for a call of each, in rounds of `n` calls."""
    took = [(first(n), second(n)) for _ in range(ROUNDS)]
    return min(a for a, _ in took), min(b for _, b in took)


def epochs_in_pairs(r_functions, x, y) -> float:
    pyclass_bridge.r("function(x, y) { data_x <<- x; data_y <<- y; NULL }")(x, y)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    in_r = r_functions["fitted"]()

    def in_python():
        model.fit(x, y, batch_size=32, epochs=1, verbose=0)

    in_python()
    ratios = []
    for _ in range(PAIRS):
        r, python = python_loop(in_r)(1), python_loop(in_python)(1)
        ratios.append(r / python)
    return statistics.median(ratios)


def main() -> None:
    r_functions = pyclass_bridge.r(R_CODE)
    x, y = keras.ops.ones((4, 4)), keras.ops.ones((4, 4))
    keep = pyclass_bridge.r("function(a, b, f) { x <<- a; y <<- b; second <<- f; NULL }")
    keep(x, y, lambda a, b: b)
    dense = in_turns(r_functions["dense"], python_loop(lambda: keras.layers.Dense(10)), 200)
    add = in_turns(r_functions["add"], python_loop(lambda: keras.ops.add(x, y)), 2000)
    plus = in_turns(r_functions["plus"], python_loop(lambda: keras.ops.add(x, y)), 2000)
    busy = in_turns(r_functions["add"], after_other_work(lambda: keras.ops.add(x, y)), 2000)
    cross = in_turns(r_functions["cross"], python_loop(lambda: (lambda a, b: b)(x, y)), 2000)
    data = np.random.default_rng(1).normal(size=(12_800, 20)).astype("float32")
    fit = epochs_in_pairs(r_functions, data, data.sum(axis=1, keepdims=True))
    table(
        "Keras from R, each beside the same call in Python",
        [
            _row("layer_dense(units = 10)", dense, f"<= {microseconds(1.3 * dense[1] + 50e-6)}"),
            _row("op_add(x, y), tensors", add, f"<= {microseconds(add[1] + 5e-6)}"),
            _row("the same; Python has done other work before it", busy, ""),
            _row("a Python function that gives back its argument, a tensor", cross, ""),
            _row("x + y, tensors", plus, ""),
            ("an epoch of fit(), 400 batches", "", "", times(fit), "<= 1.02x"),
        ],
        header=("operation", "R", "Python", "ratio", "target"),
    )


def _row(what: str, took: tuple[float, float], target: str):
    r, python = took
    return what, microseconds(r), microseconds(python), times(r / python), target


if __name__ == "__main__":
    main()
