"""Two named inputs, one of them embedded."""

import keras
import numpy as np
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(3)
    time = keras.Input((1,), name="time")
    diet = keras.Input((1,), dtype="int32", name="diet")
    embedded = layers.Flatten()(layers.Embedding(4, 2)(diet))
    x = layers.Concatenate()([time, embedded])
    hidden = layers.Dense(16, activation="relu", name="hidden")(x)
    weight = layers.Dense(1, name="weight")(hidden)
    model = keras.Model({"time": time, "diet": diet}, weight, name="chicks")
    model.compile(keras.optimizers.Adam(0.01), keras.losses.Huber(), metrics=["mae"])

    inputs = {"time": data("time"), "diet": data("diet")}
    y = data("weight")
    train = {name: value[:450] for name, value in inputs.items()}
    test = {name: value[450:] for name, value in inputs.items()}
    history = model.fit(
        train, y[:450], epochs=15, batch_size=50, validation_data=(test, y[450:]), verbose=0
    )
    scores = model.evaluate(test, y[450:], verbose=0, return_dict=True)
    adult = {"time": np.ones((4, 1)), "diet": np.arange(4)[:, None]}
    predictions = model.predict(adult, verbose=0)
    return {"history": history, "scores": scores, "predictions": predictions, "model": model}
