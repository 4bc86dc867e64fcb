"""Two named outputs with their own losses."""

import keras
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(67)
    inputs = keras.Input((5,), name="car")
    trunk = layers.Dense(16, activation="relu", name="trunk")(inputs)
    trunk = layers.LayerNormalization()(trunk)
    mpg = layers.Dense(1, name="mpg")(trunk)
    manual = layers.Dense(1, activation="sigmoid", name="manual")(trunk)
    model = keras.Model(inputs, {"mpg": mpg, "manual": manual})
    model.compile(
        keras.optimizers.Adam(0.02),
        loss={"mpg": "mse", "manual": "binary_crossentropy"},
        loss_weights={"mpg": 1, "manual": 0.5},
        metrics={"mpg": ["mae"], "manual": ["accuracy"]},
    )
    x, y = data("x"), {"mpg": data("mpg"), "manual": data("manual")}
    history = model.fit(x, y, epochs=20, batch_size=8, validation_split=0.25, verbose=0)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    predictions = model.predict(x, verbose=0)
    return {"history": history, "scores": scores, "predictions": predictions, "model": model}
