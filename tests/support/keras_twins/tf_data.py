"""A tf.data pipeline."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(17)
    measured, kind = data("measured"), data("kind")
    means = tf.constant(data("means"), tf.float32)
    deviations = tf.constant(data("deviations"), tf.float32)

    def standardize(x, y):
        return (tf.cast(x, tf.float32) - means) / deviations, tf.one_hot(y, 3)

    dataset = tf.data.Dataset.from_tensor_slices((measured, kind))
    train = dataset.take(300).map(standardize, num_parallel_calls=tf.data.AUTOTUNE)
    train = train.shuffle(300, seed=1).batch(32).prefetch(tf.data.AUTOTUNE)
    test = dataset.skip(300).map(standardize).batch(32)
    next(iter(train))  # a look at the first batch, which takes from the generator

    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(3, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(train, epochs=8, validation_data=test, verbose=0)
    scores = model.evaluate(test, verbose=0, return_dict=True)
    predictions = model.predict(test, verbose=0)
    truth = np.concatenate([y.numpy().argmax(1) for _, y in test])
    return {
        "history": history, "scores": scores, "predictions": predictions, "model": model,
        "truth": truth,
    }  # fmt: skip
