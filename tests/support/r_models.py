"""A model in R and its twin in Python: the same seed, so the same numbers.

`from_r(code, x=X, y=Y)` runs R code as a script does; DENSE makes `model`, as `dense()` does, and
`two_inputs()` of TWO_INPUTS what `two_inputs()` makes here.
"""

from __future__ import annotations

import textwrap

import numpy as np

RNG = np.random.default_rng(1)
X = RNG.normal(size=(96, 4)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5], [0.0]]) + 0.3).astype("float32")
LABELS = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 0.5)


def from_r(code: str, **variables):
    """The value of R code that sees `variables`, in R's global environment as a script's is."""
    import pyclass_bridge

    assign = pyclass_bridge.r("function(name, value) assign(name, value, envir = globalenv())")
    for name, value in variables.items():
        assign(name, value)
    return pyclass_bridge.r(textwrap.dedent(code))


def dense(keras, seed=3):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


DENSE = """
  set_random_seed(3)
  model <- keras_model_sequential(input_shape = 4) |>
    layer_dense(8, activation = "relu") |>
    layer_dense(1)
  model |> compile(optimizer = "adam", loss = "mse", metrics = "mae")
"""


def two_inputs(keras, by_name: bool = False):
    keras.utils.set_random_seed(5)
    a, b = keras.layers.Input((1,), name="a"), keras.layers.Input((1,), name="b")
    out = keras.layers.Dense(1)(keras.layers.Concatenate()([a, b]))
    model = keras.Model({"a": a, "b": b} if by_name else [a, b], out)
    model.compile("sgd", "mse")
    return model


TWO_INPUTS = """
  two_inputs <- function(by_name = FALSE) {
    set_random_seed(5)
    a <- layer_input(shape = 1, name = "a")
    b <- layer_input(shape = 1, name = "b")
    model <- keras_model(if (by_name) list(a = a, b = b) else list(a, b),
                         layer_concatenate(a, b) |> layer_dense(1))
    compile(model, "sgd", "mse")
    model
  }
  losses <- function(model, ...) as.list(fit(model, ..., epochs = 2, verbose = 0)$metrics$loss)
"""
