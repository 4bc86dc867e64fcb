"""What a training and the one that it resumes must have in common: optimizer, layers, loss.

As plain values, which a checkpoint holds and `same()` compares.
"""

from __future__ import annotations

import weakref

import keras
import numpy as np

# Callbacks change the learning rate, so this is the configuration before an optimizer trains.
_compiled: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def optimizer_of(model) -> dict:
    """The class and the configuration of the optimizer, as the model was compiled with it."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:  # Keras raises the error of a model that is not compiled
        return {}
    if optimizer not in _compiled:
        config = _without_names(optimizer.get_config())
        _compiled[optimizer] = {"class": type(optimizer).__name__, **config}
    return _compiled[optimizer]


def _without_names(config):
    """Keras numbers the names within a session, also that of an optimizer within another one."""
    if not isinstance(config, dict):
        return config
    return {key: _without_names(value) for key, value in config.items() if key != "name"}


def layers_of(model) -> list:
    """Of each layer its class, the shapes of its weights and its settings."""
    return [
        (type(layer).__name__, [tuple(weight.shape) for weight in layer.weights], _settings(layer))
        for layer in model.layers
    ]


def _settings(layer) -> dict:
    """The plain values in the configuration of a layer of Keras, without its name, which is
    another one in each session, and `trainable`, which a callback may change."""
    if not type(layer).__module__.startswith("keras."):
        return {}
    return {
        key: value
        for key, value in layer.get_config().items()
        if key not in ("name", "trainable") and isinstance(value, (str, bool, int, float))
    }


def loss_of(model) -> str:
    """The name of the loss, or of several losses in one string."""
    losses = keras.tree.flatten(model.loss)
    named = [getattr(x, "name", None) or getattr(x, "__name__", x) for x in losses]
    return ", ".join(map(str, named))


def same(a, b) -> bool:
    """Are these values equal, with arrays of one dtype and NaN equal to NaN?"""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)
