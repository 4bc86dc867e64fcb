"""Metrics of Keras', one from a function, one as a class."""

import keras
from keras import layers, ops

from support.keras_twins import data


def sure(y_true, y_pred):
    return ops.mean(ops.max(y_pred, axis=-1) > 0.8)


class Found(keras.metrics.Metric):
    def __init__(self, species, name="found", **kwargs):
        super().__init__(name=name, **kwargs)
        self.species = species
        self.found = self.add_weight(shape=(), initializer="zeros", name="found")
        self.all = self.add_weight(shape=(), initializer="zeros", name="all")

    def update_state(self, y_true, y_pred, sample_weight=None):
        is_species = ops.cast(y_true[:, self.species], "float32")
        is_predicted = ops.cast(ops.argmax(y_pred, axis=-1) == self.species, "float32")
        self.found.assign_add(ops.sum(is_species * is_predicted))
        self.all.assign_add(ops.sum(is_species))

    def result(self):
        return ops.divide_no_nan(self.found, self.all)

    def reset_state(self):
        self.found.assign(0)
        self.all.assign(0)


def train():
    keras.utils.set_random_seed(21)
    x = data("x")
    y = keras.utils.to_categorical(data("as.integer(flowers$Species) - 1"), 3)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(3, "softmax")]
    )
    model.compile(
        keras.optimizers.Adam(0.02),
        "categorical_crossentropy",
        metrics=[
            "accuracy",
            keras.metrics.AUC(name="auc"),
            keras.metrics.F1Score(average="macro"),
            sure,
            Found(2, name="virginica"),
        ],
    )
    history = model.fit(x, y, epochs=10, batch_size=30, validation_split=0.2, verbose=0)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    predictions = model.predict(x, verbose=0)
    accuracy = keras.metrics.CategoricalAccuracy()
    accuracy.update_state(y, predictions)
    first = keras.losses.categorical_crossentropy(y[:3], predictions[:3])
    return {
        "history": history, "scores": scores, "predictions": predictions, "model": model,
        "as.numeric(accuracy$result())": float(accuracy.result()),
        "as.array(loss_categorical_crossentropy(y[1:3, ], predictions[1:3, ]))": first.numpy(),
    }  # fmt: skip
