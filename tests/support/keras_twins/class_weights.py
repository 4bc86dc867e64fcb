"""Class weights on imbalanced data."""

import keras
import numpy as np
from keras import layers

from support.keras_twins import data


def make_model():
    keras.utils.set_random_seed(61)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.BatchNormalization(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(1e-2),
        "binary_crossentropy",
        metrics=[
            keras.metrics.FalseNegatives(name="fn"),
            keras.metrics.FalsePositives(name="fp"),
            keras.metrics.Precision(name="precision"),
            keras.metrics.Recall(name="recall"),
        ],
    )
    return model


def train():
    x, y = data("x"), data("fraud")
    weights = {0: len(y) / (2 * np.sum(y == 0)), 1: len(y) / (2 * np.sum(y == 1))}
    fitting = {"epochs": 6, "batch_size": 100, "verbose": 0}

    plain = make_model()
    plain_history = plain.fit(x, y, **fitting)
    plain_scores = plain.evaluate(x, y, verbose=0, return_dict=True)
    model = make_model()
    history = model.fit(x, y, class_weight=weights, **fitting)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    sampled = make_model()
    sample_weight = np.where(y == 1, weights[1], weights[0])
    sampled_history = sampled.fit(x, y, sample_weight=sample_weight, **fitting)
    return {
        "plain_history": plain_history, "plain_scores": plain_scores, "plain_model": plain,
        "history": history, "scores": scores, "model": model,
        "sampled_history": sampled_history, "sampled_model": sampled,
        "predictions": model.predict(x, verbose=0),
    }  # fmt: skip
