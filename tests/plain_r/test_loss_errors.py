"""Losses in plain R that fail: one sentence with loss, batch and remedy; the model stays usable.

Of: plain_r/loss.py, R/plain_r_loss.R.
"""

from __future__ import annotations

import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = np.arange(40, dtype="float32") / 40

# What fails in the second batch, `batch`, of an epoch of three; the gradient is that of the square.
FAILING = {
    "NA": ("NA", "loss `own`, batch 2: the function has returned NA, and the predictions"),
    "NaN of a row": ("replace(off, 3, NaN)", "batch 2: the function has returned NaN for row 3,"),
    "length": ("off[-1]", "batch 2: the function has returned 15 numbers for a batch of 16 rows"),
    "text": ('"large"', 'batch 2: the function has returned the string "large", and must'),
    "list": ("list(1)", "batch 2: the function has returned a list, and must return one number"),
    "error of R": ("stop('no such level')", "loss `own`, batch 2: no such level"),
    "error of a call": ("log(-1, 'e')", "loss `own`, batch 2: non-numeric argument to mathemat"),
    "operation": ("op_exp(y_pred)", r"`op_exp\(\)` can't be used in the loss `own`.*plain R"),
}
FAILING_GRADIENT = {
    "dims": ("t(y_pred)[, 1:2]", "gradient of the loss `own`, batch 2: the gradient is a.*16"),
    "NA": ("replace(slope, 5, NA)", "loss `own`, batch 2: the gradient is NA for row 5"),
    "kind": ("NULL", "gradient of the loss `own`, batch 2: the gradient is NULL"),
    "error": ("stop('no slope')", "gradient of the loss `own`, batch 2: no slope"),
}


def failing(define, value: str = "off", slope: str = "slope"):
    """A loss that fails once, in the second batch of 16 rows that begins with 16 / 40."""
    return define(f"""
      is_right <- FALSE
      loss <- loss_r(
        function(y_true, y_pred) {{
          off <- (y_true - y_pred)^2
          if (!is_right && abs(y_true[[1]] - 16 / 40) < 1e-6) {value} else off
        }},
        function(y_true, y_pred) {{
          slope <- 2 * (y_pred - y_true)
          if (!is_right && abs(y_true[[1]] - 16 / 40) < 1e-6) {slope} else slope
        }}, name = "own"
      )
      list(loss = loss, mend = function() is_right <<- TRUE)
    """)


def model_of(keras, loss, **compiled):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", loss, **compiled)
    return model


def fit(model, **given):
    return model.fit(X, Y, **({"batch_size": 16, "verbose": 0, "shuffle": False} | given))


@pytest.mark.parametrize("eager", [False, True], ids=["compiled", "eager"])
@pytest.mark.parametrize(("value", "text"), FAILING.values(), ids=FAILING)
def test_a_value_that_is_none(keras, define, value, text, eager):
    made = failing(define, value=value)
    model = model_of(keras, made["loss"], run_eagerly=eager)
    assert_fails_and_stays_usable(model, made, text)


@pytest.mark.parametrize("eager", [False, True], ids=["compiled", "eager"])
@pytest.mark.parametrize(("slope", "text"), FAILING_GRADIENT.values(), ids=FAILING_GRADIENT)
def test_a_gradient_that_is_none(keras, define, slope, text, eager):
    made = failing(define, slope=slope)
    model = model_of(keras, made["loss"], run_eagerly=eager)
    assert_fails_and_stays_usable(model, made, text)


def assert_fails_and_stays_usable(model, made, text: str) -> None:
    with pytest.raises(Exception, match=text) as told:
        fit(model)
    assert type(told.value).__name__ in ("RError", "RuntimeError"), type(told.value)
    weights = model.get_weights()
    assert all(np.isfinite(w).all() for w in weights)
    assert model.predict(X, verbose=0).shape == (40, 1)
    made["mend"]()
    history = fit(model, epochs=3).history["loss"]
    assert history[2] < history[0]


def test_the_number_of_the_batch_counts_from_the_beginning_of_the_epoch(keras, define):
    made = failing(define, value="stop('late')")
    model = model_of(keras, made["loss"])
    made["mend"]()
    fit(model, epochs=2)
    define("is_right <- FALSE")
    with pytest.raises(Exception, match="loss `own`, batch 2: late"):
        fit(model, epochs=2)
    with pytest.raises(Exception, match="loss `own`, batch 2: late"):
        model.evaluate(X, Y, batch_size=16, verbose=0)


