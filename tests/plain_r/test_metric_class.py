"""Metric classes whose methods are plain R: ``Metric(..., eager = TRUE)``.

Of: plain_r/metric_class.py, plain_r/results.py.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.plain_metrics import X, Y, trained, ways

import pyclass_bridge

CLASSES = """local({
  Gaps <- Metric("Gaps", eager = TRUE,
    private = list(gaps = numeric(), calls = 0L),
    update_state = function(y_true, y_pred, sample_weight = NULL) {
      private$calls <- private$calls + 1L
      private$gaps <- c(private$gaps, abs(y_true - y_pred))
      self$rows <- length(y_true)
    },
    result = function() {
      list(median_gap = stats::median(private$gaps), rows = self$rows, calls = private$calls)
    },
    reset_state = function() {
      private$gaps <- numeric()
      private$calls <- self$rows <- 0L
    }
  )
  Double <- Metric("Double", inherit = Gaps,
    update_state = function(y_true, y_pred, sample_weight = NULL) {
      super$update_state(2 * y_true, 2 * y_pred)
    }
  )
  list(Gaps = Gaps, Double = Double)
})"""


@pytest.fixture(scope="module")
def classes():
    return pyclass_bridge.r(CLASSES)


def made(members: str, name: str = "X"):
    return pyclass_bridge.r(f"Metric('{name}', {members})")


ONE = "update_state = function(y_true, y_pred, ...) private$n <- private$n + 1"
PARTS = f"{ONE}, result = function() private$n, reset_state = function() private$n <- 0"
STATE = "private = list(n = 0)"


@pytest.mark.parametrize("compiling", ways(), ids=str)
def test_methods_run_once_for_each_batch_in_order(classes, compiling):
    shown = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            shown.append((logs["rows"], logs["calls"], logs["median_gap"]))

    history, model = trained(
        [classes["Gaps"]()], epochs=2, compiling=compiling, callbacks=[Watch()],
        validation_data=(X[:9], Y[:9]),
    )  # fmt: skip
    several = compiling.get("steps_per_execution", 1) > 1
    assert [row[:2] for row in shown] == ([(4, 3)] if several else [(8, 1), (8, 2), (4, 3)]) * 2
    assert history["calls"] == [3, 3] and history["val_calls"] == [2, 2]
    assert history["median_gap"] == pytest.approx(
        [row[2] for row in shown if row[1] == 3], rel=1e-6
    )
    p = model.predict(X, verbose=0)
    scores = model.evaluate(X, Y, batch_size=8, verbose=0, return_dict=True)
    assert scores["median_gap"] == pytest.approx(np.median(abs(Y - p)), rel=1e-5)
    assert model.test_on_batch(X, Y, return_dict=True)["calls"] == 1


def test_a_derived_class_calls_super(classes):
    one, two = classes["Gaps"](), classes["Double"]()
    for metric in (one, two):
        metric.update_state(np.array([1.0, 2]), np.array([2.0, 5]))
    assert one.result()["median_gap"] == 2 and two.result()["median_gap"] == 4
    assert two.result()["calls"] == 1
    two.reset_state()
    two.update_state(np.array([1.0]), np.array([2.0]))
    assert two.result() == {"median_gap": 2, "rows": 1, "calls": 1}


def test_weights_come_as_a_vector():
    metric = made(
        "eager = TRUE, update_state = function(y_true, y_pred, sample_weight = NULL) "
        "private$n <- private$n + sum(sample_weight), result = function() private$n, "
        "reset_state = function() private$n <- 0, " + STATE
    )()
    history, _ = trained(
        [], epochs=1, compiling={"weighted_metrics": [metric]},
        sample_weight=np.arange(20, dtype="float32"),
    )  # fmt: skip
    assert list(history.values())[-1] == [190] or 190 in [v[0] for v in history.values()]


def test_errors_name_the_batch_and_the_model_goes_on():
    failing = made(
        "eager = TRUE, update_state = function(y_true, y_pred, ...) { private$n <- private$n + 1; "
        "if (private$n == 2) stop('too much') }, result = function() private$n, "
        "reset_state = function() private$n <- 0, " + STATE,
        "Failing",
    )
    with pytest.raises(pyclass_bridge.RError, match=r"metric `failing.*`, batch 2: too much"):
        trained([failing()])
    wrong = made(
        f"eager = TRUE, {ONE}, result = function() 'a', reset_state = function() 1, {STATE}"
    )
    _, model = trained([])
    model.compile("sgd", "mse", metrics=[wrong()])
    with pytest.raises(pyclass_bridge.RError, match='batch 1 gave the string "a", not a number'):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", "mse", metrics=[made(f"eager = TRUE, {PARTS}, {STATE}")(name="n")])
    assert model.fit(X, Y, batch_size=8, verbose=0).history["n"] == [3]


@pytest.mark.parametrize(
    "members, error",
    [
        (f"eager = TRUE, {ONE}, result = function() 1", "needs a method `reset_state`"),
        ("eager = TRUE, result = function() 1, reset_state = function() 1", "`update_state`"),
        ("eager = TRUE, update_state = function(y_pred, y_true) 1, result = function() 1, "
         "reset_state = function() 1", "`update_state` is called with `y_true`, `y_pred` in this"),
        ("eager = NA", "`eager` must be TRUE or FALSE"),
        (f"eager = TRUE, {PARTS}, inherit = keras$metrics$Mean", "not from `Mean`"),
        ("eager = TRUE, values = c('a', 'a'), " + PARTS, "two values `a`"),
        (f"eager = TRUE, {ONE}, reset_state = function() 1, result = function() list(loss = 1)",
         "a value `loss`"),
    ],
)  # fmt: skip
def test_definitions_that_are_errors(members, error):
    with pytest.raises(Exception, match=error):
        made(members)


@pytest.mark.parametrize("kind, way", [("Layer", "layer_r"), ("Loss", "loss_r")])
def test_other_classes_are_not_eager(kind, way):
    code = f"{kind}('Own', eager = TRUE, call = function(...) 1)"
    with pytest.raises(Exception, match=rf"`eager = TRUE` is for `Metric\(\)`.* use `{way}\(\)`"):
        pyclass_bridge.r(code)
    own = pyclass_bridge.r(f"{kind}('Own', public = list(eager = TRUE), call = function(...) 1)")
    assert own.eager is True


def test_no_weights_of_keras_and_no_operations():
    adding = made(
        f"eager = TRUE, initialize = function(...) {{ super$initialize(...); "
        f"self$w <- self$add_weight(shape = shape()) }}, {PARTS}"
    )
    with pytest.raises(TypeError, match="keep numbers in `self` or `private`"):
        adding()
    computing = made(
        "eager = TRUE, update_state = function(y_true, y_pred, ...) op_mean(y_true), "
        "result = function() 1, reset_state = function() 1"
    )
    with pytest.raises(RuntimeError, match=r"`op_mean\(\)` can't be used in the metric"):
        trained([computing()])


def test_an_announced_name_and_a_member_of_that_name():
    named = made(
        "eager = TRUE, values = c('a', 'b'), update_state = function(y_true, y_pred, ...) 1, "
        "result = function() stats::setNames(1:2, c('a', 'b')), reset_state = function() 1"
    )
    history, _ = trained([named()], epochs=1)
    assert [history["a"], history["b"]] == [[1], [2]]
    plain = made(f"values = 3, {ONE}, result = function() 1")
    assert plain.values == 3
