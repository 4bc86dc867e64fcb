"""R's group generics Ops, Math and Summary on Python objects. The other halves are
R/for_r_objects.R (Ops) and R/for_r_tensor.R (Math, Summary).

Tensors and Keras variables go through ``keras.ops`` (eager and traced), other objects through
Python's operators. Shapes follow Keras: operands broadcast along the last dims, R's recycling
along the first does not apply. Reductions run over all elements, as in R.
"""

import builtins
import functools
import importlib
import math as pymath
import operator

import numpy as np

from pyclass_bridge.for_r.tensor import (
    dtype_of,
    is_any_tensor,
    is_foreign,
    is_integer,
    is_tensor,
    library_of,
    loaded_keras,
    ops_of,
    size_of,
    weak,
    weak_pair,
)

_PYTHON = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "%%": operator.mod,
    "%/%": operator.floordiv,
    "&": operator.and_,
    "|": operator.or_,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "true_divide",
    "^": "power",
    "%%": "mod",
    "%/%": "floor_divide",
}
_LOGIC = {"&": "logical_and", "|": "logical_or"}
_COMPARISON = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
_TENSOR = {**_ARITHMETIC, **_LOGIC, **_COMPARISON}


def _is_string(x):
    return isinstance(x, str) or (is_tensor(x) and dtype_of(x) == "string")


def _counted(x):
    """`x` with TRUE as 1, as R counts."""
    if isinstance(x, bool):
        return int(x)
    if is_tensor(x) and dtype_of(x) == "bool":
        return loaded_keras().ops.cast(x, "int32")
    return x


def binary(op, x, y):
    """`x op y` for an operator of R's Ops group."""
    if is_tensor(x) or is_tensor(y):
        if not (_is_string(x) or _is_string(y)):
            x, y = weak_pair(float_base(x, y) if op == "^" else x, y)
            if op in _ARITHMETIC:
                x, y = _counted(x), _counted(y)
            if op == "+":
                return _sum_of_two(x, y)
            return getattr(loaded_keras().ops, _TENSOR[op])(x, y)
    elif isinstance(x, np.ndarray) and isinstance(y, list):
        y = np.asarray(y)
    elif isinstance(y, np.ndarray) and isinstance(x, list):
        x = np.asarray(x)
    return _PYTHON[op](x, y)


def float_base(x, y):
    """The base `x` of a power: as a float if it is a tensor of integers and the exponent `y`, R's
    number or array, is below 0 somewhere, since the result then has fractions."""
    if is_integer(x) and not is_tensor(y) and np.any(np.asarray(y) < 0):
        return loaded_keras().ops.cast(x, loaded_keras().backend.floatx())
    return x


def _sum_of_two(x, y):
    """`x + y`. `keras.ops.add` on TensorFlow takes a column that is as long as a row of `x` for a
    bias, and adds it along the wrong dim, so tensors with dims are added by their own operator."""
    keras = loaded_keras()
    ops = keras.ops
    has_dims = is_tensor(x) and is_tensor(y) and len(y.shape) > 1
    if not has_dims or isinstance(x, keras.KerasTensor) or isinstance(y, keras.KerasTensor):
        return ops.add(x, y)
    # The `+` of a variable calls keras.ops.add.
    x, y = (v.value if isinstance(v, keras.Variable) else v for v in (x, y))
    if x.dtype == y.dtype:
        return x + y
    dtype = keras.backend.result_type(dtype_of(x), dtype_of(y))
    return ops.cast(x, dtype) + ops.cast(y, dtype)


def unary(op, x):
    """`+x`, `-x` or `!x`."""
    if is_tensor(x):
        ops = loaded_keras().ops
        if op == "!":
            return ops.logical_not(x)
        return ops.negative(_counted(x)) if op == "-" else _counted(x)
    if op == "!":
        return np.logical_not(x) if isinstance(x, np.ndarray) else not x
    return operator.neg(x) if op == "-" else operator.pos(x)


_SAME_NAME = ("abs", "sign", "sqrt", "floor", "trunc", "exp", "expm1", "log1p", "log2", "log10")
_WAVES = ("cos", "sin", "tan", "cosh", "sinh", "tanh")
_ELEMENTWISE = {name: name for name in (*_SAME_NAME, *_WAVES)} | {
    "ceiling": "ceil",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "acosh": "arccosh",
    "asinh": "arcsinh",
    "atanh": "arctanh",
}
_HALF_TURNS = {"cospi": "cos", "sinpi": "sin", "tanpi": "tan"}


def math(name, x, argument=None):
    """R's Math function `name` of `x`; `argument` is digits= or base=."""
    if name in ("round", "signif"):
        argument = int(argument or 0) if name == "round" else int(argument or 6)
    if is_tensor(x):
        return _math_tensor(name, _counted(x), argument, loaded_keras().ops)
    if isinstance(x, (np.ndarray, np.generic)):
        return _math_numpy(name, x, argument)
    if is_foreign(x):
        return _math_foreign(name, x, argument)
    return _math_object(name, x, argument)


def _math_tensor(name, x, argument, ops):
    if name in _ELEMENTWISE:
        return getattr(ops, _ELEMENTWISE[name])(x)
    if name in _HALF_TURNS:
        return getattr(ops, _HALF_TURNS[name])(x * pymath.pi)
    if name == "log":
        return ops.log(x) if argument is None else ops.log(x) / _log_of(argument, ops)
    if name == "round":
        return ops.round(x, argument)
    if name == "signif":
        return _signif(x, argument, ops)
    if name.startswith("cum"):
        return _cumulate(name, x, ops)
    raise NotImplementedError(f"{name}() has no counterpart in keras.ops, so none on tensors")


