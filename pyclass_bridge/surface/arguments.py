"""The kinds of the arguments of a Keras function, from its signature and docstring; and the
conversion of R values to them. It has no other half in R.

R users write whole numbers as doubles and count from 1. A value is converted only if the signature,
docstring or table says so: ``units = 64`` becomes an integer, ``min_delta = 0.01`` stays.
"""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import dataclass, field

import numpy as np

from .._core import Handle
from ..bridge.words import described
from ..for_r.tensor import dtype_of, is_tensor, loaded_keras, whole_like
from . import table

ANY, INTEGER, WHOLE, SHAPE, AXIS = "any", "integer", "whole", "shape", "axis"
SEQUENCES = "sequences"
AXES_OR_NUMBER = "axes or number"
_INT = re.compile(r"\b(int|ints|integer|integers)\b|^(the )?number of\b", re.IGNORECASE)
_FLOAT = re.compile(r"\b(floats?|floating|real|fraction|scalar)\b", re.IGNORECASE)
_TENSOR = re.compile(r"\b(tensors?|arrays?|vector)\b", re.IGNORECASE)
_OPTIONAL = re.compile(
    r"^\(?optional\)?[.,]?\s*(unset by default\.|defaults to \S+\.)?", re.IGNORECASE
)
_NUMBERS = {bool, int, float}
_QUOTED = re.compile(r"`\"[^`]*\"`|\"[^\"]*\"")


# R's classes of vectors that cross as a handle only if they hold NA.
_NA = ("logical", "integer")


@dataclass(frozen=True)
class Argument:
    """One argument: its name in R and in Keras, its kind and its default; whether it takes a
    tensor, and whether Keras is given the default, because its own is another."""

    name: str
    keras_name: str
    kind: str = ANY
    default: object = field(default=inspect.Parameter.empty)
    is_tensor: bool = False
    passed: bool = False

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


