"""A layer of radial basis functions."""

import keras
import numpy as np
from keras import layers, ops

from support.keras_twins import data


class RadialBasis(layers.Layer):
    def __init__(self, units, gamma=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.gamma = gamma

    def build(self, input_shape):
        self.centers = self.add_weight(
            shape=(self.units, input_shape[1]),
            initializer=keras.initializers.RandomUniform(-2.0, 2.0),
            name="centers",
        )

    def call(self, inputs):
        difference = ops.expand_dims(inputs, 1) - self.centers
        return ops.exp(-self.gamma * ops.sum(difference**2, axis=-1))


def train():
    keras.utils.set_random_seed(11)
    x, y = data("x"), data("as.integer(y) - 1L")
    # One by one, as a pipe adds them: each is built, and takes its seed, before the next is made.
    model = keras.Sequential([keras.Input((2,))])
    model.add(RadialBasis(12, gamma=1.5, name="centres"))
    model.add(layers.Dense(2, activation="softmax"))
    model.compile(
        keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    history = model.fit(x, y, epochs=15, batch_size=40, verbose=0)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    predictions = model.predict(np.array([[0.0, 1.0], [0.0, 2.0]]), verbose=0)
    return {"history": history, "scores": scores, "predictions": predictions, "model": model}
