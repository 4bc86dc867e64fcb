"""Explanations of errors about the data, in the dims of the user's R values. It has no other half
in R.

The data are examined only after Keras has refused them, so a training without errors costs nothing.
The exception is not changed, but gets the attribute `explanation`, which R shows in place of its
text. The model can be trained afterwards, with correct data.
"""

from __future__ import annotations

import contextlib
import re
import traceback
import weakref

import numpy as np

from ..for_r.tensor import dims
from .error_text import no_part
from .jax_state import values_given_back
from .workers import workers_ended

# The parts of the data, in Keras' order.
_PARTS = ("x", "y", "sample_weight")

# The attributes of a model that hold its compiled functions.
_COMPILED = ("train_function", "test_function", "predict_function")


def explained(model, method: str, keywords: dict, failures=(), given: dict | None = None):
    """Call ``model.<method>(**keywords)``; an error about the data gets an explanation. `given` are
    the user's arguments, if `keywords` has others. If `failures` has an exception, which an R
    function raised while it made the data, this is raised."""
    _forget_other_ranks(model, method, given or keywords)
    try:
        with values_given_back(model), workers_ended(keywords.values()):
            return getattr(model, method)(**keywords)
    except BaseException as error:
        _forget_compiled(model)
        if not isinstance(error, Exception):
            raise
        if failures and error is not failures[0]:
            _raise_first(failures, error)
        if failures:
            failures.clear()  # the error's frames refer to it
        sentence = _sentence(model, method, given or keywords, str(error))
        if sentence is not None:
            with contextlib.suppress(AttributeError):  # an exception with slots takes no attribute
                error.explanation = sentence
        raise


def _raise_first(failures: list, error: Exception):
    """Raise what an R function has raised in place of the library's `error`, whose frames have the
    iterator over the data, and are emptied: a thread of TensorFlow waits in it."""
    first = failures[0]
    failures.clear()
    traceback.clear_frames(error.__traceback__)
    try:
        raise first from error
    finally:
        del first, error  # they refer to this frame


# The compiled functions that a method uses for its data and for `validation_data`.
_USES = {
    "fit": ("train", "test"), "train_on_batch": ("train",), "evaluate": ("test",),
    "test_on_batch": ("test",),
}  # fmt: skip

# For each model, the ranks of the data for which its compiled functions were traced.
_ranks: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _forget_other_ranks(model, method: str, keywords: dict) -> None:
    """Delete the compiled functions if the data have other ranks than before, such as a matrix in
    place of a vector, for which TensorFlow can't trace a function again."""
    uses = _USES.get(method, (method,))
    former = _ranks.setdefault(model, {})
    ranks = {
        use: [_shape_ranks(part) for part in data]
        for use, (_, data) in zip(uses, _data_of(keywords), strict=False)
    }
    if any(former.get(use, now) != now for use, now in ranks.items()):
        _forget_compiled(model)
    former.update(ranks)


def _shape_ranks(part) -> list[int]:
    return [len(shape) for shape in (_shapes(part) or {}).values()]


def _forget_compiled(model) -> None:
    """Delete functions that may be half traced, which TensorFlow refuses to trace again."""
    for name in _COMPILED:
        if getattr(model, name, None) is not None:
            setattr(model, name, None)


def _sentence(model, method: str, keywords: dict, text: str) -> str | None:
    for pattern, explain in _EXPLANATIONS:
        if re.search(pattern, text):
            sentence = explain(model, method, keywords)
            if sentence is not None:
                return sentence
    return None


# ---- explanations -------------------------------------------------------------------------------


def _missing(model, method: str, keywords: dict) -> str | None:
    if keywords.get("x") is None:
        return f"{method}() needs `x`, the data."
    if method != "predict" and keywords.get("y") is None and _shapes(keywords["x"]) is not None:
        return f"{method}() needs `y`, which the loss compares with the output of the model."
    return None


def _samples(model, method: str, keywords: dict) -> str | None:
    """The parts of the data have different numbers of samples."""
    inputs = _model_shapes(model, "inputs")
    for label, data in _data_of(keywords):
        others = inputs and _other_inputs(label, data[0], _shapes(data[0]) or inputs, inputs)
        if others:
            return others
        sizes = [
            (name, shape[0])
            for name, value in zip(_PARTS, data, strict=False)
            for shape in (_shapes(value) or {}).values()
            if shape
        ]
        other = next(((name, n) for name, n in sizes if n != sizes[0][1]), None)
        if other is not None:
            where = " of `validation_data`" if label != "x" else ""
            return (
                f"`{sizes[0][0]}`{where} has {sizes[0][1]} samples and `{other[0]}` has "
                f"{other[1]}: the numbers must be equal."
            )
    return None


def _inputs(model, method: str, keywords: dict) -> str | None:
    """The inputs differ from the model's in number, names or dims."""
    inputs = _model_shapes(model, "inputs")
    for label, data in _data_of(keywords):
        given = _shapes(data[0])
        if not inputs or given is None:
            continue
        sentence = _other_inputs(label, data[0], given, inputs)
        sentence = sentence or _other_dims(label, given, inputs)
        if sentence is not None:
            return sentence
    return None


def _other_inputs(label: str, data, given: dict, inputs: dict) -> str | None:
    if isinstance(data, dict):
        absent = [name for name in inputs if name not in data]
        if absent:
            extra = [name for name in data if name not in inputs]
            return no_part(label, absent[0], extra, "input")
    elif len(given) != len(inputs):
        names = ", ".join(f"{name} = ..." for name in inputs)
        text = f"the model has {_count(inputs, 'input')}, but `{label}` has {len(given)}"
        if len(inputs) > 1:
            return f"{text}: give list({names})."
        if all(len(shape) < 2 for shape in given.values()):
            return f"{text}: pad_sequences() makes a matrix of a list of vectors."
        return f"{text}."
    return None


