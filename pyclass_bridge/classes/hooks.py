"""Hooks of callbacks, and the one rule of index bases on the way to Python.

Python counts epochs and batches from 0, and R from 1 in a class made by `Callback()`. The shift is
made at the language boundary: the core adds 1 when Python calls such a hook, and `counted_by_r`
here takes 1 off when R calls one. Which hooks there are is in R's table of kinds.
"""

from __future__ import annotations

import functools
import sys

from ..bridge.signature import TRAMPOLINE
from .kinds import Kind, kind_named

_additions: list = []


def add_to_callbacks(members) -> None:
    """Have `members(namespace, bases, class_ref)`, a dict, in each callback class made from R."""
    _additions.append(members)


def added_to_callback(namespace: dict, bases, class_ref) -> dict:
    """What others have asked to be in a callback class with this `namespace` and these bases."""
    return {n: v for members in _additions for n, v in members(namespace, bases, class_ref).items()}


def _to_zero(value):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value - 1 if isinstance(value, int) and not isinstance(value, bool) else value


def counted_by_r(hook, index: str, at: int = 0):
    """`hook`, which counts from 0 and whose argument `index` is the one at `at`, for R code that
    counts from 1. When R gives the result to Python, Python gets `hook` itself: the core reads
    `__r_counts_for__`."""

    @functools.wraps(hook)
    def call(*args, **kwargs):
        if len(args) > at:
            args = (*args[:at], _to_zero(args[at]), *args[at + 1 :])
        elif index in kwargs:
            kwargs[index] = _to_zero(kwargs[index])
        return hook(*args, **kwargs)

    call.__r_counts_for__ = hook
    return call


def from_hook(hook):
    """`hook`, a method or function named `on_*` that R has read from an instance of an R class, or
    from the class itself, as R calls it. The core calls this. On an instance of a `Callback()`
    class R also counts from 1 in the hooks that the class inherits from Python."""
    function = getattr(hook, "__func__", hook)
    index = getattr(function, "__r_index__", None)
    receiver = getattr(hook, "__self__", None)
    if index is None and receiver is not None:
        info = getattr(type(receiver), "__r_class__", None)
        if info is not None and info.index_base == 1:
            index = info.hooks.get(function.__name__)
    return hook if index is None else counted_by_r(hook, index, at=int(receiver is None))


def super_hook(method, name: str, info):
    """`method`, which R has got as `super$name`, as R calls it: with the index base of the class
    whose `__r_class__` is `info` (None for a Python class)."""
    # A class that has no hooks of its own may be mixed into a callback class.
    hooks = (info and info.hooks) or kind_named("Callback").hooks
    if name not in hooks:
        return method
    index = hooks[name]
    hook = _sharing_logs(method, name, int(index is not None))
    return counted_by_r(hook, index) if index and info and info.index_base == 1 else hook


def instances_only(name: str, class_ref, kind: Kind):
    """The setter of the kind for the class that `class_ref` gives. It is the first method of a
    callback that fit() calls, so a class in the place of its instance is an error that says so."""
    setter, library = kind.setter, kind.library

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


def _sharing_logs(hook, name: str, at: int):
    """`hook` for a call from R, which hands it a copy of the logs as the argument at `at`: what the
    hook changes in them goes into the logs that all callbacks share, as between Python's hooks."""

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
