"""How R calls an instance of Keras: `__r_call__` of the classes, which the core looks up.

R's numbers are doubles, and its vectors are no lists of scalars. A layer called on a Sequential
model goes onto it, as `layer_*()` in a pipe does. Python's own calls are Keras' own.
"""

from __future__ import annotations

from .arguments import as_data, shape_of_numbers
from .names import at


def apply_layer(before, layer, start=None):
    """`layer` put onto `before`, as `layer_*(object)` does; `start` is the Input of a new model."""
    if isinstance(before, at("Sequential")):
        if start is not None and not before.layers:
            before.add(start)
        before.add(layer)
        return before
    if isinstance(layer, (at("layers.MultiHeadAttention"), at("layers.GroupQueryAttention"))):
        # One tensor alone attends to itself.
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
    """Tell Keras' classes how R calls their instances."""
    at("layers.Layer").__r_call__ = _call_layer
    at("initializers.Initializer").__r_call__ = _call_initializer
    for path in ("constraints.Constraint", "losses.Loss", "regularizers.Regularizer"):
        at(path).__r_call__ = _call_on_data
