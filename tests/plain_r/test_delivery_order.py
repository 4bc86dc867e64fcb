"""What could change between a step and R's look at it: the data, the callbacks, what is built.

Of: plain_r/delivery.py, plain_r/steps.py, plain_r/rows.py, plain_r/arrays.py.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.gradients import linear
from support.plain_metrics import BATCH, X, Y, batches, ways

import pyclass_bridge

SQUARES = """function(y_true, y_pred, sample_weight = 1)
  sum(sample_weight * (y_true - y_pred)^2) / sum(sample_weight + 0 * y_true)"""
CALLBACKS = [[], ["on_train_batch_end"], ["on_train_batch_begin"]]


def metrics() -> list:
    """The same number three times: of each batch in R, of the epoch in R, and by Keras."""
    made = [
        pyclass_bridge.r(f"metric_r('{over}', {SQUARES}, over = '{over}')")
        for over in ("batch", "epoch")
    ]
    return [*made, keras.metrics.MeanSquaredError(name="keras")]


def assert_same(logs, numbers=("batch", "epoch")) -> None:
    for name in numbers:
        np.testing.assert_allclose(logs[name], logs["keras"], rtol=1e-5)


def callback(**hooks):
    made = keras.callbacks.Callback()
    for name, hook in hooks.items():
        setattr(made, name, hook)
    return made


def aligned(shape) -> np.ndarray:
    """An array that TensorFlow can use where it is."""
    memory = np.empty(4 * np.prod(shape) + 64, "uint8")
    start = -memory.ctypes.data % 64
    array = memory[start : start + 4 * np.prod(shape)].view("float32").reshape(shape)
    array[:] = np.random.default_rng(1).normal(size=shape)
    return array


class Changing(keras.utils.PyDataset):
    """Data that give views of their arrays, and change these at the end of an epoch."""

    def __init__(self, rows: int):
        super().__init__()
        self.x, self.y = aligned((3 * rows, 3)), aligned((3 * rows, 1))
        self.rows = rows

    def __len__(self):
        return 3

    def __getitem__(self, i):
        part = slice(i * self.rows, (i + 1) * self.rows)
        return self.x[part], self.y[part], np.ones(self.rows, "float32")

    def on_epoch_end(self):
        self.y *= -10


@pytest.mark.parametrize("compiling", ways(), ids=str)
@pytest.mark.parametrize("hooks", CALLBACKS[:2], ids=str)
@pytest.mark.parametrize("key", ["metrics", "weighted_metrics"])
def test_data_that_change_after_the_step_are_those_of_the_step(compiling, hooks, key):
    model = linear(**{key: metrics()}, **compiling)
    given = [callback(**{name: lambda batch, logs=None: None}) for name in hooks]
    history = model.fit(Changing(64), epochs=2, shuffle=False, verbose=0, callbacks=given)
    assert_same(history.history)


def test_arrays_that_change_after_an_update_are_those_of_the_update():
    _, metric, its = metrics()
    y = np.zeros((64, 1), "float32")
    for i in range(3):
        y[:] = i
        for each in (metric, its):
            each.update_state(y, np.ones_like(y))
    assert float(metric.result()) == pytest.approx(float(its.result()))


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("compiling", ways()[:2], ids=str)
def test_the_first_batch_by_hand_has_its_number(method, compiling):
    model = linear(metrics=metrics(), **compiling)
    for rows in (8, 3):
        assert_same(getattr(model, method)(X[:rows], Y[:rows], return_dict=True))


@pytest.mark.parametrize("inner", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("fails", [False, True])
def test_what_runs_within_a_callback_has_callbacks_of_its_own(inner, fails):
    seen = []

    def run(epoch, logs=None):
        def hook(batch, logs=None):
            if fails:
                raise ZeroDivisionError

        begins = {"fit": "on_train_batch_begin", "evaluate": "on_test_batch_begin"}.get(inner)
        options = {"callbacks": [callback(**{begins: hook})], "verbose": 0} if begins else {}
        try:
            getattr(model, inner)(X[:8], Y[:8], **options)
        except ZeroDivisionError:
            assert fails

    def note(batch, logs=None):
        seen.append(dict(logs))

    model = linear(metrics=metrics())
    hooks = {"on_epoch_begin": run, "on_train_batch_end": note, "on_test_batch_end": note}
    given = {"callbacks": [callback(**hooks)], "batch_size": BATCH, "verbose": 0}
    model.fit(X, Y, epochs=2, validation_data=(X, Y), **given)
    assert len(seen) == 4 * len(batches(X))
    for logs in seen:
        assert_same(logs, ["batch"])


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin"])
def test_a_callback_may_get_its_hook_when_training_has_begun(hook):
    seen = []

    def get(*_, **__):
        made.on_train_batch_end = lambda batch, logs=None: seen.append(dict(logs))

    made = callback(**{hook: get})
    linear(metrics=metrics()).fit(X, Y, batch_size=BATCH, epochs=2, verbose=0, callbacks=[made])
    assert len(seen) == 2 * len(batches(X))
    for logs in seen:
        assert_same(logs, ["batch"])


@pytest.mark.parametrize("hooks", CALLBACKS, ids=str)
def test_a_model_may_compute_with_the_results(hooks):
    class Twice(keras.Sequential):
        def get_metrics_result(self):
            results = super().get_metrics_result()
            return {**results, "batch": results["batch"] / 2, "keras": results["keras"] / 2}

    seen = []
    model = linear(keras_model=Twice, metrics=[metrics()[0], metrics()[2]])
    given = [callback(**{name: lambda batch, logs=None: seen.append(logs)}) for name in hooks]
    history = model.fit(X, Y, batch_size=BATCH, epochs=2, verbose=0, callbacks=given).history
    for logs in (history, *filter(None, seen)):
        assert_same(logs, ["batch"])


@pytest.mark.parametrize("lengths", [(5, 7), (2, 1), (1, 2)], ids=str)
def test_cases_of_other_shapes_can_not_be_joined(lengths):
    metric = metrics()[1]
    metric.update_state(np.zeros((4, lengths[0])), np.zeros((4, lengths[0])))
    with pytest.raises(ValueError, match=r"metric `epoch`: .* shape \(\d,\) .*`over = \"batch\""):
        metric.update_state(np.zeros((4, lengths[1])), np.zeros((4, lengths[1])))
    metric.reset_state()
    for shape in ((4,), (4, 1)):
        metric.update_state(np.zeros(shape), np.ones(shape))
    assert float(metric.result()) == 1
