"""A denoising autoencoder."""

import keras
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(41)
    noisy, clean = data("noisy"), data("clean")
    same = {"activation": "relu", "padding": "same"}
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(8, 3, **same)(inputs)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(8, 3, **same)(x)
    code = layers.MaxPooling2D(2, padding="same", name="code")(x)
    x = layers.Conv2DTranspose(8, 3, strides=2, **same)(code)
    x = layers.Conv2DTranspose(8, 3, strides=2, **same)(x)
    outputs = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    autoencoder, encoder = keras.Model(inputs, outputs), keras.Model(inputs, code)
    autoencoder.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    history = autoencoder.fit(
        noisy[:250], clean[:250], epochs=8, batch_size=25,
        validation_data=(noisy[250:], clean[250:]), verbose=0,
    )  # fmt: skip
    return {
        "history": history,
        "predictions": autoencoder.predict(noisy[250:], verbose=0),
        "codes": encoder.predict(noisy[250:], verbose=0),
        "autoencoder": autoencoder,
    }
