"""Keras' callback hooks, and the one rule of index bases.

Python counts epochs and batches from 0. In a class made by `Callback()` R counts them from 1. The
shift is made at the language boundary: the core adds 1 when Python calls such a hook, and the
functions here take 1 off when R calls one.
"""

from __future__ import annotations

import functools
import sys

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


def _from_one(name: str, at: int, args: tuple, kwargs: dict) -> tuple:
    """`args`, with 1 taken off the index of the hook `name`, which is at `at`. An index among the
    keywords is changed in place."""
    if len(args) > at:
        return (*args[:at], _to_zero(args[at]), *args[at + 1 :])
    if INDEXED[name] in kwargs:
        kwargs[INDEXED[name]] = _to_zero(kwargs[INDEXED[name]])
    return args


def from_hook(hook):
    """`hook`, a method or function that the core has found marked, for R code, which counts from 1.
    Given to Python again, it is the hook itself (the core reads `__r_stands_for__`)."""
    name = getattr(hook, "__func__", hook).__name__
    at = int(not hasattr(hook, "__self__"))  # a function gets its instance as an argument

    @functools.wraps(hook)
    def call(*args, **kwargs):
        return hook(*_from_one(name, at, args, kwargs), **kwargs)

    call.__r_stands_for__ = hook
    return call


def super_hook(method, name: str, caller_index_base: int):
    """A hook got through `super` by a method whose class counts from `caller_index_base`.

    R passes it a copy of the logs. What the hook changes in the copy is changed in the logs that
    all callbacks share, too, as between hooks of Python."""
    if name not in HOOKS:
        return method
    is_counted = caller_index_base == 1 and name in INDEXED
    at = int(name in INDEXED)

    def call(*args, **kwargs):
        if is_counted:
            args = _from_one(name, 0, args, kwargs)
        logs = kwargs["logs"] if "logs" in kwargs else args[at] if at < len(args) else None
        if not isinstance(logs, dict):
            return method(*args, **kwargs)
        before = dict(logs)
        result = method(*args, **kwargs)
        if logs != before:
            from .. import _core  # here, since this file is imported without R, too

            shared = _core.shared_argument(getattr(method, "__self__", None), name)
            _repeat_changes(before, logs, shared)
        return result

    call.__r_stands_for__ = method
    return call


def _repeat_changes(before: dict, after: dict, shared) -> None:
    if not isinstance(shared, dict):
        return
    for key in before.keys() - after.keys():
        shared.pop(key, None)
    shared.update({k: v for k, v in after.items() if k not in before or before[k] is not v})


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
