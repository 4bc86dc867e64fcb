"""Learning-rate schedules, one of one's own, and a scheduler as a callback."""

import keras
from keras import layers, ops

from support.keras_twins import data

schedules = keras.optimizers.schedules


class Triangle(schedules.LearningRateSchedule):
    def __init__(self, low, high, period):
        self.low = low
        self.high = high
        self.period = period

    def __call__(self, step):
        phase = ops.cast(step, "float32") % self.period / self.period
        return self.low + (self.high - self.low) * (1 - ops.abs(2 * phase - 1))


def fitted(x, y, learning_rate, callbacks=None):
    keras.utils.set_random_seed(53)
    model = keras.Sequential([keras.Input((2,)), layers.Dense(24, "tanh"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(learning_rate, momentum=0.9), "mse")
    history = model.fit(x, y, epochs=12, batch_size=40, callbacks=callbacks, verbose=0)
    return model, history


def train():
    x, y = data("x"), data("y")
    exponential, exponential_history = fitted(
        x, y, schedules.ExponentialDecay(0.1, 20, 0.8, staircase=True)
    )
    cosine = schedules.CosineDecay(0.001, 100, warmup_target=0.1, warmup_steps=20)
    triangle = Triangle(0.005, 0.1, 60)
    halve = keras.callbacks.LearningRateScheduler(
        lambda epoch, lr: lr / 2 if epoch > 0 and epoch % 4 == 0 else lr
    )
    model, halved_history = fitted(x, y, 0.1, [halve])
    return {
        "exponential_history": exponential_history,
        "exponential$model": exponential,
        "cosine_history": fitted(x, y, cosine)[1],
        "triangle_history": fitted(x, y, triangle)[1],
        "as.numeric(triangle(15))": float(triangle(15)),
        "halved_history": halved_history,
        "model": model,
        "predictions": model.predict(x[:10], verbose=0),
    }
