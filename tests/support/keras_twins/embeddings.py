"""Users and films as points."""

import keras
import numpy as np
from keras import layers

from support.keras_twins import data


def points(inputs, n, name):
    embedding = layers.Embedding(
        n, 3,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.3),
        embeddings_regularizer=keras.regularizers.L2(1e-4),
        name=name,
    )  # fmt: skip
    return layers.Flatten()(embedding(inputs))


def train():
    keras.utils.set_random_seed(23)
    user = keras.Input((1,), dtype="int32", name="user")
    film = keras.Input((1,), dtype="int32", name="film")
    match = layers.Dot(axes=1)([points(user, 40, "users"), points(film, 25, "films")])
    bias = layers.Embedding(25, 1, embeddings_initializer="zeros", name="film_bias")(film)
    rating = layers.Rescaling(1, offset=3)(layers.Add()([match, layers.Flatten()(bias)]))
    model = keras.Model([user, film], rating)
    model.compile(keras.optimizers.Adam(0.03), "mse")

    x, y = [data("user"), data("film")], data("stars")
    history = model.fit(x, y, epochs=12, batch_size=50, validation_split=0.15, verbose=0)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    predictions = model.predict([np.zeros(25, "int32"), np.arange(25)], verbose=0)
    return {"history": history, "scores": scores, "predictions": predictions, "model": model}
