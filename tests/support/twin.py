"""The same training twice: with a class written in R and with its twin written in Python.

Both runs start from the same seed, so histories and weights must be equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def backend() -> str:
    """The backend that Keras runs on in this process; training/test_backends.py has tests run on
    each."""
    import keras

    return keras.backend.backend()


def data(n: int = 48):
    """Seeded inputs and targets: 48 rows of 3 columns, and one column."""
    generator = np.random.default_rng(7)
    x = generator.normal(size=(n, 3)).astype("float32")
    y = (x @ [[1.0], [-2.0], [0.5]] + 0.1).astype("float32")
    return x, y


def dense_model(seed: int = 3, layers=None, **compiling):
    """A small dense model, built and compiled; `layers` stand in place of its own."""
    import keras

    keras.utils.set_random_seed(seed)
    inner = layers() if layers else [keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *inner])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiling})
    return model


@dataclass
class Run:
    """What a training leaves: the history, the weights, and what callbacks recorded."""

    history: dict
    weights: list
    calls: list = field(default_factory=list)
    model: object = None

    def __eq__(self, other) -> bool:
        same_weights = all(
            np.array_equal(a, b) for a, b in zip(self.weights, other.weights, strict=True)
        )
        return same_weights and self.history == other.history and self.calls == other.calls


def train(callbacks=(), model=None, calls=None, **fitting) -> Run:
    """Fit a fresh dense model (or `model`) for 3 epochs of 3 batches."""
    model = model or dense_model()
    x, y = data()
    if "x" not in fitting:
        fitting = {"x": x, "y": y, "batch_size": 16, **fitting}
    given = {"epochs": 3, "verbose": 0, "shuffle": False, **fitting}
    history = model.fit(callbacks=callbacks, **given)
    return Run(history.history, model.get_weights(), calls or [], model)
