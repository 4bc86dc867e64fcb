"""Losses in plain R beside those of Keras: values and gradients by shape, reduction and weights.

Of: plain_r/loss.py, R/plain_r_loss.R, plain_r/derivatives.py, plain_r/derivatives_tensorflow.py,
plain_r/derivatives_jax.py, plain_r/derivatives_torch.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.plain_losses import (
    RNG,
    SQUARED,
    WEIGHT,
    X,
    Y,
    assert_same,
    model_of,
    value_and_slopes,
)  # fmt: skip

import pyclass_bridge


@pytest.fixture
def squared(define):
    """`squared(reduction)`: the losses by their names."""
    return define(SQUARED + "squared")


REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"]
SHAPES = {"1": (6,), "n x 1": (6, 1), "n x k": (6, 3), "n x t x k": (6, 2, 3), "one row": (1, 3)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_shapes_and_reductions(keras, squared, reduction, shape):
    y_true, y_pred = RNG.normal(size=(2, *shape)).astype("float32")
    losses, keras_loss = squared(reduction), keras.losses.MeanSquaredError(reduction=reduction)
    twin = y_pred[:, None] if len(shape) == 1 else y_pred
    right = value_and_slopes(keras, keras_loss, y_true.reshape(twin.shape), twin)
    right = right[0], right[1].reshape(shape)
    assert_same(value_and_slopes(keras, losses["f"], y_true, y_pred), right)
    if reduction != "none":  # one number is the loss of the batch, also for "sum"
        mean = keras.losses.MeanSquaredError()
        right = value_and_slopes(keras, mean, y_true.reshape(twin.shape), twin)
        right = right[0], right[1].reshape(shape)
        assert_same(value_and_slopes(keras, losses["one"], y_true, y_pred), right)


@pytest.mark.parametrize("shape", [(6,), (6, 1)])
@pytest.mark.parametrize("weight_shape", [(6,), (6, 1)])
@pytest.mark.parametrize("reduction", REDUCTIONS[:-1])
def test_sample_weights(keras, squared, reduction, shape, weight_shape):
    y_true, y_pred = RNG.normal(size=(2, *shape)).astype("float32")
    weight = RNG.uniform(size=weight_shape).astype("float32")
    losses, keras_loss = squared(reduction), keras.losses.MeanSquaredError(reduction=reduction)
    column = (6, 1)
    twin = value_and_slopes(
        keras, keras_loss, y_true.reshape(column), y_pred.reshape(column), weight.ravel()
    )
    right = twin[0], twin[1].reshape(shape)
    for name in ("f", "weighted"):
        assert_same(value_and_slopes(keras, losses[name], y_true, y_pred, weight), right)
    mean = float(np.mean(weight.ravel() * (y_true - y_pred).ravel() ** 2))
    found = value_and_slopes(keras, losses["one_weighted"], y_true, y_pred, weight)
    slopes = 2 * weight.reshape(shape) * (y_pred - y_true) / 6
    assert_same(found, (mean, slopes))


def test_weights_of_sequences(keras, squared):
    y_true, y_pred = RNG.normal(size=(2, 4, 3, 2)).astype("float32")
    weight = RNG.uniform(size=(4, 3)).astype("float32")
    right = value_and_slopes(keras, keras.losses.MeanSquaredError(), y_true, y_pred, weight)
    assert_same(value_and_slopes(keras, squared()["f"], y_true, y_pred, weight), right)


def test_a_number_for_each_row_of_sequences(keras, define):
    y_true, y_pred = RNG.normal(size=(2, 4, 3, 2)).astype("float32")
    loss = define("""
      loss_r(function(y_true, y_pred) apply((y_true - y_pred)^2, 1, mean),
             function(y_true, y_pred) 2 * (y_pred - y_true) / 6, name = "rows")
    """)
    for reduction in ("sum_over_batch_size", "sum"):
        loss.reduction = reduction
        by_row = ((y_true - y_pred) ** 2).mean(axis=(1, 2))
        total, count = (by_row.mean(), 4) if reduction != "sum" else (by_row.sum(), 1)
        loss._calls.clear()
        right = total, 2 * (y_pred - y_true) / 6 / count
        assert_same(value_and_slopes(keras, loss, y_true, y_pred), right)
    weight = np.ones((4, 3), "float32")
    with pytest.raises(Exception, match="loss `rows` is one number for each row, so sample weig"):
        loss(y_true, y_pred, weight)


def test_one_number_can_not_have_weights(keras, squared):
    losses = squared()
    model = model_of(keras, losses["one"])
    with pytest.raises(ValueError, match=r"`one` is one number .* argument `sample_weight`"):
        model.fit(X, Y, sample_weight=WEIGHT, verbose=0)
    assert model.predict(X, verbose=0).shape == (40, 1)
    model.fit(X, Y, verbose=0)


def test_a_mask_counts_as_weights(keras, define):
    y_true, y_pred = RNG.normal(size=(2, 4, 3, 1)).astype("float32")
    losses = define(
        SQUARED
        + """
      places <- function(y_true, y_pred) array((y_true - y_pred)^2, dim(y_pred)[1:2])
      list(places = loss_r(places), one = loss_r(one), weighted = loss_r(
        function(y_true, y_pred, sample_weight) sample_weight * places(y_true, y_pred)))
    """
    )
    mask = RNG.uniform(size=(4, 3)) > 0.4

    def masked(loss):
        tensor = keras.ops.convert_to_tensor(y_pred)
        keras.src.backend.set_keras_mask(tensor, keras.ops.convert_to_tensor(mask))
        return float(loss(y_true, tensor))

    right = masked(keras.losses.MeanSquaredError())
    assert right != float(keras.losses.MeanSquaredError()(y_true, y_pred))
    for name in ("places", "weighted"):
        np.testing.assert_allclose(masked(losses[name]), right, rtol=1e-5)
    with pytest.raises(Exception, match="sample weights or a mask"):
        masked(losses["one"])


def test_predictions_that_are_no_numbers_give_nan(keras, squared):
    loss = squared()["f"]
    y_pred = np.array([1, np.nan, np.inf], "float32")
    value, slopes = value_and_slopes(keras, loss, np.zeros(3, "float32"), y_pred)
    assert np.isnan(value)
    assert np.isnan(slopes).all()


def test_no_derivative_of_the_gradient(keras, squared):
    loss = squared()["f"]
    name = keras.config.backend()
    y = np.ones(3, "float32")
    if name == "tensorflow":
        import tensorflow as tf

        x = tf.Variable(y)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                value = loss(0 * y, x * 2)
            slope = inner.gradient(value, x)
        with pytest.raises(NotImplementedError, match="gradient of the loss `f` is plain R"):
            outer.gradient(slope, x)
    elif name == "jax":
        import jax

        def slope(x):
            return jax.grad(lambda x: loss(0 * y, x * 2))(x).sum()

        with pytest.raises(ValueError, match=r"[Cc]allback"):
            jax.grad(slope)(y)
    else:
        import torch

        x = torch.tensor(y, requires_grad=True)
        (slope,) = torch.autograd.grad(loss(0 * y, x * 2), x, create_graph=True)
        with pytest.raises(NotImplementedError, match="gradient of the loss `f` is plain R"):
            slope.sum().backward()


def test_the_gradient_of_a_loss_that_is_gone(keras, define):
    make = define("function() loss_r(function(a, b) (a - b)^2, function(a, b) 2 * (b - a))")

    def once(*data):
        return make()(*data)

    _, slopes = value_and_slopes(keras, once, np.zeros(2, "float32"), np.ones(2, "float32"))
    np.testing.assert_allclose(slopes, [1, 1])


def test_check_gradient(keras, define):
    define(SQUARED)
    table = define("check_gradient(loss_r(f, gradient), c(1, 2, 3), c(0.5, 1, -1))")
    assert list(table.columns) == ["row", "gradient", "difference", "is_wrong"]
    np.testing.assert_allclose(table["gradient"], table["difference"], rtol=1e-8)
    assert not table["is_wrong"].any()
    text = (
        r"loss `f`: the gradient is wrong for 2 of 6 numbers; for row 2, column 2 it is -?\d.*, "
        r"and by differences -?\d"
    )
    check = "check_gradient(loss_r(f, wrong), matrix(1:6, 3), matrix(c(0.5, 1, 2, 3, 4, 5), 3))"
    define("""
      wrong <- function(y_true, y_pred) {
        slopes <- gradient(y_true, y_pred)
        replace(slopes, c(2, 5), slopes[c(2, 5)] + c(0.1, 1))
      }
    """)
    with pytest.raises(pyclass_bridge.RError, match=text):
        define(check)
    table = define(f"tryCatch({check}, wrong_gradient = function(e) e$table)")
    assert list(table["row"][table["is_wrong"]]) == [2, 2]
    assert list(table["column"][table["is_wrong"]]) == [1, 2]
    for code, text in {
        "loss_r(f)": r"check_gradient\(\): the loss `f` has no gradient of its own, but diff",
        "loss_r(function(a, b) NA, function(a, b) b)": "has returned NA",
        "loss_r(f, function(a, b) b[-1])": "the gradient is a vector of length 2",
    }.items():
        with pytest.raises(Exception, match=text):
            define(f"check_gradient({code}, c(1, 2, 3), c(0.5, 1, -1))")


def test_check_gradient_takes_the_last_batch(keras, define):
    define(SQUARED)
    define("loss <- loss_r(f, gradient); wrong <- loss_r(f, function(a, b) 1 + gradient(a, b))")
    for name in ("loss", "wrong"):
        with pytest.raises(
            Exception, match="the loss `f` was not trained with, so give it a batch"
        ):
            define(f"check_gradient({name})")
        define(f"""
          model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
          compile(model, "sgd", {name})
          fit(model, matrix(1:10 / 10, 5), 1:5, batch_size = 5, epochs = 1, verbose = 0)
        """)
    assert len(define("check_gradient(loss)")) == 5
    with pytest.raises(Exception, match="the gradient is wrong for 5 of 5 numbers"):
        define("check_gradient(wrong)")
    with pytest.raises(Exception, match="give both `y_true` and `y_pred`, or none of them"):
        define("check_gradient(loss, 1:3)")
    with pytest.raises(Exception, match="`y_true` has 3 rows, `y_pred` has 2 rows"):
        define("check_gradient(loss, 1:3, 1:2)")
