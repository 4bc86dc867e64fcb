"""Keras' callback hooks, and the one rule of index bases.

Python counts epochs and batches from 0. In a class made by `Callback()` R counts them from 1. The
shift is made at the language boundary: the core adds 1 when Python calls such a hook, and the
functions here take 1 off when R calls one.
"""

from __future__ import annotations

import functools
import sys

from ..bridge.signature import TRAMPOLINE

# In the order in which they run, each alias after the hook that calls it.
HOOKS = (
    "on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_batch_begin",
    "on_train_batch_end", "on_batch_end", "on_test_begin", "on_test_batch_begin",
    "on_test_batch_end", "on_test_end", "on_epoch_end", "on_train_end", "on_predict_begin",
    "on_predict_batch_begin", "on_predict_batch_end", "on_predict_end",
)  # fmt: skip
INDEXED = {hook: unit for hook in HOOKS for unit in ("epoch", "batch") if f"_{unit}_" in hook}


_additions: list = []


def add_to_callbacks(members) -> None:
    """Have `members(namespace, bases, class_ref)`, a dict, in each callback class made from R."""
    _additions.append(members)


def added_to_callback(namespace: dict, bases, class_ref) -> dict:
    """What others have asked to be in a callback class with this `namespace` and these bases."""
    return {n: v for members in _additions for n, v in members(namespace, bases, class_ref).items()}


# By which method a callback gets what is trained, in each library that has callback classes.
_SETTERS = {
    "keras.src.callbacks.callback": "set_model",
    "synalinks.src.callbacks.callback": "set_program",
}


def setter_of(bases) -> str | None:
    """The name of that method for a callback class with these bases; None for another class. No
    library is imported for the answer."""
    for module, setter in _SETTERS.items():
        if any(_inherits(base, module, "Callback") for base in bases):
            return setter
    return None


def is_keras_callback(cls: type) -> bool:
    """Is `cls` a Keras callback class?"""
    return setter_of((cls,)) == "set_model"


def is_callback_set(cls: type) -> bool:
    """Is `cls` a class of `callback_set()`, or its base?"""
    return _inherits(cls, "pyclass_bridge.callbacks.set", "CallbackSet")


def is_keras_metric(cls: type) -> bool:
    """Is `cls` a Keras metric class?"""
    return _inherits(cls, "keras.src.metrics.metric", "Metric")


def _inherits(cls: type, module: str, name: str) -> bool:
    base = getattr(sys.modules.get(module), name, None)
    return base is not None and issubclass(cls, base)


def _to_zero(value):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value - 1 if isinstance(value, int) and not isinstance(value, bool) else value


def counted_by_r(hook, name: str, at: int = 0):
    """`hook`, which counts from 0 and whose index is the argument at `at`, for R code that counts
    from 1. Given to Python again, it is the hook itself (the core sees to it)."""
    keyword = INDEXED[name]

    @functools.wraps(hook)
    def call(*args, **kwargs):
        if len(args) > at:
            args = (*args[:at], _to_zero(args[at]), *args[at + 1 :])
        elif keyword in kwargs:
            kwargs[keyword] = _to_zero(kwargs[keyword])
        return hook(*args, **kwargs)

    call.__r_counts_for__ = hook
    return call


def from_hook(hook):
    """`hook`, a method or function named `on_*` that R has got as an attribute of an instance or a
    class of R's, as R calls it; the core asks. A hook that a `Callback()` class has from Python
    counts for R as its own hooks do."""
    function = getattr(hook, "__func__", hook)
    name = getattr(function, "__r_index__", None)
    receiver = getattr(hook, "__self__", None)
    if name is None and receiver is not None and function.__name__ in INDEXED:
        info = getattr(type(receiver), "__r_class__", None)
        name = function.__name__ if info is not None and info.index_base == 1 else None
    if name is None:
        return hook
    return counted_by_r(hook, name, at=int(receiver is None))


def super_hook(method, name: str, caller_index_base: int):
    """A hook got through `super` by a method whose class counts from `caller_index_base`."""
    if name not in HOOKS:
        return method
    hook = _sharing_logs(method, name)
    return counted_by_r(hook, name) if caller_index_base == 1 and name in INDEXED else hook


def instances_only(name: str, class_ref, setter: str):
    """`setter`, the first that fit() calls of a callback, for the class that `class_ref` gives:
    a class where its instance belongs is an error that says so."""

    library = "Keras" if setter == "set_model" else "Synalinks"

    def set_trained(self, *args, **kwargs):
        cls = class_ref()
        if not isinstance(self, cls):
            raise TypeError(
                f"`{name}` is a class, and {library} needs an instance of it: did you forget `()`? "
                f"Write `{name}()` among the callbacks."
            )
        return getattr(super(cls, self), setter)(*args, **kwargs)

    set_trained.__name__ = setter
    return set_trained


# ---- logs through super ------------------------------------------------------------------------


def _sharing_logs(hook, name: str):
    """`hook` for a call from R, which hands it a copy of the logs: what the hook changes in them
    goes into the logs that all callbacks share, as it does between hooks of Python."""
    at = _logs_at(name)

    def call(*args, **kwargs):
        logs = kwargs["logs"] if "logs" in kwargs else args[at] if at < len(args) else None
        if not isinstance(logs, dict):
            return hook(*args, **kwargs)
        before = dict(logs)
        result = hook(*args, **kwargs)
        if logs != before:
            _repeat_changes(before, logs, _logs_of_caller(name, getattr(hook, "__self__", None)))
        return result

    return call


def _logs_at(name: str) -> int:
    return 1 if name in INDEXED else 0


def _repeat_changes(before: dict, after: dict, shared) -> None:
    if not isinstance(shared, dict):
        return
    for key in before.keys() - after.keys():
        shared.pop(key, None)
    shared.update({k: v for k, v in after.items() if k not in before or before[k] is not v})


def _logs_of_caller(name: str, receiver):
    """The logs of the innermost call of the R hook `name` of `receiver` that is under way."""
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_name == name and code.co_filename == TRAMPOLINE:
            parameters = code.co_varnames[: code.co_argcount]
            if frame.f_locals[parameters[0]] is receiver:
                logs = "logs" if "logs" in parameters else parameters[-1]
                return frame.f_locals[logs]
        frame = frame.f_back
    return None
