"""Regression on the days of `airquality`."""

import keras
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(42)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.Dropout(0.1),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    history = model.fit(
        data("x_train"), data("y_train"), epochs=20, batch_size=8, validation_split=0.2, verbose=0
    )
    scores = model.evaluate(data("x_test"), data("y_test"), verbose=0, return_dict=True)
    predictions = model.predict(data("x_test"), verbose=0)
    return {"history": history, "scores": scores, "predictions": predictions, "model": model}
