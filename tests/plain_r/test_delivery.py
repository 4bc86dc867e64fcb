"""When metrics in plain R get the batches of steps: each once, in order, and before anyone looks.

Also of: plain_r/outbox.py.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.gradients import linear
from support.plain_metrics import BATCH, X, Y, ways
from support.twin import backend

import pyclass_bridge

NOTES: list = []


def metric(code: str = "max(y_true)", over: str = "batch", name: str = "m"):
    """A metric of R that notes what it gets, and what was noted."""
    NOTES.clear()
    return pyclass_bridge.r(
        f"""local({{
          note
          metric_r("{name}", function(y_true, y_pred) {{ note(y_true); {code} }}, over = "{over}")
        }})""",
        note=lambda y: NOTES.append(np.array(y)),
    )


class EachBatch(keras.callbacks.Callback):
    """Notes what is in the logs of each batch, and how often R was called by then."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((len(NOTES), logs["m"]))

    def on_test_batch_end(self, batch, logs=None):
        self.seen.append((len(NOTES), logs["m"]))


def fit(model, **options):
    return model.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0, **options)


def targets(rows=Y):
    return [rows[i : i + BATCH, 0] for i in range(0, len(rows), BATCH)]


def assert_got(expected) -> None:
    assert len(NOTES) == len(expected)
    for mine, its in zip(NOTES, expected, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("compiling", ways(), ids=str)
@pytest.mark.parametrize("callbacks", [[], [EachBatch]])
def test_each_batch_comes_once_and_in_order(compiling, callbacks):
    model = linear(metrics=[metric()], **compiling)
    history = fit(model, epochs=2, validation_data=(X[:9], Y[:9]), validation_batch_size=BATCH,
                  callbacks=[each() for each in callbacks]).history  # fmt: skip
    assert_got(2 * (targets() + targets(Y[:9])))
    tops, sizes = [part.max() for part in targets()], [len(part) for part in targets()]
    np.testing.assert_allclose(history["m"], [np.average(tops, weights=sizes)] * 2, rtol=1e-6)
    tops, sizes = [part.max() for part in targets(Y[:9])], [8, 1]
    np.testing.assert_allclose(history["val_m"], [np.average(tops, weights=sizes)] * 2, rtol=1e-6)


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_a_callback_sees_the_number_of_each_batch(method):
    callback = EachBatch()
    model = linear(metrics=[metric()])
    arguments = {} if method == "evaluate" else {"shuffle": False}
    getattr(model, method)(X, Y, batch_size=BATCH, verbose=0, callbacks=[callback], **arguments)
    tops, sizes = [part.max() for part in targets()], [len(part) for part in targets()]
    means = [np.average(tops[:n], weights=sizes[:n]) for n in (1, 2, 3)]
    assert [n for n, _ in callback.seen] == [1, 2, 3]
    np.testing.assert_allclose([number for _, number in callback.seen], means, rtol=1e-6)


def test_the_names_have_the_order_of_keras_in_the_logs_of_a_batch():
    def names(a, b):
        seen = []
        callback = keras.callbacks.Callback()
        callback.on_train_batch_end = lambda batch, logs=None: seen.append(list(logs))
        fit(linear(metrics=[a, "mae", b]), callbacks=[callback])
        return seen

    of_keras = [keras.metrics.MeanSquaredError(name=name) for name in ("z", "a")]
    assert names(metric(name="z"), metric(name="a")) == names(*of_keras)


def test_a_metric_that_is_asked_within_an_epoch_has_all_batches():
    class Ask(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            assert self.model is model  # on JAX it gives the model its variables back
            asked.append((float(m.result()) if batch else None, len(NOTES)))

    asked, m = [], metric()
    model = linear(metrics=[m])
    fit(model, callbacks=[Ask()])
    assert [number for _, number in asked] == [0, 1, 2]
    assert asked[1][0] == pytest.approx(targets()[0].max())


@pytest.mark.parametrize("callbacks", [[], [EachBatch]])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_error_names_its_batch_and_the_model_works_on(number, callbacks):
    m = metric(f"{{ n <<- n + 1; if (n == {number}) stop('no') else n }}")
    pyclass_bridge.r("n <- 0")
    model = linear(metrics=[m])
    with pytest.raises(pyclass_bridge.RError, match=f"metric `m`, batch {number}: no"):
        fit(model, callbacks=[each() for each in callbacks])
    assert all(np.isfinite(w).all() for w in model.get_weights())
    NOTES.clear()
    assert len(fit(model).history["m"]) == 1
    assert_got(targets())


def test_after_an_interrupt_the_next_training_begins_anew():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    model = linear(metrics=[metric()])
    with pytest.raises(KeyboardInterrupt):
        fit(model, callbacks=[Stop()])
    NOTES.clear()
    fit(model)
    assert_got(targets())


def test_an_evaluation_within_training_is_of_its_own_batches():
    class Evaluate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.scores = self.model.evaluate(X[:8], Y[:8], verbose=0, return_dict=True)

    callback = Evaluate()
    history = fit(linear(metrics=[metric("length(y_true)")]), epochs=2, callbacks=[callback])
    np.testing.assert_allclose(history.history["m"], [7.2] * 2)
    assert callback.scores["m"] == 8
    assert_got(2 * [*targets(), *targets(Y[:8])])


def test_each_batch_by_hand_is_an_epoch_of_its_own():
    model = linear(metrics=[metric("length(y_true)")])
    logs = [model.train_on_batch(X[:n], Y[:n], return_dict=True)["m"] for n in (8, 4)]
    assert logs == [8, 4]
    assert model.test_on_batch(X[:3], Y[:3], return_dict=True)["m"] == 3
    assert_got([Y[:8, 0], Y[:4, 0], Y[:3, 0]])


def test_classes_get_each_batch_once():
    cls = pyclass_bridge.r(
        """Metric("Last", eager = TRUE,
          initialize = function(...) { super$initialize(...); private$last <- c() },
          update_state = function(y_true, y_pred, sample_weight = NULL)
            private$last <- c(private$last, length(y_true)),
          result = function() sum(private$last * 10^(2 - seq_along(private$last))),
          reset_state = function() private$last <- c())"""
    )
    for callbacks in ([], [EachBatch()]):
        history = fit(linear(metrics=[cls(name="m")]), epochs=2, callbacks=callbacks).history
        np.testing.assert_allclose(history["m"], [80 + 8 + 0.4] * 2)


@pytest.mark.skipif(backend() != "jax", reason="only JAX computes on when a step returns")
@pytest.mark.parametrize("callbacks, number", [([], 0), ([EachBatch], 1)])
def test_r_gets_a_batch_once_the_next_step_has_begun(callbacks, number):
    counts = []

    class Begins(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            counts.append(len(NOTES))

    fit(linear(metrics=[metric()]), callbacks=[Begins(), *(each() for each in callbacks)])
    assert counts == [0, number, 1 + number]
    assert len(NOTES) == 3


@pytest.mark.skipif(backend() != "jax", reason="only JAX computes on when a step returns")
def test_who_calls_steps_and_hooks_by_hand_sees_the_numbers():
    model = linear(metrics=[metric("length(y_true)")])
    fit(model)
    keras.callbacks.CallbackList([], model=model).on_train_begin()
    given = (model.trainable_variables, model.non_trainable_variables)
    given += (model.optimizer.variables, model.metrics_variables)
    state = [[variable.value for variable in variables] for variables in given]
    model.reset_metrics()
    logs, _ = model.train_function(state, iter([(X[:5], Y[:5])]))
    assert logs["m"] == 5
