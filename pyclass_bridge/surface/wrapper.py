"""What R needs to make a wrapper, and what a wrapper does when R calls it.

The other half is R/surface_wrapper.R, which calls this module `surface_module()`. Importing it does
not import Keras.
"""

from __future__ import annotations

import functools
import inspect
import re
import warnings

from ..for_r.tensor import is_tensor
from . import table
from .arguments import (
    Argument,
    as_data,
    as_operand,
    as_shape,
    convert,
    kind_of,
    r_default,
    whole_beside,
)
from .calls import apply_layer, teach_keras
from .error_text import no_argument, parameters
from .functions import named
from .indices import with_indices
from .names import (
    Wrapped,
    at,
    has_late_arguments,
    is_operation,
    names,
    wrapped_by,
)
from .objects import (
    by_name,
    custom_object_scope,
    custom_objects,
    known,
    model_from_json,
    register,
    set_custom_objects,
    set_state_tree,
)
from .own import adjusted, decode, is_adjusted, preprocess, way_of
from .plain_code import refuse_operation, running

__all__ = [
    "apply_layer",
    "by_name",
    "call",
    "callable_of",
    "class_of",
    "custom_object_scope",
    "custom_objects",
    "decode",
    "describe",
    "model_from_json",
    "named",
    "names",
    "preprocess",
    "register",
    "set_custom_objects",
    "set_state_tree",
    "takes_layer",
    "teach_keras",
]

EMPTY = inspect.Parameter.empty
_LAYER_ARGUMENTS = frozenset({
    "input_shape", "batch_input_shape", "input_dim", "batch_size", "weights"
})  # fmt: skip
_METRIC_END = ("reduction", "name", "dtype")


# ---- for the R wrapper -------------------------------------------------------------------------


def describe(name: str) -> dict:
    """What R needs to make the wrapper: `code` with its formals; `direct`, a function of the
    arguments in order, or None; whether it wraps a class; whether it loads a data set; which
    arguments are shapes, and which are indices."""
    wrapped = wrapped_by(name)
    return {
        "code": f"function({', '.join(_formals(wrapped))}) NULL",
        "direct": _outside_plain_code(name, _direct_call(wrapped))
        if _passes_all(wrapped)
        else None,
        "is_class": wrapped.cls is not None,
        "is_dataset": name in table.DATASETS,
        "shapes": [a.name for a in wrapped.arguments.values() if a.kind == "shape"] + [""],
        "indices": [*getattr(table.INDICES.get(name), "arguments", ()), ""],
    }


def _direct_call(wrapped: Wrapped):
    """A function that converts R vectors to arrays where Keras takes tensors, and calls Keras."""
    return _outside_plain_code(wrapped.name, _converting_call(wrapped))


def _converting_call(wrapped: Wrapped):
    function, convert_data = wrapped.function, _converter(wrapped)
    is_tensor = [argument.is_tensor for argument in wrapped.arguments.values()]
    if is_tensor == [True]:
        return lambda x: function(convert_data(x))
    if is_tensor == [True, True]:
        return lambda *pair: function(*map(convert_data, whole_beside(pair)))
    return lambda *values: function(
        *[
            convert_data(value) if takes else value
            for takes, value in zip(is_tensor, whole_beside(values), strict=True)
        ]
    )


def _outside_plain_code(name: str, function):
    def call(*values):
        if running.value is not None:
            refuse_operation(name)
        return function(*values)

    return call


def _converter(wrapped: Wrapped):
    """What makes arrays of R's data for `wrapped`."""
    return as_operand if wrapped.name.startswith("op_") else as_data


def _passes_all(wrapped: Wrapped) -> bool:
    """Is it a function whose arguments are all required, need no conversion but to arrays, and keep
    Keras' order?"""
    plain = all(a.required and a.kind == "any" for a in wrapped.arguments.values())
    special = wrapped.cls or wrapped.open or wrapped.first or wrapped.before_dots is not None
    tables = (table.INDICES, table.ORDERS, table.RESULT_NAMES)
    special = special or any(wrapped.name in known for known in tables)
    special = special or is_adjusted(wrapped)
    is_op = wrapped.name.startswith(("op_", "activation_")) and "dtype" not in wrapped.arguments
    return is_op and plain and not special and len(wrapped.arguments) > 0


def _formals(wrapped: Wrapped) -> list[str]:
    formals = []
    indices = getattr(table.INDICES.get(wrapped.name), "arguments", ())
    for argument in wrapped.arguments.values():
        default = r_default(argument, counted=argument.name in indices)
        name = (
            argument.name if re.fullmatch(r"[A-Za-z]\w*", argument.name) else (f"`{argument.name}`")
        )
        formals.append(name if default is None else f"{name} = {default}")
    if wrapped.name in table.INDICES:
        formals.append("zero_indexed = FALSE")
    at = len(formals)
    if wrapped.merges:
        at = 0
    elif wrapped.before_dots is not None:
        at = len(wrapped.before_dots)
    elif has_late_arguments(wrapped.name, wrapped.family, wrapped.arguments):
        at = list(wrapped.arguments).index("loss_scale_factor")
    elif wrapped.family in ("loss", "metric") and wrapped.cls is not None:
        ends = [i for i, a in enumerate(wrapped.arguments) if a in _METRIC_END]
        at = min(ends, default=at) if wrapped.computes else 0
    formals.insert(at, "...")
    return [*wrapped.first, *formals]


