"""A linear model that is trained, and the same training in NumPy, for metrics in plain R."""

from __future__ import annotations

import numpy as np

from support.gradients import RATE, by_hand, linear
from support.twin import backend

BATCH, ROWS = 8, 20  # the last batch is smaller
rng = np.random.default_rng(7)
X = rng.normal(size=(ROWS, 3)).astype("float32")
Y = rng.normal(size=(ROWS, 1)).astype("float32")
WEIGHTS = rng.random(ROWS).astype("float32")


def ways() -> list[dict]:
    """The ways to compile a model on this backend."""
    several = [{}, {"run_eagerly": True}]
    if backend() != "torch":
        several += [{"jit_compile": True}, {"jit_compile": False}, {"steps_per_execution": 3}]
    return several


def batches(values):
    return [values[i : i + BATCH] for i in range(0, len(values), BATCH)]


def in_numpy(function, epochs: int) -> list[dict]:
    """For each epoch what `function(y_true, y_pred, weight)` gives for each batch of the training,
    and for the cases of all batches, each predicted when it was trained with; and the same for an
    evaluation after the epoch."""
    w, b = np.array([[0.5], [-1], [2]]), np.array([0.25])
    told = []
    for _ in range(epochs):
        parts = []
        for x, y, weight in zip(batches(X), batches(Y), batches(WEIGHTS), strict=True):
            parts.append((y[:, 0], (x @ w + b)[:, 0], weight))
            grads = by_hand(x, y, w, b)
            w, b = w - RATE * grads[0], b - RATE * grads[1]
        tests = [
            (y[:, 0], (x @ w + b)[:, 0], weight)
            for x, y, weight in zip(batches(X), batches(Y), batches(WEIGHTS), strict=True)
        ]
        told.append({"train": summary(function, parts), "test": summary(function, tests)})
    return told


def summary(function, parts) -> dict:
    joined = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    each = [function(*part) for part in parts]
    return {
        "epoch": function(*joined),
        "by_rows": np.average(each, axis=0, weights=[len(part[0]) for part in parts]),
        "by_weight": np.average(each, axis=0, weights=[part[2].sum() for part in parts]),
    }


def trained(metrics, epochs=2, compiling=None, **fitting):
    """The history of the training that `in_numpy()` repeats, and the model."""
    model = linear(metrics=metrics, **(compiling or {}))
    fitting = {"batch_size": BATCH, "shuffle": False, "verbose": 0, **fitting}
    return model.fit(X, Y, epochs=epochs, **fitting).history, model
