"""What the R wrappers of the Keras surface are made from, and what they do when they are called.

R reaches this module as `surface_side()` (R/keras_surface.R). Importing it imports no Keras.
"""

from __future__ import annotations

import functools
import inspect
import re
import warnings

from . import keras_surface_table as table
from .error_text import no_argument, parameters
from .keras_surface_calls import apply_layer, teach_keras
from .keras_surface_entry import (
    Entry,
    at,
    entry_of,
    has_late_arguments,
    is_operation,
    names,
)
from .keras_surface_indices import with_indices
from .keras_surface_objects import (
    by_name,
    custom_object_scope,
    model_from_json,
    register,
    set_custom_objects,
    set_state_tree,
)
from .keras_surface_own import adjusted, decode, preprocess, way_of
from .keras_surface_values import Argument, as_data, as_shape, convert, kind_of, r_default
from .r_side_tensor import is_tensor

__all__ = [
    "apply_layer",
    "call",
    "callable_of",
    "class_of",
    "custom_object_scope",
    "decode",
    "describe",
    "model_from_json",
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
    """What the R wrapper is made from: `code` with its formals, `direct`, a function that takes the
    arguments in order, or None, whether it stands for a class, and whether for a data set."""
    entry = entry_of(name)
    return {
        "code": f"function({', '.join(_formals(entry))}) NULL",
        "direct": _direct_call(entry) if _passes_all(entry) else None,
        "is_class": entry.cls is not None,
        "is_dataset": name in table.DATASETS,
        "shapes": [a.name for a in entry.arguments.values() if a.kind == "shape"] + [""],
        "indices": [*getattr(table.INDICES.get(name), "arguments", ()), ""],
    }


def _direct_call(entry: Entry):
    """Keras' function, which gets R vectors for tensors as the arrays they are."""
    function = entry.function
    ways = [as_data if argument.is_tensor else None for argument in entry.arguments.values()]
    if ways == [as_data]:
        return lambda x: function(as_data(x))
    if ways == [as_data, as_data]:
        return lambda x, y: function(as_data(x), as_data(y))
    return lambda *values: function(
        *[way(value) if way else value for value, way in zip(values, ways, strict=True)]
    )


def _passes_all(entry: Entry) -> bool:
    """Is it a function of required arguments that all pass as they are, in Keras' order?"""
    plain = all(a.required and a.kind == "any" for a in entry.arguments.values())
    special = entry.cls or entry.open or entry.first or entry.before_dots is not None
    special = special or entry.name in table.INDICES or entry.name in table.ORDERS
    is_op = entry.name.startswith(("op_", "activation_")) and "dtype" not in entry.arguments
    return is_op and plain and not special and len(entry.arguments) > 0


def _formals(entry: Entry) -> list[str]:
    formals = []
    for argument in entry.arguments.values():
        default = r_default(argument)
        name = argument.name if re.fullmatch(r"[A-Za-z]\w*", argument.name) else (
            f"`{argument.name}`"
        )
        formals.append(name if default is None else f"{name} = {default}")
    if entry.name in table.INDICES:
        formals.append("zero_indexed = FALSE")
    at = len(formals)
    if entry.merges:
        at = 0
    elif entry.before_dots is not None:
        at = len(entry.before_dots)
    elif has_late_arguments(entry.name, entry.family, entry.arguments):
        at = list(entry.arguments).index("loss_scale_factor")
    elif entry.family in ("loss", "metric") and entry.cls is not None:
        ends = [i for i, a in enumerate(entry.arguments) if a in _METRIC_END]
        at = min(ends, default=at) if entry.computes else 0
    formals.insert(at, "...")
    return [*entry.first, *formals]


def class_of(name: str):
    """The class that the R wrapper `name` makes instances of."""
    return entry_of(name).cls


def callable_of(name: str):
    """What Keras takes for the wrapper itself: its function, else its class."""
    entry = entry_of(name)
    return entry.function or entry.cls


def call(name: str, named: dict, dots: list, extra: dict):
    """What the R wrapper `name` does: `named` are the formals that were given, `dots` and `extra`
    what came in `...` without and with names."""
    entry = entry_of(name)
    first = [named.pop(key) for key in entry.first if key in named]
    if entry.merges:
        first, dots = _merge_inputs(first, dots), []
    if dots and entry.before_dots is None:
        raise TypeError(f"{name}() takes its further arguments by name, as in `name = value`.")
    zero_indexed = named.pop("zero_indexed", False) is True
    keywords = _keywords(entry, named, extra)
    if is_operation(name):
        _arrays(entry, keywords)
        dots = [as_data(value) for value in dots]
    if name in table.INDICES:
        make_call = functools.partial(_call_in_order, entry, dots)
        return with_indices(name, keywords, zero_indexed, make_call)
    if entry.is_layer:
        return compose(entry, first, keywords)
    if entry.computes and first:
        return _computed(entry, first, keywords)
    if entry.computing and not entry.computing.isdisjoint(keywords):
        raise TypeError(_only_computing(entry, keywords))
    if entry.family in ("loss", "metric") and entry.cls is None:
        return entry.function
    way = way_of(entry)
    if way is not None:
        return way(entry, keywords, lambda given: _call(entry, entry.target, (), given))
    return _call_in_order(entry, dots, keywords)


def _call_in_order(entry: Entry, dots: list, keywords: dict):
    """The call, with what stands before Python's `*args` in its place."""
    before = [entry.arguments[key].keras_name for key in entry.before_dots or ()]
    positional = [keywords.pop(key) for key in before if key in keywords]
    return _call(entry, entry.target, [*positional, *dots], keywords)


def _arrays(entry: Entry, keywords: dict) -> None:
    """R vectors as the arrays they are."""
    keeps_doubles = keywords.get("dtype") is not None
    for argument in entry.arguments.values():
        name = argument.keras_name
        if argument.is_tensor and name in keywords:
            keywords[name] = as_data(keywords[name], keeps_doubles)


def _keywords(entry: Entry, named: dict, extra: dict) -> dict:
    if extra and not entry.open and not set(extra) <= set(entry.arguments):
        raise TypeError(_wrong_argument(entry, extra))
    keywords = {}
    for key, value in (named | extra).items():
        if key != "custom_objects":
            _refuse_class(entry.name, key, value)
        argument = entry.arguments.get(key)
        if argument is None:
            argument = Argument(key, key, kind_of(entry.name, key, EMPTY, ""))
        keywords[argument.keras_name] = convert(entry.name, argument, value)
    if "custom_objects" in keywords:
        keywords["custom_objects"] = by_name(keywords["custom_objects"])
    return adjusted(entry, keywords)


def _refuse_class(function: str, name: str, value) -> None:
    if isinstance(value, type) and "__r_class__" in vars(value):
        raise TypeError(
            f"{function}(): `{name}` is the class `{value.__name__}`, not an instance of it: did "
            "you forget `()`?"
        )


def _known(entry: Entry) -> list[str]:
    """The names that can be given, with those of the base classes where Keras passes them on."""
    known = [*entry.first, *entry.arguments]
    if entry.open and entry.cls is not None:
        for base in entry.cls.__mro__[1:-1]:
            if "__init__" in vars(base):
                known += parameters(base)
        if entry.is_layer:
            known += [*_LAYER_ARGUMENTS, "name", "dtype", "trainable", "activity_regularizer"]
    return list(dict.fromkeys(known))


def _wrong_argument(entry: Entry, extra: dict) -> str | None:
    """The sentence about the first of `extra` that is no argument; None if all are."""
    known = _known(entry)
    wrong = next((key for key in extra if key not in known), None)
    return None if wrong is None else no_argument(entry.name, wrong, known)


def _call(entry: Entry, target, positional, keywords: dict):
    """Call `target`; an argument that Keras refuses is named with the nearest one."""
    try:
        return target(*positional, **keywords)
    except (TypeError, ValueError) as error:
        extra = {k: v for k, v in keywords.items() if k not in _keras_names(entry)}
        sentence = _wrong_argument(entry, extra) if extra else None
        if sentence is None and not positional:
            sentence = _missing_argument(entry, keywords)
        if sentence is None:
            raise
        raise TypeError(sentence) from error


def _keras_names(entry: Entry) -> set[str]:
    return {argument.keras_name for argument in entry.arguments.values()}


def _missing_argument(entry: Entry, keywords: dict) -> str | None:
    missing = [
        f"`{a.name}`" for a in entry.arguments.values()
        if a.required and a.keras_name not in keywords
    ]
    return f"{entry.name}() needs the argument {', '.join(missing)}." if missing else None


# ---- layers ------------------------------------------------------------------------------------


def _merge_inputs(first: list, dots: list) -> list:
    """The inputs of layer_add() and its like: one list, or one after the other."""
    if not first:
        return []
    inputs = first[0] if isinstance(first[0], list) and not dots else first + dots
    return [inputs]


def _input_shape(entry: Entry, keywords: dict) -> dict:
    """The arguments of an Input, taken out of those of the layer: Keras wants an Input before the
    layer, not the shape in it."""
    taken = {
        key: keywords.pop(key)
        for key in ("input_shape", "batch_input_shape", "input_dim")
        if key in keywords and key not in entry.arguments
    }
    if taken.get("batch_input_shape") is not None:
        return {"batch_shape": tuple(taken["batch_input_shape"])}
    shape = taken.get("input_shape", taken.get("input_dim"))
    return {} if shape is None else {"shape": as_shape(shape)}


def compose(entry: Entry, first: list, keywords: dict):
    """The layer, put onto what comes before it: added to a Sequential model, called on a tensor or
    a list of tensors; alone when there is nothing before it."""
    shape = _input_shape(entry, keywords)
    before = first[0] if first else None
    if before is None and shape:
        # A layer that starts a model later: Keras takes the shape, but warns of it.
        keywords["input_shape"] = shape.get("shape") or shape["batch_shape"][1:]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return _call(entry, entry.cls, (), keywords)
    _refuse_as_object(entry, before)
    before = as_data(before)
    layer = _call(entry, entry.cls, (), keywords)
    if before is None:
        return layer
    return apply_layer(before, layer, at("layers").Input(**shape) if shape else None)


def _refuse_as_object(entry: Entry, before) -> None:
    """An R user who forgets the name of the first argument after `object` gets here."""
    if isinstance(before, (str, int, float, bool, type)):
        raise TypeError(
            f"{entry.name}(): its first argument is a Sequential model, a tensor or a list of "
            f"tensors, not {before!r}. Give the other arguments by name."
        )
    if isinstance(before, at("Model")) and not isinstance(before, at("Sequential")):
        raise TypeError(
            f"{entry.name}(): a model of class {type(before).__name__} takes no further layers. "
            "Give its output, `model$output`, and make a new model with keras_model()."
        )


def takes_layer(x) -> bool:
    """Is `x` what a layer is put onto: a Sequential model, a tensor, or tensors in a list?"""
    if isinstance(x, (list, tuple)):
        return len(x) > 0 and all(is_tensor(item) for item in x)
    return is_tensor(x) or isinstance(x, at("Sequential"))


# ---- losses, metrics ---------------------------------------------------------------------------


def _computed(entry: Entry, first: list, keywords: dict):
    if len(first) != 2:
        raise TypeError(f"{entry.name}() computes with both `y_true` and `y_pred`.")
    # The reduction of a loss object is a matter of its construction; a value per sample is given.
    taken = inspect.signature(entry.function).parameters
    shown = {a.keras_name: a.default for a in entry.arguments.values() if not a.required}
    keywords = {key: value for key, value in (shown | keywords).items() if key in taken}
    return entry.function(*map(as_data, first), **keywords)


def _only_computing(entry: Entry, keywords: dict) -> str:
    names = ", ".join(f"`{key}`" for key in keywords if key in entry.computing)
    return f"{entry.name}() takes {names} only together with `y_true` and `y_pred`."
