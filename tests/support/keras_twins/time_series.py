"""Windows of a time series."""

import keras
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(71)
    series = data("series")

    def windows(part, shuffle):
        return keras.utils.timeseries_dataset_from_array(
            part, part[12:], sequence_length=12, batch_size=32, shuffle=shuffle, seed=71
        )

    train, test = windows(series[:180], shuffle=True), windows(series[168:], shuffle=False)
    next(iter(train))  # a look at the first batch, which takes from the generator
    inputs = keras.Input((12, 1))
    x = layers.LSTM(16, recurrent_dropout=0.1)(inputs)
    model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile(keras.optimizers.RMSprop(0.02), "mse", metrics=["mae"])
    history = model.fit(train, epochs=6, validation_data=test, verbose=0)
    scores = model.evaluate(test, verbose=0, return_dict=True)
    predictions = model.predict(test, verbose=0)
    return {"history": history, "scores": scores, "predictions": predictions, "model": model}
