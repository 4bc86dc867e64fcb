"""R in the data of a training beside Python: elements of a dataset, items of a PyDataset.

Elements go through one step that centres and scales a vector of 8 numbers; items are batches of 32
rows. All of a table is measured in one run, in turn, the best of several rounds. R runs on one
thread at a time, so workers in R make items ahead, not side by side.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import keras
import numpy as np
import tensorflow as tf
from measure import table, times

import pyclass_bridge

ELEMENTS = 4000
ITEMS = 100
ROUNDS = 5

IN_R = """
pyclassbridge:::use_stand_ins()
library(tfdatasets)
Batches(keras$utils$PyDataset) %py_class% {
  initialize <- function(x, ...) {
    super$initialize(...)
    private$x <- x
  }
  `__len__` <- function() nrow(private$x) %/% 32
  `__getitem__` <- function(index) {
    x <- private$x[32 * index + 1:32, ]
    x <- (x - rowMeans(x)) / (1 + sqrt(rowSums(x^2)))
    list(x, rowSums(x))
  }
}
list(
  eager = function(data) dataset_map(data, function(x) (x - mean(x)) / (1 + sqrt(sum(x^2))), eager = TRUE),
  ahead = function(data) dataset_map(data, function(x) (x - mean(x)) / (1 + sqrt(sum(x^2))), 64, eager = TRUE),
  empty = function(data) dataset_map(data, function(x) x, eager = TRUE),
  Batches = Batches,
  fit = function(model, data) fit(model, data, epochs = 1, verbose = 0)
)
"""  # noqa: E501


class Batches(keras.utils.PyDataset):
    def __init__(self, x, **options):
        super().__init__(**options)
        self.x = x

    def __len__(self):
        return len(self.x) // 32

    def __getitem__(self, index):
        x = self.x[32 * index : 32 * index + 32]
        x = x - x.mean(axis=1, keepdims=True)
        x = x / (1 + np.sqrt((x**2).sum(axis=1, keepdims=True)))
        return x, x.sum(axis=1)


def scaled(x):
    return (x - np.mean(x)) / (1 + np.sqrt(np.sum(x**2)))


def steps(ns, data) -> dict:
    """The datasets by what makes them."""
    return {
        "traced operations": data.map(
            lambda x: (x - tf.reduce_mean(x)) / (1 + tf.sqrt(tf.reduce_sum(x**2)))
        ),
        "tf.numpy_function, Python": data.map(lambda x: tf.numpy_function(scaled, [x], tf.float64)),
        "tf.py_function, Python": data.map(
            lambda x: tf.py_function(lambda t: scaled(t.numpy()), [x], tf.float64)
        ),
        "dataset_map(eager = TRUE), R": ns["eager"](data),
        "the same, 64 results ahead": ns["ahead"](data),
        "the same, function(x) x": ns["empty"](data),
    }


def seconds_of(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def best_in_turn(runs: dict) -> dict:
    """The least seconds of each, of rounds in which all run once."""
    found = [{name: seconds_of(run) for name, run in runs.items()} for _ in range(ROUNDS)]
    return {name: min(seconds[name] for seconds in found) for name in runs}


def elements(ns) -> None:
    data = tf.data.Dataset.from_tensor_slices(np.random.default_rng(1).normal(size=(ELEMENTS, 8)))

    def all_of(dataset):
        return lambda: dataset.reduce(np.int64(0), lambda n, x: n + 1).numpy()

    best = best_in_turn({name: all_of(dataset) for name, dataset in steps(ns, data).items()})
    base = best["tf.numpy_function, Python"]
    rows = [
        (
            name,
            f"{ELEMENTS / s:,.0f} / s",
            times(s / base),
            f"{(s - base) / ELEMENTS * 1e6:+.1f} us",
        )
        for name, s in best.items()
    ]
    table("Elements of a dataset", rows, ("step", "elements", "ratio", "more than numpy_function"))


def items(ns) -> None:
    x = np.random.default_rng(1).normal(size=(32 * ITEMS, 8))
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")

    def training(kind, workers):
        data = kind(x, workers=workers)
        return lambda: ns["fit"](model, data)

    runs = {
        f"{kind}, {workers} workers": training(classes, workers)
        for workers in (0, 1, 4)
        for kind, classes in {"Python": Batches, "R": ns["Batches"]}.items()
    }
    training(Batches, 0)()
    best = best_in_turn(runs)
    rows = [
        (name, f"{ITEMS / s:,.0f} / s", times(s / best["Python, 0 workers"]))
        for name, s in best.items()
    ]
    title = f"fit() with items of a PyDataset, {keras.backend.backend()}"
    table(title, rows, ("written in", "items", "ratio"))


def main() -> None:
    ns = pyclass_bridge.r(IN_R)
    elements(ns)
    items(ns)


if __name__ == "__main__":
    main()
