"""What the arguments of a Keras function are, from its signature and docstring; R values as such.

R users write whole numbers as doubles and count from 1. A value is changed only where signature,
docstring or table say so: ``units = 64`` becomes an integer, ``min_delta = 0.01`` stays.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

from . import keras_surface_table as table

ANY, INTEGER, WHOLE, SHAPE, AXIS = "any", "integer", "whole", "shape", "axis"
_INT = re.compile(r"\b(int|ints|integer|integers)\b|^(the )?number of\b", re.IGNORECASE)
_FLOAT = re.compile(r"\b(floats?|floating|real|fraction|scalar)\b", re.IGNORECASE)
_TENSOR = re.compile(r"\b(tensor|array)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Argument:
    """One argument: R's name, Keras' name, what kind of value it takes, its default."""

    name: str
    keras_name: str
    kind: str = ANY
    default: object = field(default=inspect.Parameter.empty)

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


def documented(target) -> dict[str, str]:
    """The text of each argument in the "Args:" section of a docstring."""
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


def kind_of(name: str, default, text: str) -> str:
    """The kind of the argument `name` with this default, which `text` documents."""
    if name in table.AXES:
        return AXIS
    if name in table.SHAPES:
        return SHAPE
    if name in table.NUMBERS:
        return ANY
    if name in table.INTEGERS:
        return INTEGER
    is_int = isinstance(default, int) and not isinstance(default, bool)
    # The type comes first in these texts; what follows is about the meaning.
    head = text[:90].split(". ")[0]
    says_int, says_float = _INT.search(head), _FLOAT.search(head)
    if says_int and not says_float and not isinstance(default, float):
        return WHOLE if _TENSOR.search(head) else INTEGER
    return WHOLE if is_int and not says_float else ANY


def convert(function: str, argument: Argument, value):
    """`value` as Keras takes it for `argument` of the R function `function`."""
    kind = argument.kind
    if kind == ANY:
        return value
    if kind == WHOLE:
        return _each(value, lambda x: int(x) if x.is_integer() else x)
    if kind == AXIS:
        return _axis(function, argument.name, value)
    value = _each(value, lambda x: _integer(function, argument.name, x))
    return as_shape(value) if kind == SHAPE else value


def as_shape(value):
    """One number alone is a shape of one dim; a list is a tuple."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _each(value, change):
    """`value` with `change` made to every float in it, in lists too."""
    if isinstance(value, float):
        return change(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_each(x, change) for x in value)
    return value


def _integer(function: str, name: str, value: float) -> int:
    if not value.is_integer():
        raise ValueError(f"{function}(): `{name}` takes whole numbers, not {value:g}.")
    return int(value)


def _axis(function: str, name: str, value):
    if isinstance(value, (list, tuple)):
        return type(value)(_axis(function, name, x) for x in value)
    if isinstance(value, float):
        value = _integer(function, name, value)
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if value == 0:
        raise ValueError(
            f"{function}(): `{name}` counts from 1, so 0 is none: 1 is the first, -1 the last."
        )
    return value - 1 if value > 0 else value


def zero_based(function: str, name: str, value):
    """Indices that R counts from 1, for Keras."""
    if isinstance(value, (list, tuple)):
        return [zero_based(function, name, x) for x in value]
    if isinstance(value, float):
        value = _integer(function, name, value)
    if isinstance(value, int) and value == 0:
        raise ValueError(f"{function}(): `{name}` counts from 1, so 0 is no index.")
    if isinstance(value, int):
        return value - 1 if value > 0 else value
    return value - 1


def r_default(argument: Argument) -> str | None:
    """The default as R code, in R's way of counting; None when there is none."""
    if argument.required:
        return None
    value = argument.default
    if argument.kind == AXIS:
        value = _shown_axis(value)
    code = r_literal(value)
    return "NULL" if code is None else code


def _shown_axis(value):
    if isinstance(value, (list, tuple)):
        return [_shown_axis(x) for x in value]
    is_index = isinstance(value, int) and not isinstance(value, bool)
    return value + 1 if is_index and value >= 0 else value


def r_literal(value) -> str | None:
    """`value` as R code, None for an object that no literal makes."""
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
        plain = len(items) > 1 and len({type(x) for x in value}) == 1
        plain = plain and isinstance(value[0], (bool, int, float, str))
        return f"{'c' if plain else 'list'}({', '.join(items)})"
    return None