def _count(items, what: str) -> str:
    return f"one {what}" if len(items) == 1 else f"{len(items)} {what}s"


def _other_dims(label: str, given: dict, inputs: dict) -> str | None:
    names = given if set(given) <= set(inputs) else inputs
    for place, (name, shape) in enumerate(zip(names, given.values(), strict=False), start=1):
        if _fit(shape, inputs[name]):
            continue
        which, takes = f"`{label}`", "the model"
        if len(given) > 1:
            which, takes = f"`{label}[[{place}]]`", f"the input `{name}` of the model"
        text = f"{which} has dims {dims(shape)}, but {takes} takes {dims(inputs[name])}"
        if _fit((1, *shape), inputs[name]):
            one = ", ".join(str(n) for n in (1, *shape))
            return f"{text}, samples first: write a single sample as `array(x, c({one}))`."
        return f"{text}, samples first."
    return None


def _targets(model, method: str, keywords: dict) -> str | None:
    """The targets have other dims than the model's outputs."""
    outputs = _model_shapes(model, "outputs").values()
    for label, data in _data_of(keywords):
        given = _shapes(data[1]) if len(data) > 1 else None
        if not outputs or not given:
            continue
        name = "y" if label == "x" else "validation_data[[2]]"
        if len(given) != len(outputs):
            return f"the model has {_count(outputs, 'output')}, but `{name}` has {len(given)}."
        for shape, model_shape in zip(given.values(), outputs, strict=False):
            if not _fit(shape, model_shape):
                wanted = dims(model_shape)
                return f"`{name}` has dims {dims(shape)}, but the model's output has {wanted}."
    return None


def _class_codes(model, method: str, keywords: dict) -> str | None:
    """The targets are class numbers, but the loss takes a column for each class; or vice versa."""
    outputs = list(_model_shapes(model, "outputs").values())
    given = list((_shapes(keywords.get("y")) or {}).values())
    if len(outputs) != 1 or len(given) != 1:
        return None
    text = f"`y` has dims {dims(given[0])}, but the model's output has {dims(outputs[0])}: "
    if len(given[0]) < len(outputs[0]):
        return text + (
            'for class numbers use the loss "sparse_categorical_crossentropy"; '
            "for other losses to_categorical() encodes them."
        )
    return text + (
        'the loss "sparse_categorical_crossentropy" takes class numbers; if `y` has a column for '
        'each class, use "categorical_crossentropy".'
    )


def _strings(model, method: str, keywords: dict) -> str | None:
    for name in _PARTS:
        values = keywords.get(name)
        values = list(values.values()) if isinstance(values, dict) else values
        for value in values if isinstance(values, (list, tuple)) else [values]:
            if isinstance(value, np.ndarray) and value.dtype.kind in "UO":
                remedy = (
                    "factor() and to_categorical() encode them"
                    if name == "y"
                    else ("layer_string_lookup() or layer_text_vectorization() encode them")
                )
                return f"`{name}` holds strings, but the model takes numbers: {remedy}."
    return None


_EXPLANATIONS = (
    (r"None values not supported|None is not a valid value|pop from an empty set"
     r"|missing 1 required positional", _missing),
    (r"cardinality is ambiguous", _samples),
    (r"incompatible|Invalid input shape|expects \d+ .*input|Missing data for input"
     r"|[Ss]hape mismatch|must be equal|same shape|shape with unknown rank", _inputs),
    (r"must have rank \(ndim\) `target.ndim - 1`|must have the same rank", _class_codes),
    (r"must have the same shape|different structures|[Ii]ncompatible|[Ss]hape mismatch|broadcast",
     _targets),
    (r"Invalid dtype: (str|object)|string", _strings),
)  # fmt: skip


# ---- shapes --------------------------------------------------------------------------------------


def _data_of(keywords: dict) -> list:
    """The data for training and for validation: pairs of the label of `x` and a tuple of parts."""
    found = [("x", tuple(keywords.get(name) for name in _PARTS))]
    validation = keywords.get("validation_data")
    if isinstance(validation, tuple):
        found.append(("validation_data[[1]]", validation))
    return found


def _shapes(value) -> dict | None:
    """The shapes of arrays by name or place; None for data other than arrays in memory."""
    if value is None:
        return {}
    if isinstance(value, dict):
        items = value
    elif isinstance(value, (list, tuple)):
        items = dict(enumerate(value))
    else:
        items = {0: value}
    if not all(isinstance(item, np.ndarray) for item in items.values()):
        return None
    return {name: item.shape for name, item in items.items()}


def _model_shapes(model, which: str) -> dict:
    """The shapes of the model's inputs or outputs by name; empty for a model without them."""
    try:
        return {x.name: tuple(x.shape) for x in getattr(model, which)}
    except (AttributeError, TypeError, ValueError):
        return {}


def _fit(shape, model_shape) -> bool:
    """Does Keras take `shape` for `model_shape`? It adds or drops a last dim of 1 by itself."""
    shape, model_shape = tuple(shape), tuple(model_shape)
    if len(shape) != len(model_shape) and 1 in (*shape[-1:], *model_shape[-1:]):
        shape, model_shape = (
            s[:-1] if len(s) > min(len(shape), len(model_shape)) and s[-1:] == (1,) else s
            for s in (shape, model_shape)
        )
    return len(shape) == len(model_shape) and all(
        wanted is None or n == wanted for n, wanted in zip(shape, model_shape, strict=True)
    )
