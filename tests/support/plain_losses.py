"""Losses in plain R that are the square of Keras, by `loss_r()`, and what they give and train."""

from __future__ import annotations

import numpy as np

SQUARED = """
  mean_of_last <- function(x) {
    d <- dim(x)
    if (length(d) < 2) x else apply(x, seq_len(length(d) - 1), mean)
  }
  count <- function(y_pred) if (length(dim(y_pred)) < 2) 1 else rev(dim(y_pred))[[1]]
  f <- function(y_true, y_pred) mean_of_last((y_true - y_pred)^2)
  gradient <- function(y_true, y_pred) 2 * (y_pred - y_true) / count(y_pred)
  one <- function(y_true, y_pred) mean((y_true - y_pred)^2)
  by_one <- function(y_true, y_pred) 2 * (y_pred - y_true) / length(y_pred)
  weighted <- function(y_true, y_pred, sample_weight) sample_weight * (y_true - y_pred)^2
  by_weighted <- function(y_true, y_pred, sample_weight) {
    2 * sample_weight * (y_pred - y_true)
  }
  one_weighted <- function(y_true, y_pred, sample_weight) {
    mean(sample_weight * (y_true - y_pred)^2)
  }
  by_one_weighted <- function(y_true, y_pred, sample_weight) {
    2 * sample_weight * (y_pred - y_true) / length(y_pred)
  }
  squared <- function(reduction = "sum_over_batch_size", ...) {
    list(
      f = loss_r(f, gradient, reduction = reduction),
      one = loss_r(one, by_one, reduction = reduction),
      weighted = loss_r(weighted, by_weighted, reduction = reduction),
      one_weighted = loss_r(one_weighted, by_one_weighted, reduction = reduction)
    )
  }
"""

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = RNG.normal(size=40).astype("float32")
WEIGHT = RNG.uniform(size=40).astype("float32")


def value_and_slopes(keras, loss, y_true, y_pred, *weight, factor=1.0):
    """`loss()` and its gradient by `y_pred`, in code that the backend compiles where it can."""
    name = keras.config.backend()
    if name == "tensorflow":
        import tensorflow as tf

        @tf.function
        def both(y_true, y_pred, *weight):
            with tf.GradientTape() as tape:
                tape.watch(y_pred)
                value = factor * tf.reduce_sum(loss(y_true, y_pred, *weight))
            return value, tape.gradient(value, y_pred)

        value, slopes = both(*map(tf.convert_to_tensor, (y_true, y_pred, *weight)))
    elif name == "jax":
        import jax

        def total(y_pred, y_true, *weight):
            return factor * loss(y_true, y_pred, *weight).sum()

        value, slopes = jax.jit(jax.value_and_grad(total))(y_pred, y_true, *weight)
    else:
        import torch

        y_true, y_pred, *weight = map(torch.as_tensor, (y_true, y_pred, *weight))
        y_pred.requires_grad_(True)
        value = factor * loss(y_true, y_pred, *weight).sum()
        value.backward()
        value, slopes = value.detach(), y_pred.grad
    return np.asarray(value), np.asarray(slopes)


def assert_same(found, right, **tolerance):
    for now, then in zip(found, right, strict=True):
        np.testing.assert_allclose(now, then, **({"rtol": 1e-5, "atol": 1e-6} | tolerance))


def model_of(keras, loss, units=1, seed=1, **compiled):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(units)])
    model.compile(keras.optimizers.Adam(0.01), loss, **compiled)
    return model


def trained(keras, loss, x=X, y=Y, units=1, compiled=None, **fitted):
    """The losses of three epochs, of an evaluation, and the weights."""
    model = model_of(keras, loss, units, **(compiled or {}))
    history = model.fit(x, y, **({"epochs": 3, "batch_size": 16, "verbose": 0} | fitted))
    weight = fitted.get("sample_weight")
    evaluated = model.evaluate(x, y, verbose=0, sample_weight=weight, batch_size=16)
    weights = np.concatenate([w.ravel() for w in model.get_weights()])
    return history.history["loss"], evaluated, weights
