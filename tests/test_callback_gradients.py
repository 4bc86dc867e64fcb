"""`on_after_backward` of callback sets: the gradients of each step, on every backend of Keras.

The file runs in this process and, where they are installed, on the other backends in one process
each.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from twin import backend

RATE = 0.125
STEPS = 3  # of each epoch; the last batch is smaller
rng = np.random.default_rng(1)
X = rng.normal(size=(20, 3)).astype("float32")
Y = rng.normal(size=(20, 1)).astype("float32")


@pytest.mark.parametrize("other", ["jax", "torch"])
def test_on_another_backend(other):
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    if backend() == other:
        pytest.skip(f"this is the process of {other}")
    if "KERAS_BACKEND" in os.environ and os.environ["KERAS_BACKEND"] != "tensorflow":
        pytest.skip("this is the process of another backend")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", Path(__file__).name],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        env={**os.environ, "KERAS_BACKEND": other},
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def linear(optimizer=None, keras_model=None, **compiling):
    """A linear model; its weights are the same each time."""
    import keras

    model = (keras_model or keras.Sequential)([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.set_weights([np.array([[0.5], [-1], [2]]), np.array([0.25])])
    model.compile(optimizer=optimizer or keras.optimizers.SGD(RATE), loss="mse", **compiling)
    return model


def deep(**compiling):
    import keras

    keras.utils.set_random_seed(3)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", **compiling)
    return model


def train(model, callbacks=(), epochs=2, wrapped=True, **fitting):
    """Train; what is left of each epoch's loss and of the weights."""
    import pyclass_bridge

    fit = pyclass_bridge.fit if wrapped else type(model).fit
    fitting = {"batch_size": 8, "shuffle": False, "verbose": 0, **fitting}
    history = fit(model, X, Y, epochs=epochs, callbacks=list(callbacks), **fitting)
    return history.history["loss"], [w.tolist() for w in model.get_weights()]


def watcher(**methods):
    """A set that notes each gradient, step and hook."""
    from pyclass_bridge.callback_set import CallbackSet

    def note(name):
        return lambda self: self.events.append((name, self.ctx.step))

    def begin(self):
        self.seen, self.events, self.outside = [], [], [self.ctx.gradients]

    def after_backward(self):
        self.events.append(("after", self.ctx.step))
        self.seen.append(self.ctx.gradients)

    def batch_end(self):
        self.events.append(("end", self.ctx.step))
        self.outside.append(self.ctx.gradients)

    names = {
        "on_begin": begin, "on_batch_begin": note("begin"), "on_after_backward": after_backward,
        "on_batch_end": batch_end,
    }  # fmt: skip
    made = type("Watch", (CallbackSet,), {**names, **methods})()
    made.id = "watch"
    return made


def by_hand(x, y, w, b):
    """The gradients of the mean squared error of x w + b."""
    error = x @ w + b - y
    return 2 * x.T @ error / len(x), 2 * error.mean(axis=0)


def assert_untouched(model):
    assert "make_train_function" not in vars(model)
    assert not {"apply", "stateless_apply"} & set(vars(model.optimizer))
    assert model.train_function is None


WAYS = [{}, {"run_eagerly": True}]


# ---- what is seen --------------------------------------------------------------------------------


@pytest.mark.parametrize("compiling", WAYS, ids=["default", "eager"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_the_gradients_are_those_by_hand(compiling, wrapped, keras):
    model = linear(**compiling)
    w, b = (np.float64(weight) for weight in model.get_weights())
    watch = watcher()
    train(model, [watch], wrapped=wrapped)
    assert len(watch.seen) == 2 * STEPS
    for step, seen in enumerate(watch.seen):
        rows = slice(8 * (step % STEPS), 8 * (step % STEPS) + 8)
        for mine, its in zip(by_hand(X[rows], Y[rows], w, b), seen, strict=True):
            assert isinstance(its, np.ndarray) and its.dtype == np.float32
            np.testing.assert_allclose(its, mine, rtol=1e-4, atol=1e-6)
        w, b = w - RATE * seen[0], b - RATE * seen[1]
    for mine, its in zip((w, b), model.get_weights(), strict=True):
        np.testing.assert_allclose(its, mine, rtol=1e-5, atol=1e-6)
    once = [(name, i + 1) for i in range(STEPS) for name in ("begin", "after", "end")]
    assert watch.events == once * 2
    assert watch.outside == [None] * (2 * STEPS + 1)
    assert_untouched(model)


@pytest.mark.parametrize("compiling", WAYS, ids=["default", "eager"])
@pytest.mark.parametrize("make", [linear, deep])
def test_training_is_the_same_with_the_stage(make, compiling, keras):
    fitting = {"validation_split": 0.2}
    model = make(**compiling)
    assert train(model, [watcher()], **fitting) == train(make(**compiling), **fitting)