def _log_of(base, ops):
    return ops.log(base) if is_tensor(base) else pymath.log(base)


def _signif(x, digits, ops):
    if "float" not in dtype_of(x):
        x = ops.cast(x, loaded_keras().backend.floatx())
    size = ops.floor(ops.log10(ops.where(ops.equal(x, 0), ops.ones_like(x), ops.abs(x))))
    # Scaling by whole powers of ten of both operands leaves the factor exact in either direction.
    up = ops.power(10.0, ops.maximum(digits - 1 - size, 0.0))
    down = ops.power(10.0, ops.maximum(size + 1 - digits, 0.0))
    return ops.round(x * up / down) * down / up


def _cumulate(name, x, ops):
    """R's cum* functions: along the elements in R's order, the first dim fastest."""
    if len(x.shape) != 1:
        x = ops.reshape(ops.transpose(x), (-1,))
    if name in ("cumsum", "cumprod"):
        return getattr(ops, name)(x)
    return ops.associative_scan(ops.maximum if name == "cummax" else ops.minimum, x)


# The functions of a library for its own tensors, by R's names.
_OWN_MATH = {"jax": "jax.numpy", "tensorflow": "tensorflow.math", "torch": "torch"}


def _math_foreign(name, x, argument):
    """An elementwise function by the library of `x`, which keeps 64 bits."""
    library = importlib.import_module(_OWN_MATH[library_of(x)])
    function = getattr(library, {"ceiling": "ceil"}.get(name, name), None)
    if function is None or name.startswith("cum") or (name == "round" and argument):
        raise NotImplementedError(f"{name}() is not defined for a tensor of {library_of(x)} here")
    value = function(x)
    return value / pymath.log(argument) if name == "log" and argument else value


def _math_numpy(name, x, argument):
    if name in ("cumsum", "cumprod"):
        return getattr(np, name)(np.ravel(x, order="F"))
    if name in ("cummax", "cummin"):
        function = np.maximum if name == "cummax" else np.minimum
        return function.accumulate(np.ravel(x, order="F"))
    if name == "round":
        return np.round(x, argument)
    if name == "log":
        return np.log(x) if argument is None else np.log(x) / pymath.log(argument)
    if name in _HALF_TURNS:
        return getattr(np, _HALF_TURNS[name])(x * pymath.pi)
    if name in _ELEMENTWISE:
        return getattr(np, _ELEMENTWISE[name])(x)
    raise NotImplementedError(f"{name}() is not defined for a NumPy array")


def _math_object(name, x, argument):
    if name == "round":
        return round(x, argument) if argument else round(x)
    if name == "abs":
        return abs(x)
    if name == "log" and argument is not None:
        return pymath.log(x, argument)
    function = getattr(pymath, {"ceiling": "ceil"}.get(name, name), None)
    if function is None:
        raise TypeError(f"{name}() is not defined for a {type(x).__name__!r} object")
    return function(x)


_COMBINE = {
    "sum": "add",
    "prod": "multiply",
    "max": "maximum",
    "min": "minimum",
    "all": "logical_and",
    "any": "logical_or",
}
_NEUTRAL = {"sum": 0.0, "prod": 1.0, "max": -pymath.inf, "min": pymath.inf}


def summary(name, values, na_rm=False):
    """R's Summary function `name` over all elements of all `values`; a tensor if one is."""
    like = next((value for value in values if is_any_tensor(value)), None)
    if like is None:
        return _summary_object(name, values)
    ops = ops_of(like)
    if name == "range":
        return ops.stack([summary("min", values, na_rm), summary("max", values, na_rm)])
    parts = [_reduce(name, _counted_if(name, weak(value, like)), na_rm, ops) for value in values]
    return functools.reduce(getattr(ops, _COMBINE[name]), parts)


def _counted_if(name, x):
    return x if name in ("all", "any") else _counted(x)


def _reduce(name, x, na_rm, ops):
    if not is_any_tensor(x):
        return x
    if na_rm and name in _NEUTRAL and "float" in dtype_of(x):
        x = ops.where(ops.isnan(x), _NEUTRAL[name], x)
    return getattr(ops, name)(x)


def _summary_object(name, values):
    if any(isinstance(value, np.ndarray) for value in values):
        flat = np.concatenate([np.ravel(value) for value in values])
        return [flat.min(), flat.max()] if name == "range" else getattr(np, name)(flat)
    flat = []
    for value in values:
        flat.extend(value if hasattr(type(value), "__iter__") else [value])
    if name == "range":
        return [min(flat), max(flat)]
    return pymath.prod(flat) if name == "prod" else getattr(builtins, name)(flat)


def mean(x, na_rm=False):
    """The mean of all elements; a tensor for a tensor."""
    if is_foreign(x) and size_of(x) > 0 and not na_rm:
        return summary("sum", [x]) / size_of(x)
    if not is_tensor(x):
        return (np.nanmean if na_rm else np.mean)(np.asarray(x))
    ops = loaded_keras().ops
    if not na_rm or "float" not in dtype_of(x):
        return ops.mean(x)
    there = ops.cast(ops.logical_not(ops.isnan(x)), dtype_of(x))
    return summary("sum", [x], na_rm=True) / ops.sum(there)
