"""A training loop with GradientTape."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(5)
    x, y = data("x").astype("float32"), data("y").astype("float32")
    rows = data("train") - 1
    dataset = tf.data.Dataset.from_tensor_slices((x[rows], y[rows])).batch(8)
    x_test, y_test = np.delete(x, rows, 0), np.delete(y, rows, 0)

    inputs = keras.Input((5,))
    hidden = layers.Dense(16, activation="tanh")(inputs)
    model = keras.Model(inputs, layers.Dense(1)(hidden))
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    loss_fn = keras.losses.MeanSquaredError()
    train_loss, train_error = keras.metrics.Mean(), keras.metrics.MeanAbsoluteError()

    losses, errors, test_losses = [], [], []
    for _ in range(12):
        for x_batch, y_batch in dataset:
            with tf.GradientTape() as tape:
                predicted = model(x_batch, training=True)
                loss = loss_fn(y_batch, predicted)
            gradients = tape.gradient(loss, model.trainable_weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
            train_loss.update_state(loss)
            train_error.update_state(y_batch, predicted)
        losses.append(float(train_loss.result()))
        errors.append(float(train_error.result()))
        test_losses.append(float(loss_fn(y_test, model(x_test, training=False))))
        train_loss.reset_state()
        train_error.reset_state()
    return {
        "losses": losses, "errors": errors, "test_losses": test_losses,
        "predictions": model(x_test).numpy(), "model": model,
    }  # fmt: skip
