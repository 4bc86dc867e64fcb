"""A saved network under a new head, then fine-tuned."""

import tempfile
from pathlib import Path

import keras
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(37)
    base = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.GlobalMaxPooling2D(name="features"),
            layers.Dense(4, activation="softmax", name="shapes"),
        ]
    )
    base.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    base_history = base.fit(
        data("x_known"), data("as.integer(known) - 1L"), epochs=4, batch_size=32, verbose=0
    )
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "base.keras")
        base.save(path)
        trained = keras.models.load_model(path)
    trained.pop()
    trained.trainable = False

    x, y = data("x_new"), data("y_new")
    inputs = keras.Input((16, 16, 1))
    outputs = layers.Dense(1, activation="sigmoid")(trained(inputs, training=False))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=8, batch_size=20, verbose=0)

    trained.trainable = True
    for layer in trained.layers[:-2]:
        layer.trainable = False
    model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy", metrics=["accuracy"])
    fine_history = model.fit(x, y, epochs=3, batch_size=20, verbose=0)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    predictions = model.predict(x, verbose=0)
    return {
        "base_history": base_history, "history": history, "fine_history": fine_history,
        "scores": scores, "predictions": predictions, "base": base, "model": model,
        "length(model$trainable_weights)": len(model.trainable_weights),
    }  # fmt: skip
