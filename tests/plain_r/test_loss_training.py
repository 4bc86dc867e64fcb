"""Trainings with losses in plain R beside those with Keras' own: types of targets and predictions,
ways to run steps, weights, several outputs, factors.

Of: plain_r/loss.py, R/plain_r_loss.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.plain_losses import RNG, SQUARED, WEIGHT, X, Y, assert_same, model_of, trained


@pytest.fixture
def squared(define):
    """`squared(reduction)`: the losses by their names."""
    return define(SQUARED + "squared")


# ---- types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "bool", "float16", "float64"])
def test_types_of_the_target(keras, define, dtype):
    told = define("""
      kinds <- character()
      loss <- loss_r(function(y_true, y_pred) {
        kinds <<- c(kinds, typeof(y_true), typeof(y_pred))
        (y_true - y_pred)^2
      }, function(y_true, y_pred) 2 * (y_pred - y_true), name = "own")
      list(loss = loss, kinds = function() as.list(unique(kinds)))
    """)
    y = (Y > 0).astype(dtype)
    found = trained(keras, told["loss"], y=y)
    assert_same(found, trained(keras, "mse", y=y))
    kind = {"b": "logical", "i": "integer", "u": "integer", "f": "double"}[np.dtype(dtype).kind]
    # Keras' adapters may have made floats of whole numbers.
    assert told["kinds"]() in ([kind, "double"], ["double"])


def test_a_target_of_another_width(keras, define):
    loss = define("""
      loss_r(function(y_true, y_pred) {
        stopifnot(ncol(y_true) == 4, ncol(y_pred) == 2)
        rowMeans((y_true[, 1:2] - y_pred)^2)
      }, function(y_true, y_pred) y_pred - y_true[, 1:2], name = "wide")
    """)
    y = RNG.normal(size=(40, 4)).astype("float32")
    right = trained(keras, "mse", y=y[:, :2], units=2)
    assert_same(trained(keras, loss, y=y, units=2), right)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_mixed_precision(keras, squared, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        right = trained(keras, keras.losses.MeanSquaredError())
        found = trained(keras, squared()["f"])
    finally:
        keras.config.set_dtype_policy(before)
    assert_same(found, right, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_predictions_of_another_precision_are_computed_in_doubles(keras, define, dtype):
    if dtype == "float64" and keras.config.backend() == "jax":
        pytest.skip("JAX has no float64 unless it is enabled")
    make = define("function(dtype) loss_r(function(a, b) b * 3, function(a, b) b * 0 + 3)")
    loss = make(dtype)
    loss = type(loss).from_config(
        {"fn": loss.fn, "gradient": loss.gradient, "name": "own", "dtype": dtype}
    )
    y_pred = keras.ops.cast(np.array([[0.5], [2.0]]), dtype)
    values = loss.call(np.zeros(2, "float32"), y_pred)
    assert keras.backend.standardize_dtype(values.dtype) == dtype
    value, twin = (
        of(np.zeros((2, 1)), y_pred) for of in (loss, keras.losses.MeanAbsoluteError(dtype=dtype))
    )
    assert value.dtype == twin.dtype
    assert float(value) == 3 * float(twin)


# ---- kinds of training ---------------------------------------------------------------------------


def test_a_training_is_that_of_keras_own_loss(keras, squared):
    losses, right = squared(), trained(keras, "mse")
    for name in ("f", "one", "weighted", "one_weighted"):
        assert_same(trained(keras, losses[name]), right)


@pytest.mark.parametrize("name", ["f", "weighted", "one_weighted"])
def test_trainings_with_weights(keras, squared, name):
    loss = squared()[name]
    assert_same(
        trained(keras, loss, sample_weight=WEIGHT), trained(keras, "mse", sample_weight=WEIGHT)
    )


def test_class_weights(keras, squared):
    y = (Y > 0).astype("int32")
    weights = {0: 0.3, 1: 2.0}
    right = trained(keras, "mse", y=y, class_weight=weights)
    assert_same(trained(keras, squared()["f"], y=y, class_weight=weights), right)


@pytest.mark.parametrize(
    "compiled",
    [{"steps_per_execution": 2}, {"run_eagerly": True}, {"jit_compile": "auto"}],
    ids=str,
)
def test_ways_to_run_steps(keras, squared, compiled):
    if keras.config.backend() == "torch" and "steps_per_execution" in compiled:
        pytest.skip("Keras refuses it on torch")
    assert_same(
        trained(keras, squared()["f"], compiled=compiled), trained(keras, "mse", compiled=compiled)
    )


def test_jit_compile(keras, squared):
    loss = squared()["f"]
    if keras.config.backend() == "tensorflow":
        with pytest.raises(ValueError, match=r"loss `f` is plain R.*`jit_compile = FALSE`"):
            model_of(keras, loss, jit_compile=True)
        model = model_of(keras, [loss], jit_compile="auto")
        assert model.jit_compile is False
        return
    if keras.config.backend() == "torch":
        pytest.skip("test_loss_on_devices.py has what torch.compile makes")
    compiled = {"jit_compile": True}
    assert_same(trained(keras, loss, compiled=compiled), trained(keras, "mse", compiled=compiled))


def test_compiled_anew_with_a_loss_of_keras(keras, squared):
    model = model_of(keras, squared()["f"])
    model.fit(X, Y, verbose=0)
    compiled = keras.config.backend() != "torch"
    model.compile("sgd", "mse", jit_compile=compiled)
    assert model.jit_compile is compiled
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"]).all()


def test_several_outputs(keras, squared):
    losses = squared()

    def train(a, b):
        keras.utils.set_random_seed(2)
        x = keras.layers.Input((3,))
        outputs = {"a": keras.layers.Dense(1, name="a")(x), "b": keras.layers.Dense(2, name="b")(x)}
        model = keras.Model(x, outputs)
        model.compile("adam", {"a": a, "b": b}, loss_weights={"a": 0.3, "b": 2.0})
        target = {"a": Y, "b": np.stack([Y, -Y], 1)}
        history = model.fit(X, target, epochs=2, batch_size=16, verbose=0).history
        return [history[key] for key in sorted(history)] + model.get_weights()

    assert_same(train(losses["one"], losses["f"]), train("mse", "mse"))


def test_in_add_loss(keras, squared):
    loss = squared()["f"]

    def train(loss):
        class Pulled(keras.layers.Layer):
            def call(self, x):
                self.add_loss(loss(keras.ops.zeros_like(x), x))
                return x

        keras.utils.set_random_seed(2)
        layers = [keras.layers.Input((3,)), keras.layers.Dense(2), Pulled(), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
        model.compile("adam", "mse")
        history = model.fit(X, Y, epochs=2, batch_size=16, verbose=0).history["loss"]
        return [history, *model.get_weights()]

    assert_same(train(loss), train(keras.losses.MeanSquaredError()))


def test_without_gradient_a_warning_says_the_cost_once(keras, define):
    loss = define("loss_r(function(y_true, y_pred) (y_true - y_pred)^2, name = 'bare')")
    with pytest.warns(match="loss `bare` has no `gradient`, .*: 4 evaluations") as told:
        found = trained(keras, loss)
    assert sum("loss `bare`" in str(warning.message) for warning in told) == 1
    assert_same(found, trained(keras, "mse"))


# ---- factors -------------------------------------------------------------------------------------

FACTORS = """
  set.seed(1)
  x <- matrix(rnorm(120), 40)
  size <- factor(sample(c("S", "M", "L"), 40, TRUE), levels = c("S", "M", "L"))
  side <- factor(sample(c("left", "right"), 40, TRUE))
  seen <- list()
  far <- function(y_true, y_pred) {
    seen <<- c(seen, list(if (is.factor(y_true)) levels(y_true)))
    (as.integer(y_true) - y_pred)^2
  }
  far_slope <- function(y_true, y_pred) 2 * (y_pred - as.integer(y_true))
  of <- function(loss, ...) {
    set_random_seed(1)
    model <- keras_model_sequential(input_shape = 3) |> layer_dense(1)
    compile(model, "adam", loss, ...)
    model
  }
  run <- function(model, x, y) as.list(fit(model, x, y, epochs = 2, verbose = 0)$metrics$loss)
