"""Calls with a comma at the end, `!!!` and `:=`, as R users write them for keras3.

Also of: R/bridge_dots.R.
"""

from __future__ import annotations

import pytest

MODEL = """
  model <- keras_model_sequential(input_shape = 2, ) |> layer_dense(3, ) |> layer_dense(1)
  model |> compile("sgd", "mse", )
  x <- matrix(1:4, 2)
"""


@pytest.fixture
def model(keras, define):
    define(MODEL)
    return define


@pytest.mark.parametrize(
    "code",
    [
        "fit(model, x, 1:2, epochs = 1, verbose = 0, )",
        "fit(model, x, 1:2, verbose = 0, !!!list(epochs = 1))",
        "evaluate(model, x, 1:2, verbose = 0, )",
        "predict(model, x, verbose = 0, )",
        "compile(model, 'adam', 'mse', )",
        "tuple(1L, 2L, )",
        "dict(a = 1, )",
        "dict(!!!list(a = 1, b = 2))",
        "dict('{\"a\"}' := 1)",
        "shape(2, 3, )",
        "shape(!!!list(2, 3))",
        "named_list(x, b = 2, )",
        "zip_lists(list(1, 2), list(3, 4), )",
        "layer_concatenate(keras_input(2), keras_input(3), )",
        "keras_model_sequential(!!!list(input_shape = 2, name = 'own'))",
        "Layer('Mine', call = function(x) x, )",
        "Layer('Mine', !!!list(call = function(x) x))",
        "callback_early_stopping(monitor = 'loss', )",
        "optimizer_adam(0.1, )",
    ],
)
def test_calls_that_run(model, code):
    model(code)


def test_spliced_arguments_of_a_wrapper(model):
    model("args <- list(units = 5, activation = 'relu'); name <- 'units'")
    assert model("layer_dense(, !!!args)").units == 5
    assert model("layer_dense(!!!args)").activation.__name__ == "relu"
    assert model("layer_dense(name = 'own', !!!args, )").name == "own"
    assert model("layer_dense('{name}' := 4)").units == 4
    assert model("(keras_input(3) |> layer_dense(!!!args))$shape") == (None, 5)
    assert model("shape(!!!list(2, 3)) == shape(2, 3)") is True
    assert model("named_list(!!!args)") == {"units": 5, "activation": "relu"}


def test_factories_and_python_objects_take_them_too(keras, define):
    define("""
      args <- list(units = 3)
      Mine <- Layer("Mine", initialize = function(units, k = 1) {
        super$initialize()
        self$units <- units
      }, call = function(x) x)
      Plain %py_class% { initialize <- function(x, y = 2) self$x <- x + y }
    """)
    assert define("Mine(!!!args)").units == define("Mine(3, )").units == 3
    assert define("Plain(!!!list(y = 5, x = 1))$x") == define("Plain(4, )$x") == 6
    assert define("import_builtins()$max(!!!list(3, 9), )") == 9
