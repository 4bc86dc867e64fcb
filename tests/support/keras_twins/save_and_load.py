"""Saving and loading of a model with a layer of one's own."""

import tempfile
from pathlib import Path

import keras
from keras import layers

from support.keras_twins import data


class ScaleShift(layers.Layer):
    def build(self, input_shape):
        self.scale = self.add_weight(shape=input_shape[-1:], initializer="ones")
        self.shift = self.add_weight(shape=input_shape[-1:], initializer="zeros")

    def call(self, inputs):
        return inputs * self.scale + self.shift


def train():
    keras.utils.set_random_seed(13)
    x, y = data("x"), data("y")
    model = keras.Sequential(
        [keras.Input((4,)), ScaleShift(), layers.Dense(8, "tanh"), layers.Dense(1)], name="cars"
    )
    model.compile(keras.optimizers.Adam(0.03), "mse")
    model.fit(x, y, epochs=10, batch_size=8, verbose=0)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "cars.keras")
        model.save(path)
        loaded = keras.models.load_model(path, custom_objects={"ScaleShift": ScaleShift})
    history = loaded.fit(x, y, epochs=10, batch_size=8, verbose=0)
    predictions = loaded.predict(x, verbose=0)
    return {
        "history": history, "predictions": predictions,
        "model": model, "loaded": loaded, "twin": loaded, "fresh": loaded,
    }  # fmt: skip