"""


def test_a_target_that_was_a_factor_is_one(keras, define):
    define(FACTORS)
    right = define("run(of('mse'), x, as.integer(size))")
    model = define("model <- of(loss_r(far, far_slope))")
    assert define("run(model, x, size)") == pytest.approx(right, rel=1e-5)
    assert define("unique(seen)") == [["S", "M", "L"]]
    # Cases of some levels alone have the codes of the training.
    assert define("evaluate(model, x[1:3, ], droplevels(size[1:3]), verbose = 0)$loss") is not None
    assert define("unique(seen)") == [["S", "M", "L"]]
    assert define("train_on_batch(of(loss_r(far, far_slope)), x, as.integer(size))") is not None
    assert define("unique(seen)") == [["S", "M", "L"], None]
    assert model is not None


def test_factors_of_several_outputs(keras, define):
    define(FACTORS)
    define("""
      several <- function(a, b) {
        set_random_seed(1)
        input <- layer_input(3)
        model <- keras_model(input, list(
          size = layer_dense(input, 1, name = "size"), side = layer_dense(input, 1, name = "side")))
        compile(model, "adam", list(size = a, side = b))
        model
      }
      own <- function() loss_r(far, far_slope)
      both <- function(a, b) run(several(a, b), x, list(size = size, side = side))
      one <- own()
    """)
    found = define("both(own(), own())")
    seen = define("unique(seen)")
    assert sorted(map(tuple, seen)) == [("S", "M", "L"), ("left", "right")]
    numbers = (
        "run(several('mse', 'mse'), x, list(size = as.integer(size), side = as.integer(side)))"
    )
    assert found == pytest.approx(define(numbers), rel=1e-5)
    with pytest.raises(
        Exception, match=r"loss `far` is that of several outputs .* make a loss for"
    ):
        define("both(one, one)")
