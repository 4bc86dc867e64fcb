"""Warnings and messages of plain R are heard on the thread that trains, whatever thread calls R; a
model whose step one of them ends stays usable.

Of: plain_r/host_call.py, plain_r/steps.py, plain_r/host_jax.py.
"""

from __future__ import annotations

import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = np.arange(40, dtype="float32") / 40


def fit(model):
    return model.fit(X, Y, batch_size=16, verbose=0, shuffle=False)


NOISY = """
  noisy <- "no"
  tell <- function(part) if (part == noisy) warning("noisy ", part)
  list(
    layer = layer_r(function(x) { tell("layer"); x }, c(1L), function(x, g) g),
    loss = loss_r(
      function(y_true, y_pred) { tell("loss"); (y_true - y_pred)^2 },
      function(y_true, y_pred) { tell("gradient"); 2 * (y_pred - y_true) }, name = "own"
    ),
    metric = metric_r("m", function(y_true, y_pred) { tell("metric"); 1 }),
    heard = function(part, fit) {
      noisy <<- part
      heard <- character()
      withCallingHandlers(fit(), warning = function(w) {
        heard <<- c(heard, conditionMessage(w))
        tryInvokeRestart("muffleWarning")
      })
      list(as.list(heard), tryCatch({ fit(); "none" }, warning = function(w) conditionMessage(w)))
    })
"""


@pytest.mark.parametrize("part", ["layer", "loss", "gradient", "metric"])
def test_warnings_are_heard_where_the_model_is_trained(keras, define, part):
    made = define(NOISY)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(1), made["layer"]]
    model = keras.Sequential(layers)
    model.compile("sgd", made["loss"], metrics=[made["metric"]])
    heard, first = made["heard"](part, lambda: fit(model) and None)
    assert heard == [f"noisy {part}"] * 3  # one of each batch
    assert first == f"noisy {part}"
    made["heard"]("no", lambda: fit(model) and None)
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_messages_are_heard_in_their_order(keras, define):
    made = define("""list(
      loss = loss_r(function(a, b) { message("m"); warning("w"); (a - b)^2 }, function(a, b) b - a),
      heard = function(fit) {
        heard <- character()
        hear <- function(c) {
          heard <<- c(heard, trimws(conditionMessage(c)))
          tryInvokeRestart(if (inherits(c, "message")) "muffleMessage" else "muffleWarning")
        }
        withCallingHandlers(fit(), warning = hear, message = hear)
        as.list(heard)
      })""")
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", made["loss"])
    assert made["heard"](lambda: fit(model) and None) == ["m", "w"] * 3


@pytest.mark.parametrize("way", ["predict", "predict_on_batch"])
@pytest.mark.parametrize("code", ["warning('no')", "stop('no')"])
def test_a_prediction_that_ends_leaves_the_model_usable(keras, define, code, way):
    made = define(f"""
      is_right <- FALSE
      list(layer = layer_r(function(x) {{ if (!is_right) {code}; x }}, c(1L), function(x, g) g),
           caught = function(run) tryCatch(run(), condition = function(c) conditionMessage(c)),
           mend = function(to = TRUE) is_right <<- to)
    """)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1), made["layer"]])
    model.compile("sgd", "mse")
    made["mend"]()
    before, weights = model.predict(X, verbose=0), model.get_weights()
    made["mend"](False)
    assert "no" in made["caught"](lambda: getattr(model, way)(X))
    made["mend"]()
    assert all(map(np.array_equal, model.get_weights(), weights))
    assert np.array_equal(model.predict(X, verbose=0), before)


def test_the_batches_of_each_prediction_count_from_1(keras, define):
    layer = define("""layer_r(function(x) { if (any(x > 100)) stop("large"); x }, c(3L),
                              function(x, g) g)""")
    model = keras.Sequential([keras.layers.Input((3,)), layer])
    large = np.concatenate([X[:16], X[:16] + 1000])
    for _ in range(2):
        model.predict(X, batch_size=16, verbose=0)
        with pytest.raises(Exception, match="batch 2: large"):
            model.predict(large, batch_size=16, verbose=0)