def class_of(name: str):
    """The class of the instances that the wrapper `name` makes."""
    return wrapped_by(name).cls


def callable_of(name: str):
    """What Keras gets if a wrapper is an argument: the wrapped function, otherwise the class."""
    wrapped = wrapped_by(name)
    return wrapped.function or wrapped.cls


def call(name: str, named: dict, dots: list, extra: dict):
    """A call of the wrapper `name`: `named` are the formals that were given; `dots` and `extra` are
    the arguments in `...` without and with names."""
    result = _result(name, named, dots, extra)
    # A backend may have a class for it, which would stay an object that R counts from 0.
    if isinstance(result, (tuple, list)) and name in table.RESULT_NAMES:
        return dict(zip(table.RESULT_NAMES[name], result, strict=True))
    return result


def _result(name: str, named: dict, dots: list, extra: dict):
    if running.value is not None and is_operation(name):
        refuse_operation(name)
    wrapped = wrapped_by(name)
    first = [named.pop(key) for key in wrapped.first if key in named]
    if wrapped.merges:
        first, dots = _merge_inputs(first, dots), []
    if dots and wrapped.before_dots is None:
        raise TypeError(f"{name}(): further arguments must have names, as in `name = value`.")
    zero_indexed = named.pop("zero_indexed", False) is True
    keywords = _keywords(wrapped, named, extra)
    if is_operation(name):
        _arrays(wrapped, keywords)
        dots = list(map(_converter(wrapped), dots))
    if name in table.INDICES:
        make_call = functools.partial(_call_in_order, wrapped, dots)
        return with_indices(name, keywords, zero_indexed, make_call)
    if wrapped.is_layer:
        return compose(wrapped, first, keywords)
    if wrapped.computes and first:
        return _computed(wrapped, first, keywords)
    if wrapped.computing and not wrapped.computing.isdisjoint(keywords):
        raise TypeError(_only_computing(wrapped, keywords))
    if wrapped.family in ("loss", "metric") and wrapped.cls is None:
        return wrapped.function
    way = way_of(wrapped)
    if way is not None:
        return way(wrapped, keywords, lambda given: _call(wrapped, wrapped.target, (), given))
    return _call_in_order(wrapped, dots, keywords)


def _call_in_order(wrapped: Wrapped, dots: list, keywords: dict):
    """Call Keras with the arguments before Python's `*args` by position."""
    before = [wrapped.arguments[key].keras_name for key in wrapped.before_dots or ()]
    positional = [keywords.pop(key) for key in before if key in keywords]
    return _call(wrapped, wrapped.target, [*positional, *dots], keywords)


def _arrays(wrapped: Wrapped, keywords: dict) -> None:
    """Convert R vectors to arrays where Keras takes tensors, and whole numbers beside tensors of
    integers to integers."""
    stay_doubles = keywords.get("dtype") is not None
    names = [a.keras_name for a in wrapped.arguments.values() if a.is_tensor]
    constants = [a.keras_name for a in wrapped.arguments.values() if a.name in table.CONSTANTS]
    given = [name for name in (*names, *constants) if name in keywords]
    keywords |= zip(given, whole_beside([keywords[name] for name in given]), strict=True)
    for name in names:
        if name in keywords:
            keep = stay_doubles or (wrapped.name, name) in table.DOUBLES
            way = functools.partial(as_operand, stay_doubles=True) if keep else _converter(wrapped)
            keywords[name] = way(keywords[name])


def _keywords(wrapped: Wrapped, named: dict, extra: dict) -> dict:
    if extra and not wrapped.open and not set(extra) <= set(wrapped.arguments):
        raise TypeError(_wrong_argument(wrapped, extra))
    keywords = {}
    for key, value in (wrapped.own_defaults | named | extra).items():
        if key != "custom_objects":
            _refuse_class(wrapped.name, key, value)
        argument = wrapped.arguments.get(key)
        if argument is None:
            argument = Argument(key, key, kind_of(wrapped.name, key, EMPTY, ""))
        keywords[argument.keras_name] = convert(wrapped.name, argument, value)
    return adjusted(wrapped, keywords)


def _refuse_class(function: str, name: str, value) -> None:
    if isinstance(value, type) and "__r_class__" in vars(value):
        raise TypeError(
            f"{function}(): `{name}` is the class `{value.__name__}`, not an instance of it: did "
            "you forget `()`?"
        )


def _known(wrapped: Wrapped) -> list[str]:
    """The names of all arguments, including those of base classes if Keras passes them on."""
    known = [*wrapped.first, *wrapped.arguments]
    if wrapped.open and wrapped.cls is not None:
        for base in wrapped.cls.__mro__[1:-1]:
            if "__init__" in vars(base):
                known += parameters(base)
        if wrapped.is_layer:
            known += [*_LAYER_ARGUMENTS, "name", "dtype", "trainable", "activity_regularizer"]
    return list(dict.fromkeys(known))


