"""Converts the results of R methods for which Python or Keras needs another type."""

from __future__ import annotations

from .. import _core
from .kinds import Kind


def is_state(name: str, kind: Kind) -> bool:
    """Does the method return the state of a callback? R must get it back identical."""
    return name == "state_dict" and bool(kind.hooks)


def with_python_result(call, name: str, kind: Kind):
    """`call`, the method `name` of a class of this kind, with its result converted."""
    if is_state(name, kind):
        return _changed(call, lambda handle: _core.to_python(handle, True))
    change = _value_of if name in kind.values else _CHANGES.get(name)
    return call if change is None else _changed(call, change)


def _changed(call, change):
    def method(self, *args, **kwargs):
        return change(call(self, *args, **kwargs))

    return method


def _value_of(result):
    """A copy of the value of a variable (a metric's `result()` may return one), else `result`: JAX
    and TensorFlow's eager loop accept no variable, in a stateless scope it would be out of date,
    and on torch the next reset changes its value in place."""
    from keras import Variable, ops

    if isinstance(result, Variable):
        return ops.copy(result.value)
    if isinstance(result, dict):
        return {name: _value_of(item) for name, item in result.items()}
    return result


def _whole(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value


# R's numbers are doubles, and an empty named list is `list()`.
_CHANGES = {
    "get_config": lambda config: {} if config == [] else config,
    "__len__": _whole,
    "__hash__": _whole,
    "__index__": _whole,
    "__bool__": lambda value: bool(value) if isinstance(value, (int, float)) else value,
}
