"""`_r_call` of Keras' classes, which the core calls when R calls an instance. It has no other
half in R.

R's doubles and vectors become integers and arrays where Keras takes these. A layer called on a
Sequential model is added to it, as by `layer_*()` in a pipe. Calls from Python do not change.
"""

from __future__ import annotations

from .arguments import as_data, shape_of_numbers
from .names import at


def apply_layer(before, layer, start=None):
    """`layer` composed with `before`, as `layer_*()` does; `start` is the Input of a new model."""
    if isinstance(before, at("Sequential")):
        if start is not None and not before.layers:
            before.add(start)
        before.add(layer)
        return before
    if isinstance(layer, (at("layers.MultiHeadAttention"), at("layers.GroupQueryAttention"))):
        # A single tensor is both query and value: self-attention.
        return layer(*before) if isinstance(before, list) else layer(before, before)
    return layer(before)


def _call_layer(layer, *inputs, **keywords):
    if len(inputs) == 1 and not keywords and isinstance(inputs[0], at("Sequential")):
        return apply_layer(inputs[0], layer)
    return layer(*map(as_data, inputs), **keywords)


def _call_initializer(initializer, *arguments, **keywords):
    name = type(initializer).__name__
    if arguments:
        arguments = (shape_of_numbers(name, arguments[0]), *arguments[1:])
    elif "shape" in keywords:
        keywords["shape"] = shape_of_numbers(name, keywords["shape"])
    return initializer(*arguments, **keywords)


def _call_on_data(function, *data, **keywords):
    return function(*map(as_data, data), **{k: as_data(v) for k, v in keywords.items()})


def teach_keras() -> None:
    """Set `_r_call` of Keras' classes."""
    # One underscore, so that help() of a layer does not show it.
    at("layers.Layer")._r_call = _call_layer
    at("initializers.Initializer")._r_call = _call_initializer
    for path in ("constraints.Constraint", "losses.Loss", "regularizers.Regularizer"):
        at(path)._r_call = _call_on_data
