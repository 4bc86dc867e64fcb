"""Hooks of callbacks, and the one rule of index bases on the way to Python.

Python counts epochs and batches from 0; in a class made by `Callback()`, R counts them from 1. The
core adds 1 when Python calls such a hook, and `_from_one` here subtracts 1 when R calls one. R's
table of kinds lists the hooks.
"""

from __future__ import annotations

import functools

from .kinds import Kind, kind_named

_additions: list = []


def add_to_callbacks(members) -> None:
    """Add the dict `members(namespace, bases, class_ref)` to each callback class made from R."""
    _additions.append(members)


def added_to_callback(namespace: dict, bases, class_ref) -> dict:
    """The members that add_to_callbacks() registered, for this `namespace` and these bases."""
    return {n: v for members in _additions for n, v in members(namespace, bases, class_ref).items()}


def _to_zero(value):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value - 1 if isinstance(value, int) and not isinstance(value, bool) else value


def _from_one(index: str, at: int, args: tuple, kwargs: dict) -> tuple:
    """`args`, with 1 subtracted from the argument `index` at position `at`. If that is among
    `kwargs`, it is changed in place."""
    if len(args) > at:
        return (*args[:at], _to_zero(args[at]), *args[at + 1 :])
    if index in kwargs:
        kwargs[index] = _to_zero(kwargs[index])
    return args


def from_hook(hook):
    """A function by which R code, which counts from 1, calls `hook`, a marked method or function.
    Python gets `hook` itself for it (the core reads `__r_stands_for__`)."""
    function = getattr(hook, "__func__", hook)
    index = getattr(function, "__r_index__", None)
    if index is None:  # a hook inherited from Python, in a class that counts from 1
        index = type(hook.__self__).__r_class__.hooks[function.__name__]
    at = int(not hasattr(hook, "__self__"))  # a function gets its instance as an argument

    @functools.wraps(hook)
    def call(*args, **kwargs):
        return hook(*_from_one(index, at, args, kwargs), **kwargs)

    call.__r_stands_for__ = hook
    return call


def super_hook(method, name: str, info):
    """The function that R gets as `super$name` for `method`. It uses the index base of the class
    whose `__r_class__` is `info` (None for a Python class).

    R passes it a copy of the logs. The changes that the hook makes in the copy are repeated in the
    logs that all callbacks share, as between Python hooks."""
    # A class whose kind has no hooks may be mixed into a callback class.
    hooks = (info and info.hooks) or kind_named("Callback").hooks
    if name not in hooks:
        return method
    index = hooks[name]
    is_counted = index is not None and info is not None and info.index_base == 1
    at = int(index is not None)

    def call(*args, **kwargs):
        if is_counted:
            args = _from_one(index, 0, args, kwargs)
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


def instances_only(name: str, class_ref, kind: Kind):
    """The kind's setter for the class of `class_ref`. fit() calls it before all other methods, so
    it raises the error for a class that is given in place of an instance."""
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
