"""A bidirectional LSTM and a GRU on waves."""

import keras
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(31)
    x, y = data("x"), data("as.integer(kind) - 1L")
    model = keras.Sequential(
        [
            keras.Input((20, 1)),
            layers.Conv1D(8, 5, activation="relu"),
            layers.Bidirectional(layers.LSTM(8, return_sequences=True)),
            layers.GRU(8),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.02, clipnorm=1.0),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(x[:240], y[:240], epochs=4, batch_size=30, verbose=0)
    scores = model.evaluate(x[240:], y[240:], verbose=0, return_dict=True)
    predictions = model.predict(x[240:], verbose=0)
    return {"history": history, "scores": scores, "predictions": predictions, "model": model}
