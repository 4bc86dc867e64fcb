"""Models for R (R/surface_models.R): construction, layers, weights, summary.

R counts the indices of layers from 1; negative ones count from the end.
"""

from __future__ import annotations

import inspect

import keras

from .arguments import as_shape, whole_number
from .error_text import no_argument
from .indices import zero_based
from .methods import keywords_of

__all__ = [
    "dims_of",
    "functional",
    "get_layer",
    "get_weights",
    "sequential",
    "set_trainable",
    "summary",
    "summary_text",
]


def sequential(layers: list, start: dict, name: str | None, trainable: bool):
    """A Sequential model; it has an Input if an argument in `start` is not None."""
    start = {k: v for k, v in start.items() if v is not None}
    for key in ("shape", "batch_shape"):
        if key in start:
            start[key] = as_shape(_whole_dims(key, start[key]))
    if "batch_size" in start:
        size = start["batch_size"]
        start["batch_size"] = whole_number("keras_model_sequential", "input_batch_size", size)
    first = [keras.layers.Input(**start)] if start else []
    return keras.Sequential([*first, *layers], name=name, trainable=trainable)


def _whole_dims(key: str, dims):
    if isinstance(dims, (list, tuple)):
        return [_whole_dims(key, dim) for dim in dims]
    return whole_number("keras_model_sequential", f"input_{key}", dims)


def functional(inputs, outputs, keywords: dict):
    """A functional model from `inputs` to `outputs`."""
    known = ("inputs", "outputs", "name", "trainable")  # Keras ignores other arguments
    for name in keywords:
        if name not in known:
            raise TypeError(no_argument("keras_model", name, known))
    return keras.Model(inputs, outputs, **keywords)


def get_layer(model, name, index):
    """A layer by its name or by its index, counted from 1."""
    if name is not None:
        return model.get_layer(name)
    place = zero_based("get_layer", "index", index)
    layers = model.layers
    if not -len(layers) <= place < len(layers):
        raise IndexError(f"get_layer(): there is no layer {index:g}; the model has {len(layers)}.")
    return layers[place]


def get_weights(x, trainable) -> list:
    """The weights as arrays: all (None), or only the trainable or the non-trainable ones."""
    if trainable is None:
        return x.get_weights()
    group = x.trainable_weights if trainable else x.non_trainable_weights
    return [keras.ops.convert_to_numpy(weight) for weight in group]


def set_trainable(x, trainable: bool, start, stop, which) -> None:
    """Set `trainable` of the layers from `start` to `stop`, or of `which`, and the opposite for the
    other layers. If all three are None, set it for the whole of `x`."""
    if start is None and stop is None and which is None:
        x.trainable = trainable
        return
    function = "unfreeze_weights" if trainable else "freeze_weights"
    if not isinstance(x, keras.Model):
        raise TypeError(
            f"{function}(): `from`, `to` and `which` need a model, but this is a layer."
        )
    if which is not None and (start is not None or stop is not None):
        raise TypeError(f"{function}(): give either `which`, or `from` and `to`.")
    if which is None:
        first, last = _place(x, start, 0), _place(x, stop, len(x.layers) - 1)
        chosen = [first <= i <= last for i in range(len(x.layers))]
    else:
        chosen = _chosen(function, x, which)
    # A layer trains only if its model is trainable; this sets `trainable` of all its layers too.
    x.trainable = True
    for layer, is_chosen in zip(x.layers, chosen, strict=True):
        layer.trainable = trainable if is_chosen else not trainable


def _chosen(function: str, model, which) -> list[bool]:
    """For each layer: is it in `which`, that is names, indices, booleans, or a predicate?"""
    if inspect.isfunction(which):
        which = [which(layer) for layer in model.layers]
        if not all(isinstance(answer, bool) for answer in which):
            raise TypeError(f"{function}(): the function `which` must return TRUE or FALSE.")
    which = which if isinstance(which, list) else [which]
    if which and all(isinstance(item, bool) for item in which):
        if len(which) != len(model.layers):
            raise ValueError(
                f"{function}(): `which` has {len(which)} elements, but the model has "
                f"{len(model.layers)} layers."
            )
        return which
    places = {_place(model, item, 0) for item in which}
    return [place in places for place in range(len(model.layers))]


def _place(model, item, default: int) -> int:
    """The index, from 0, of `item`: a layer, its name, its index from 1, or None for `default`."""
    if item is None:
        return default
    if not isinstance(item, keras.layers.Layer):
        by_name = isinstance(item, str)
        item = model.get_layer(item) if by_name else get_layer(model, None, item)
    return model.layers.index(item)


def summary(model, given: dict, extra: dict, **printing) -> None:
    """``model.summary()``. If R leaves `show_trainable` out, by NA, the summary shows it if a layer
    with weights is not trainable."""
    keywords = keywords_of(model.summary, "summary", given, extra)
    if "show_trainable" not in keywords:
        keywords["show_trainable"] = any(x.weights and not x.trainable for x in model.layers)
    model.summary(**keywords, **printing)


def summary_text(model, given: dict, extra: dict) -> str:
    """The text that `summary()` prints."""
    lines = []
    summary(model, given, extra, print_fn=lambda text, **_: lines.append(text))
    return "\n".join(lines)


def dims_of(x) -> tuple:
    """The dims of a tensor. An open dim is a scalar tensor, or None for a KerasTensor."""
    if keras.ops.is_tensor(x) or isinstance(x, (keras.KerasTensor, keras.Variable)):
        dims = keras.ops.shape(x)
    else:
        dims = x.shape
    return tuple(int(dim) if isinstance(dim, int) else dim for dim in dims)