def test_a_loss_that_a_layer_calls(keras, define):
    class Pulled(keras.layers.Layer):
        def __init__(self, loss):
            super().__init__()
            self.loss = loss

        def call(self, x):
            self.add_loss(self.loss(keras.ops.zeros_like(x), x))
            return x

    made = define("""
      is_right <- FALSE
      loss <- loss_r(function(a, b) if (is_right) rowMeans(b^2) else stop("no"), function(a, b) b,
                     name = "own")
      list(loss = loss, mend = function() is_right <<- TRUE)
    """)
    layers = [keras.layers.Dense(2), Pulled(made["loss"]), keras.layers.Dense(1)]
    model = keras.Sequential([keras.layers.Input((3,)), *layers])
    model.compile("sgd", "mse")
    with pytest.raises(Exception, match="loss `own`, batch 1: no"):
        fit(model)
    made["mend"]()
    assert np.isfinite(fit(model).history["loss"]).all()
    if keras.config.backend() == "tensorflow":
        with pytest.raises(ValueError, match="loss `own` is plain R"):
            model.compile("sgd", "mse", jit_compile=True)


READERS = {
    "loss": """function(model) list(loss = loss_r(
        function(y_true, y_pred) (y_true - y_pred)^2 + sum(get_weights(model)[[1]]^2),
        function(y_true, y_pred) 2 * (y_pred - y_true), name = "own"))""",
    "metric": """function(model) list(loss = "mse", metrics = list(metric_r("own",
        function(y_true, y_pred) model$layers[[1]]$kernel$numpy()[[1]])))""",
}


@pytest.mark.parametrize("kind", READERS)
def test_a_function_that_reads_weights(keras, define, kind):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", **define(READERS[kind])(model))
    if keras.config.backend() == "jax":  # where another backend would give it the weights
        for way in (fit, lambda model: model.train_on_batch(X[:16], Y[:16])):
            with pytest.raises(RuntimeError, match=f"{kind} `own`: its R function reads weights"):
                way(model)
        model.compile("sgd", "mse", metrics=["mae"])
    assert np.isfinite(fit(model).history["loss"]).all()


def test_another_error_of_python_stays_what_it_is(keras, define):
    nothing = None
    loss = define("function(f) loss_r(function(a, b) f(), function(a, b) b)")(lambda: nothing())
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        fit(model_of(keras, loss))


def test_a_condition_of_its_own_class_stays_what_it_is(keras, define):
    code = (
        "stop(structure(class = c('mine', 'error', 'condition'), list(message = 'm', call = NULL)))"
    )
    model = model_of(keras, failing(define, value=code)["loss"])
    caught = define("function(fit) tryCatch(fit(), mine = function(e) conditionMessage(e))")
    assert caught(lambda: fit(model)) == "m"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("loss_r('mse')", 'loss_r(): `f` must be an R function, not the string "mse".'),
        ("loss_r(function(y) y)", "`f` is called with `y_true` and `y_pred`, and it has the arg"),
        ("loss_r(function(a, b) b, gradient = 1)", "`gradient` must be an R function, not the va"),
        ("loss_r(function(a, b) b, gradient = function(x) x)", "`gradient` is called with"),
        ("loss_r(function(a, b, sample_weight) b, function(a, b) b)", "only one of them has `sam"),
        ("loss_r(function(y_pred, y_true) 1)", "`f` is called with `y_true`, `y_pred` in this ord"),
        (
            "loss_r(function(a, b) b, function(g, y_true) g)",
            "has the arguments `g`, `y_true`",
        ),
        ("loss_r(function(a, b) b, reduction = 'most')", "reduction"),
        ("loss_r(function(a, b) b, name = 3)", "`name` must be a string, not the value 3"),
        ("check_gradient('mse', 1, 1)", "must be a loss that loss_r() has made, not the string"),
    ],
)
def test_what_is_found_at_definition(define, keras, code, text):
    with pytest.raises(Exception) as told:
        define(code)
    assert text in str(told.value)


def test_a_backend_without_training(define, monkeypatch, keras):
    from pyclass_bridge.plain_r import derivatives, host_call

    monkeypatch.setattr(keras.config, "backend", lambda: "numpy")
    host_call.backend.cache_clear()
    derivatives._backend.cache_clear()
    try:
        loss = define("loss_r(function(a, b) b, function(a, b) 1 + 0 * b)")
        with pytest.raises(ValueError, match="can't run in a model on the backend numpy"):
            loss(Y, Y)
    finally:
        host_call.backend.cache_clear()
        derivatives._backend.cache_clear()