def _wrong_argument(wrapped: Wrapped, extra: dict) -> str | None:
    """The error text for the first name in `extra` that is not an argument; None if all are."""
    known = _known(wrapped)
    wrong = next((key for key in extra if key not in known), None)
    return None if wrong is None else no_argument(wrapped.name, wrong, known)


def _call(wrapped: Wrapped, target, positional, keywords: dict):
    """Call `target`; the error for an argument that Keras refuses suggests the nearest name."""
    try:
        if not wrapped.makes_again:
            return target(*positional, **keywords)
        with known(*(x for x in keywords.values() if isinstance(x, at("layers.Layer")))):
            return target(*positional, **keywords)
    except (TypeError, ValueError) as error:
        extra = {k: v for k, v in keywords.items() if k not in _keras_names(wrapped)}
        sentence = _wrong_argument(wrapped, extra) if extra else None
        if sentence is None and not positional:
            sentence = _missing_argument(wrapped, keywords)
        if sentence is None:
            raise
        raise TypeError(sentence) from error


def _keras_names(wrapped: Wrapped) -> set[str]:
    return {argument.keras_name for argument in wrapped.arguments.values()}


def _missing_argument(wrapped: Wrapped, keywords: dict) -> str | None:
    missing = [
        f"`{a.name}`"
        for a in wrapped.arguments.values()
        if a.required and a.keras_name not in keywords
    ]
    return f"{wrapped.name}() needs the argument {', '.join(missing)}." if missing else None


# ---- layers ------------------------------------------------------------------------------------


def _merge_inputs(first: list, dots: list) -> list:
    """The inputs of layer_add() and similar layers, given as a list or as several arguments."""
    if not first:
        return []
    inputs = first[0] if isinstance(first[0], list) and not dots else first + dots
    return [inputs]


def _input_shape(wrapped: Wrapped, keywords: dict) -> dict:
    """The arguments of an Input, removed from `keywords` of the layer, since Keras prefers an Input
    before the layer to an `input_shape` of the layer."""
    taken = {
        key: keywords.pop(key)
        for key in ("input_shape", "batch_input_shape", "input_dim")
        if key in keywords and key not in wrapped.arguments
    }
    if taken.get("batch_input_shape") is not None:
        return {"batch_shape": tuple(taken["batch_input_shape"])}
    shape = taken.get("input_shape", taken.get("input_dim"))
    return {} if shape is None else {"shape": as_shape(shape)}


def compose(wrapped: Wrapped, first: list, keywords: dict):
    """The layer, composed with the first argument: added to a Sequential model, or called on a
    tensor or a list of tensors. Without a first argument, the layer itself."""
    shape = _input_shape(wrapped, keywords)
    before = first[0] if first else None
    if before is None and shape:
        # The layer may become the first of a model: Keras accepts the shape, but warns.
        keywords["input_shape"] = shape.get("shape") or shape["batch_shape"][1:]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return _call(wrapped, wrapped.cls, (), keywords)
    _refuse_as_object(wrapped, before)
    before = as_data(before)
    layer = _call(wrapped, wrapped.cls, (), keywords)
    if before is None:
        return layer
    return apply_layer(before, layer, at("layers").Input(**shape) if shape else None)


def _refuse_as_object(wrapped: Wrapped, before) -> None:
    """Raise TypeError if a layer can't be composed with the first argument; often the user forgot
    the name of an argument."""
    if isinstance(before, (str, int, float, bool, type)):
        raise TypeError(
            f"{wrapped.name}(): its first argument must be a Sequential model, a tensor or a "
            f"list of tensors, not {before!r}. Give the other arguments by name."
        )
    if isinstance(before, at("Model")) and not isinstance(before, at("Sequential")):
        raise TypeError(
            f"{wrapped.name}(): layers can't be added to a model of class "
            f"{type(before).__name__}. Give its output, `model$output`, and make a new model with "
            "keras_model()."
        )


def takes_layer(x) -> bool:
    """Can a layer be composed with `x`? It can with a Sequential model, a tensor, or a list of
    tensors."""
    if isinstance(x, (list, tuple)):
        return len(x) > 0 and all(is_tensor(item) for item in x)
    return is_tensor(x) or isinstance(x, at("Sequential"))


# ---- losses, metrics ---------------------------------------------------------------------------


def _computed(wrapped: Wrapped, first: list, keywords: dict):
    if len(first) != 2:
        raise TypeError(f"{wrapped.name}() needs both `y_true` and `y_pred` to compute a value.")
    # Only loss objects reduce; the function returns a value for each sample.
    taken = inspect.signature(wrapped.function).parameters
    shown = {a.keras_name: a.default for a in wrapped.arguments.values() if not a.required}
    keywords = {key: value for key, value in (shown | keywords).items() if key in taken}
    return wrapped.function(*map(as_data, first), **keywords)


def _only_computing(wrapped: Wrapped, keywords: dict) -> str:
    names = ", ".join(f"`{key}`" for key in keywords if key in wrapped.computing)
    return f"{wrapped.name}() takes {names} only together with `y_true` and `y_pred`."
