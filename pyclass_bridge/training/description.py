"""Descriptions of the optimizer, layers and loss, which a resumed training must not change.

They are plain values, which a checkpoint holds and `same()` compares.
"""

from __future__ import annotations

import weakref

import keras
import numpy as np

# The configuration of each optimizer before it first trains: callbacks change the learning rate.
_compiled: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def optimizer_of(model) -> dict:
    """The class and the configuration of the model's optimizer, as they were at the first call."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:  # Keras raises the error of a model that is not compiled
        return {}
    if optimizer not in _compiled:
        config = _without_names(optimizer.get_config())
        _compiled[optimizer] = {"class": type(optimizer).__name__, **config}
    return _compiled[optimizer]


def _without_names(config):
    """`config` without `name`, also in nested configurations: Keras numbers names per session."""
    if not isinstance(config, dict):
        return config
    return {key: _without_names(value) for key, value in config.items() if key != "name"}


def layers_of(model) -> list:
    """The class, the shapes of the weights, and the settings of each layer."""
    return [
        (type(layer).__name__, [tuple(weight.shape) for weight in layer.weights], _settings(layer))
        for layer in model.layers
    ]


def _settings(layer) -> dict:
    """The plain values in the configuration of one of Keras' layers, without `name`, which differs
    between sessions, and `trainable`, which a callback may change."""
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
    """Are these values equal? Arrays must have the same dtype, and a float NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)
