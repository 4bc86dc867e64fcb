"""A convolutional network on drawn digits; the images and labels are changed here as in R."""

import keras
import numpy as np
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(1)
    x = data("images").reshape(600, 28, 28, 1) / 255
    y = np.eye(10)[data("digits")]
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x[:500], y[:500], batch_size=32, epochs=6, validation_split=0.1, verbose=0)
    scores = model.evaluate(x[500:], y[500:], verbose=0, return_dict=True)
    predictions = model.predict(x[500:], verbose=0)
    return {
        "history": history, "scores": scores, "predictions": predictions, "model": model,
        "predicted_digits": predictions.argmax(1),
    }  # fmt: skip
