"""The shift of indices of elements, which R counts from 1 and Keras from 0. It has no other half
in R.

The table (`INDICES`) says which arguments and results of which functions are indices.
"""

from __future__ import annotations

import numpy as np

from ..for_r.tensor import dtype_of, is_symbolic, is_tensor, loaded_keras
from . import table
from .arguments import narrow, whole_array, whole_number


def with_indices(function: str, keywords: dict, zero_indexed: bool, call):
    """The result of `call(keywords)`. Indices in the arguments are shifted for Keras, and those in
    the result for R, unless `zero_indexed` says that R counts from 0 too."""
    indices = table.INDICES[function]
    for name in indices.arguments:
        value = keywords.get(name)
        if value is not None:
            value = value if zero_indexed else zero_based(function, name, value)
            keywords[name] = _made(value, indices.made)
    result = call(keywords)
    if keywords.get(indices.unless) is not None:
        return result
    if indices.by_row:
        result = _by_row(result)
    return result if zero_indexed else _one_based(result, _parts(indices, keywords))


def _by_row(result):
    """The places of elements, which Keras gives as a tensor for each dim, as a row for each."""
    ops = loaded_keras().ops
    return ops.stack(result, axis=-1) if isinstance(result, (tuple, list)) else result


def _made(value, kind: type | None):
    """A list of indices as `kind`, such as tuple; as an array if `kind` is None."""
    if kind is not None:
        value = value.tolist() if isinstance(value, np.ndarray) else value
        return kind(value) if isinstance(value, list) else value
    is_array = isinstance(value, list) and all(isinstance(x, int) for x in value)
    return np.array(value, "int32") if is_array else value


def _parts(indices, keywords: dict) -> slice:
    if not indices.flags:
        return indices.result
    start = indices.result.start
    return slice(start, start + sum(bool(keywords.get(flag)) for flag in indices.flags))


def _one_based(result, parts: slice):
    if not isinstance(result, (tuple, list)):
        return result + 1 if 0 in range(1)[parts] else result
    places = range(len(result))[parts]
    return tuple(part + 1 if i in places else part for i, part in enumerate(result))


def zero_based(function: str, name: str, value):
    """R's indices, counted from 1, as Keras' indices: numbers, arrays, tensors, lists of these.
    Negative indices count from the end; values that are not numbers are unchanged."""
    if isinstance(value, (list, tuple)):
        return type(value)(zero_based(function, name, x) for x in value)
    if isinstance(value, float):
        value = whole_number(function, name, value)
    if isinstance(value, int) and not isinstance(value, bool):
        _refuse_zero(function, name, value == 0)
        return value - 1 if value > 0 else value
    if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
        return _zero_based_array(function, name, value)
    if is_tensor(value) and dtype_of(value) != "bool":
        return _zero_based_tensor(function, name, value)
    return value


def _refuse_zero(function: str, name: str, has_zero: bool) -> None:
    if has_zero:
        raise ValueError(f"{function}(): `{name}` counts from 1, so 0 is no index.")


def _zero_based_array(function: str, name: str, value):
    whole = whole_array(value)
    if whole.dtype.kind == "f":
        fraction = next(x for x in value.flat if not float(x).is_integer())
        whole_number(function, name, float(fraction))
    _refuse_zero(function, name, bool((whole == 0).any()))
    return narrow(whole.astype("int64")) - (whole > 0)


def _zero_based_tensor(function: str, name: str, value):
    ops = loaded_keras().ops
    if not dtype_of(value).startswith("int"):
        value = ops.cast(value, "int32")
    if not is_symbolic(value):
        _refuse_zero(function, name, bool(ops.any(ops.equal(value, 0))))
    # In traced code a 0 can't be refused; it becomes -1, which means the last element.
    return ops.subtract(value, ops.cast(ops.greater_equal(value, 0), dtype_of(value)))
