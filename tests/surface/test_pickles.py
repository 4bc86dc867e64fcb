"""Models, layers and metrics of Keras that are made of R classes and functions, in pickles."""

from __future__ import annotations

import pickle

import cloudpickle
import numpy as np
import pytest
from support.fresh import Fresh

import pyclass_bridge

CODE = """
swish2 <- function(x) x * op_sigmoid(2 * x)
gap <- function(y_true, y_pred) op_mean(op_abs(y_true - y_pred))
Scale(keras$layers$Layer) %py_class% {
  initialize <- function(by = 2, ...) { super$initialize(...); self$by <- by; private$calls <- 0 }
  call <- function(inputs) { private$calls <- private$calls + 1; inputs * self$by }
  get_config <- function() modifyList(super$get_config(), list(by = self$by))
  calls <- function() private$calls
}
Near <- Metric("Near", public = list(
  initialize = function(name = "near", ...) {
    super$initialize(name = name, ...)
    self$total <- self$add_weight(name = "total", initializer = "zeros")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    self$total$assign_add(op_sum(op_cast(op_abs(y_true - y_pred) < 1, "float32")))
  },
  result = function() self$total
))
Net <- Model("Net", public = list(
  initialize = function(units = 3, ...) {
    super$initialize(...)
    self$units <- units
    self$inner <- layer_dense(units = units, activation = swish2)
    self$scale <- Scale(by = 3)
  },
  call = function(x) self$scale(self$inner(x)),
  get_config = function() list(units = self$units)
))
build <- function() {
  model <- keras_model_sequential(input_shape = 4)
  model <- model |> layer_dense(units = 3, activation = swish2)
  model$add(Scale(by = 5))
  model$compile(loss = gap, metrics = list(Near()), optimizer = "sgd")
  model
}
"""


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "nets.R"
    file.write_text(CODE)
    return pyclass_bridge.source(file)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    process = Fresh(tmp_path_factory.mktemp("elsewhere"))
    yield process
    process.end()


X = np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)
PREDICT = "__import__('numpy').asarray(x[0](x[1])).tolist()"


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_a_model_arrives_with_its_classes_and_functions(ns, fresh, dumps):
    model = ns.build()
    net = ns.Net(2)
    net(X)
    for each in (model, net):
        there = fresh.ask((each, X), PREDICT, dumps)
        np.testing.assert_allclose(there, np.asarray(each(X)), rtol=1e-6)
    compiled = "(x.loss.__name__, [m.name for m in x.metrics])"
    assert fresh.ask(model, compiled)[0] == "gap"


def test_a_layer_keeps_its_private_state(ns, fresh):
    layer = ns.Scale(by=4)
    layer(X)
    layer(X)
    assert fresh.ask(layer, "(x.by, x.calls())") == (4, 2)


def test_a_metric_arrives_as_one_of_keras_does(ns, fresh):
    """What it has counted stays here, as Keras has it."""
    import keras

    for metric in (ns.Near(), keras.metrics.MeanAbsoluteError()):
        metric.update_state(np.zeros(3), np.array([0.5, 2, 0.1]))
        assert float(metric.result()) > 0
        assert fresh.ask(metric, "(x.name, float(x.result()))") == (metric.name, 0)


def test_a_model_takes_the_definitions_that_it_was_made_of(ns, tmp_path, fresh):
    """Not those that have their names by now."""
    first = ns.build()
    file = tmp_path / "nets.R"
    file.write_text(CODE.replace("2 * x", "-9 * x").replace("inputs * self$by", "inputs"))
    second = pyclass_bridge.source(file).build()
    second.set_weights(first.get_weights())
    for each in (first, second):
        there = fresh.ask((each, X), PREDICT)
        np.testing.assert_allclose(there, np.asarray(each(X)), rtol=1e-6)


def test_a_callback_of_a_model_can_not_travel(ns):
    import keras

    pyclass_bridge.r("Quiet <- Callback('Quiet', on_epoch_end = function(epoch, logs = NULL) NULL)")
    callback = pyclass_bridge.r("Quiet")()
    pickle.dumps(callback)
    callback.set_model(keras.Sequential())
    with pytest.raises(
        pickle.PicklingError, match="class `Quiet`: field `_model` holds a live model"
    ):
        pickle.dumps(callback)
    pyclass_bridge.r("rm(Quiet)")
