"""A seeded training with dropout, callbacks that draw random numbers, and a checkpoint: run whole,
interrupted or resumed. The tests of resuming run it here, and in processes that are killed.
"""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import keras
import numpy as np

import pyclass_bridge

DEFINITIONS = """
Noise <- Callback("Noise",
  initialize = function() {
    super$initialize()
    private$drawn <- data.frame()
  },
  on_epoch_end = function(epoch, logs = NULL) {
    private$drawn <- rbind(private$drawn, data.frame(epoch = epoch, value = runif(1)))
    list(noise = sum(private$drawn$value))
  },
  state_dict = function() private$drawn,
  load_state_dict = function(state) private$drawn <- state
)
Other <- Callback("Other", state_dict = function() 1, load_state_dict = function(state) NULL)
"""


class Draws(keras.callbacks.Callback):
    """A callback written in Python."""

    def __init__(self):
        super().__init__()
        self.drawn = []

    def on_epoch_end(self, epoch, logs=None):
        normal = keras.ops.convert_to_numpy(keras.random.normal(()))
        self.drawn.append((random.random(), np.random.rand(), float(normal)))
        logs["drawn"] = sum(map(sum, self.drawn))

    def state_dict(self):
        return {"drawn": self.drawn, "last": np.array(self.drawn[-1])}

    def load_state_dict(self, state):
        assert np.array_equal(state["last"], state["drawn"][-1])
        self.drawn = state["drawn"]


class Interrupt(keras.callbacks.Callback):
    """Ends the training in the second batch of epoch 4."""

    def __init__(self, how: str):
        super().__init__()
        self.how = how
        self.epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == (4, 1):
            if self.how == "error":
                raise RuntimeError("no luck")
            os.kill(os.getpid(), {"ctrl-c": signal.SIGINT, "kill": signal.SIGKILL}[self.how])


def namespace(cache=[]):  # noqa: B006 one for the process
    if not cache:
        path = Path(os.environ.get("TMPDIR", "/tmp")) / f"resumed_{os.getpid()}.R"
        path.write_text(DEFINITIONS)
        cache.append(pyclass_bridge.source(path))
        path.unlink()
    return cache[0]


def new_model(
    seed=7, units=4, optimizer="adam", layers=(), activation="relu", rate=0.3, loss="mse"
):
    keras.utils.set_random_seed(seed)
    pyclass_bridge.r("set.seed")(seed)
    model = keras.Sequential([
        keras.layers.Dense(units, activation), keras.layers.Dropout(rate), *layers,
        keras.layers.BatchNormalization(), keras.layers.Dense(1),
    ])  # fmt: skip
    model.compile(optimizer, loss, metrics=["mae"])
    return model


def data():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(50, 3))
    return x, x.sum(axis=1) + generator.normal(size=50)


def callbacks(path, how=None, freq=1) -> list:
    stop = keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    plateau = keras.callbacks.ReduceLROnPlateau("noise", mode="min", factor=0.5, patience=1)
    keep = pyclass_bridge.checkpoint_state(path, freq)
    # The checkpoint comes last, wherever it stands.
    return [keep, namespace().Noise(), Draws(), stop, plateau, *([Interrupt(how)] if how else [])]


def fit(path, how=None, model=None, freq=1, listed=None, **keywords):
    """(history, weights, states of the callbacks, the callbacks)"""
    model = model or new_model()
    x, y = data()
    listed = callbacks(path, how, freq) if listed is None else listed
    given = {"x": x, "y": y, "epochs": 6, "batch_size": 8, "validation_split": 0.2, "verbose": 0}
    history = pyclass_bridge.fit(model, **given | keywords, callbacks=listed)
    weights = [weight.tolist() for weight in model.get_weights()]
    states = dict(history.callbacks)
    if "Draws" in states:
        states["Draws"] = states["Draws"]["drawn"]
    return {"epoch": history.epoch, **history.history}, weights, states