def documented(target) -> dict[str, str]:
    """The text about each argument in the "Args:" section of a docstring."""
    doc = inspect.getdoc(target) or ""
    found = re.search(r"^(?:Args|Arguments):\n((?:[ \t]+.*\n?|\n)+)", doc, re.MULTILINE)
    if not found:
        return {}
    texts, name = {}, None
    lines = found.group(1).splitlines()
    indent = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    for line in lines:
        start = re.match(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s?(.*)", line[indent:])
        if start:
            name = start.group(1)
            texts[name] = start.group(2)
        elif name:
            texts[name] += " " + line.strip()
    return texts


def kind_of(function: str, name: str, default, text: str) -> str:
    """The kind of the argument `name` of `function` with this default, which `text` documents."""
    if name in table.AXES:
        return AXES_OR_NUMBER if (function, name) in table.AXES_OR_NUMBER else AXIS
    if name in table.SHAPES:
        return SHAPE
    if name in table.SEQUENCES:
        return SEQUENCES
    if name in table.NUMBERS:
        return ANY
    if name in table.INTEGERS or (function, name) in table.INTEGERS:
        return INTEGER
    is_index = function in table.INDICES and name in table.INDICES[function].arguments
    is_whole = is_index or name in table.WHOLES or (function, name) in table.WHOLES
    if is_whole and not isinstance(default, float):
        return WHOLE
    head = _head(text)
    says_int, says_float = _INT.search(head), _FLOAT.search(head)
    if says_int and not says_float and not isinstance(default, float):
        return WHOLE if _TENSOR.search(head) else INTEGER
    return WHOLE if _is_int(default) and not says_float else ANY


def _head(text: str) -> str:
    """The beginning of the text about an argument, which names its type."""
    text = _QUOTED.sub("", _OPTIONAL.sub("", text))
    return text[:90].split(". ")[0]


def _is_int(default) -> bool:
    if isinstance(default, tuple):
        return len(default) > 0 and all(map(_is_int, default))
    return isinstance(default, int) and not isinstance(default, bool)


def takes_tensor(name: str, kind: str, text: str) -> bool:
    """Does the argument `name` of an operation take a tensor, so that R vectors become arrays?"""
    if name in table.NO_TENSORS or kind not in (ANY, WHOLE):
        return False
    return name in table.TENSORS or _TENSOR.search(_head(text)) is not None


def convert(function: str, argument: Argument, value):
    """`value` as Keras takes it for `argument` of the R function `function`."""
    value = _converted(function, argument, value)
    is_lone = value is not None and not isinstance(value, (list, tuple, np.ndarray))
    is_lone = is_lone and not is_tensor(value)
    is_list = argument.name in table.LISTS or (function, argument.name) in table.LISTS
    return [value] if is_lone and is_list else value


def _converted(function: str, argument: Argument, value):
    kind = argument.kind
    if kind == ANY:
        return value
    if kind == WHOLE:
        whole = whole_array(value)
        return each_float(
            whole, lambda x: whole_number(function, argument.name, x) if _counts(x) else x
        )
    if kind == SEQUENCES:
        value = value.values() if isinstance(value, dict) else value
        return [[x] if isinstance(x, (int, float, str)) else x for x in value]
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if kind == AXIS or (kind == AXES_OR_NUMBER and isinstance(value, list)):
        return _axis(function, argument.name, value)
    value = each_float(value, lambda x: whole_number(function, argument.name, x))
    if kind == INTEGER:
        return _tuples(value)
    if kind == SHAPE:
        value = as_shape(value)
        if isinstance(value, tuple):
            opened = -1 if argument.name in table.TARGET_SHAPES else None
            value = tuple(opened if _is_open(dim) else dim for dim in value)
    return value


def _is_open(dim) -> bool:
    return dim is None or (isinstance(dim, int) and dim == -1)  # others may be tensors


def _tuples(value):
    """Lists of integers as tuples, as Keras has them in its signatures."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def as_shape(value):
    """`value` as a shape: a single number becomes a shape of one dim, a list becomes a tuple."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def shape_of_numbers(function: str, value):
    """A shape from R's numbers, for `function`."""
    return as_shape(each_float(value, lambda x: whole_number(function, "shape", x)))


def as_data(value):
    """R vectors and arrays as arrays, also within lists; doubles get Keras' float type."""
    return _as_arrays(value, lambda doubles: doubles.astype(_floatx(), copy=False))


def as_operand(value, stay_doubles: bool = False):
    """R vectors and arrays as arrays for an operation, also within lists. The doubles of a vector
    get Keras' float type, as a list of Python's numbers does, unless they `stay_doubles`; those of
    an array are float64, as NumPy's are."""
    floatx = "float64" if stay_doubles else _floatx()
    return _as_arrays(value, lambda x: x, lambda doubles: doubles.astype(floatx, copy=False))


def _as_arrays(value, array, vector=None):
    """R vectors and arrays as arrays, also within lists. Those of doubles are changed by `array`,
    and vectors by `vector` if it is given."""
    if isinstance(value, np.ndarray):
        return _for_backend(array(value) if value.dtype == np.float64 else value)
    if not isinstance(value, list):
        return value
    types = set(map(type, value))
    if not types or not types <= _NUMBERS:
        has_arrays = types & {list, np.ndarray}
        return [_as_arrays(x, array, vector) for x in value] if has_arrays else value
    if float in types:
        return _for_backend((vector or array)(np.array(value, "float64")))
    return _for_backend(narrow(np.array(value)))


def whole_beside(values: list) -> list:
    """`values` for one operation: beside tensors of integers, without one of floats, R's whole
    numbers and vectors become integers of the same type, also within lists."""
    if not any(isinstance(value, (float, list)) for value in values):
        return values
    dtypes = [dtype_of(x) for x in _flat(values) if is_tensor(x)]
    integers = [dtype for dtype in dtypes if "int" in dtype]
    if not integers or any("float" in dtype for dtype in dtypes):
        return values
    dtype = loaded_keras().backend.result_type(*integers)
    return [_whole(value, dtype) for value in values]


def _flat(values):
    """The values, and those in lists among them that are no vectors of R."""
    for value in values:
        if not isinstance(value, (list, tuple)):
            yield value
        elif not set(map(type, value)) <= _NUMBERS:
            yield from _flat(value)


def _whole(value, dtype: str):
    if isinstance(value, list) and any(map(is_tensor, value)):
        return [_whole(x, dtype) for x in value]
    return whole_like(value, dtype)


def _for_backend(array):
    """`array`; as a tensor on torch, since some of Keras' operations refuse NumPy arrays there, and
    if it is one of doubles on JAX, which has none and else warns in some operations."""
    keras = loaded_keras()
    kinds = {"torch": "biuf", "jax": "f"}.get(keras.backend.backend(), "")
    return keras.ops.convert_to_tensor(array) if array.dtype.kind in kinds else array


def _floatx():
    # NumPy has no bfloat16.
    floatx = loaded_keras().backend.floatx()
    return "float32" if floatx == "bfloat16" else floatx


def narrow(array):
    """An array of integers as 32-bit integers, as in R, if they fit."""
    fits = array.dtype.kind == "i" and np.all(np.abs(array) < 2**31)
    return array.astype("int32") if fits else array


def whole_array(value):
    """An array of whole doubles as an array of integers."""
    is_float = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    if not is_float or not np.array_equal(value, np.trunc(value)) or not np.isfinite(value).all():
        return value
    return narrow(value.astype("int64"))


def each_float(value, change):
    """`value`, with `change` applied to every float and handle in it, also within lists."""
    if isinstance(value, (float, Handle)):
        return change(value)
    if isinstance(value, (list, tuple)):
        return type(value)(each_float(x, change) for x in value)
    return value


def whole_number(function: str, name: str, value):
    """`value` as an integer if it is a whole double; a fraction or a text is an error."""
    if isinstance(value, (str, Handle)) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(f"{function}(): `{name}` takes whole numbers, not {_shown(value)}.")
    return int(value) if isinstance(value, float) else value


def _shown(value) -> str:
    """A value that is no whole number, as R shows it; a handle is NA or an object of R."""
    if isinstance(value, float):
        return "NA" if math.isnan(value) else f"{value:g}"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return f'"{value}"'
    return "NA" if value.r_class[0] in _NA else described(value)


def _counts(value) -> bool:
    """Is `value` a whole double, or NA in its place?"""
    return value.r_class[0] in _NA if isinstance(value, Handle) else value.is_integer()


def _axis(function: str, name: str, value):
    if isinstance(value, (list, tuple)):
        return tuple(_axis(function, name, x) for x in value)
    if isinstance(value, bool):
        raise ValueError(f"{function}(): `{name}` takes whole numbers, not {_shown(value)}.")
    value = whole_number(function, name, value)
    if not isinstance(value, int):
        return value
    if value == 0:
        raise ValueError(
            f"{function}(): `{name}` counts from 1, so 0 is not valid: 1 is the first, -1 the last."
        )
    if value == 1 and (name in table.NOT_OF_BATCH or (function, name) in table.NOT_OF_BATCH):
        raise ValueError(
            f"{function}(): `{name}` can't be 1, which is the axis of the batch: the first dim of "
            "a sample is axis 2."
        )
    return value - 1 if value > 0 else value


def r_default(argument: Argument, counted: bool = False) -> str | None:
    """The default as R code; None if the argument is required. Axes, and what is `counted`, begin
    at 1."""
    if argument.required:
        return None
    value = argument.default
    if counted or argument.kind == AXIS:
        value = _shown_axis(value)
    code = r_literal(value)
    return "NULL" if code is None else code


def _shown_axis(value):
    if isinstance(value, (list, tuple)):
        return type(value)(_shown_axis(x) for x in value)
    is_index = isinstance(value, int) and not isinstance(value, bool)
    return value + 1 if is_index and value >= 0 else value


def r_literal(value) -> str | None:
    """`value` as R code, a tuple as `list()` and a list as `c()`; None if it is neither a plain
    value nor a collection of these."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return f"{value}L" if abs(value) < 2**31 else repr(float(value))
    if isinstance(value, float):
        text = repr(value)
        return {"inf": "Inf", "-inf": "-Inf", "nan": "NaN"}.get(text, text.removesuffix(".0"))
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, (list, tuple)):
        items = [r_literal(x) for x in value]
        if None in items:
            return None
        return f"{'c' if isinstance(value, list) else 'list'}({', '.join(items)})"
    return None
