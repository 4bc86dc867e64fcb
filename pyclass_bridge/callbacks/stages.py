"""What a callback made from R has beside its hooks: `stages`, how it prints, and its `on_exit`.

Keras calls no `on_exit`: a training by R's `fit()` or `pyclass_bridge.fit()` does. Under Keras' own
``model.fit`` it runs here, after `on_train_end`, and a warning says what it misses.
"""

from __future__ import annotations

import functools
import warnings
import weakref

from ..classes.kinds import kind_named


class Stages:
    """The attribute `stages`, the names of the active ones. An instance may have an attribute of
    that name instead."""

    def __init__(self, active):
        self.active = active

    def __get__(self, instance, owner=None):
        return self if instance is None else self.active(instance)


def _active(callback) -> list[str]:
    """The hooks that are not those of Keras' base class, in the order in which they run."""
    found = ((name, getattr(callback, name, None)) for name in kind_named("Callback").hooks)
    return [name for name, hook in found if hook is not None and not _is_default(hook)]


def _is_default(hook) -> bool:
    return getattr(hook, "_is_default", False)  # Keras marks those of its base


def short(callback) -> str:
    """The `__repr__`: class, id and stages in one line."""
    return f"<{_label(callback)}: {', '.join(callback.stages) or 'no stages'}>"


def long(callback) -> str:
    """What print() shows in R, unless the class has a `__repr__` of its own."""
    if type(callback).__repr__ is not short:
        return repr(callback)
    return f"<{_label(callback)}>\n* Stages: {', '.join(callback.stages) or 'none'}"


def _label(callback) -> str:
    name, own = type(callback).__name__, getattr(callback, "id", None)
    return f'{name} "{own}"' if isinstance(own, str) else name


def members(namespace: dict, bases, class_ref) -> dict:
    """What is added to a callback class with this `namespace` and these bases."""
    given = {"stages": Stages(_active), "__repr__": short, "__r_print__": long}
    found = {
        name: value
        for name, value in given.items()
        if name not in namespace and not any(_has(base, name) for base in bases)
    }
    if "on_exit" in namespace or any(hasattr(base, "on_exit") for base in bases):
        found |= {name: _ending(namespace, bases, name, class_ref) for name in _ENDS}
    return found


def _has(base: type, name: str) -> bool:
    return getattr(base, name, getattr(object, name, None)) is not getattr(object, name, None)


# ---- on_exit under Keras' own fit ---------------------------------------------------------------

_warned = weakref.WeakSet()


def begins_alone(callback) -> None:
    """Warn once for a class that its `on_exit` runs after a normal end only, unless this package
    trains."""
    cls = type(callback)
    if _ends_alone(callback) and cls not in _warned:
        _warned.add(cls)
        warnings.warn(
            f"`on_exit` of `{cls.__name__}` runs under Keras' own `model.fit()` after a normal end "
            "only. Train by `pyclass_bridge.fit(model, ...)`, or R's `fit()`, for it to run after "
            "an error and Ctrl-C too.",
            stacklevel=3,
        )


def ends_alone(callback) -> None:
    """Run `on_exit` at the normal end of such a training."""
    if _ends_alone(callback):
        callback.on_exit()


def _ends_alone(callback) -> bool:
    from ..training.run import holds

    return not holds(callback)


_ENDS = {"on_train_begin": begins_alone, "on_train_end": ends_alone}


def _ending(namespace: dict, bases, name: str, class_ref):
    """The hook `name` of the class that `class_ref()` returns, followed by what `on_exit` needs. In
    a chain of classes only that of the instance's own class does this."""
    own = namespace.get(name)

    def hook(self, logs=None):
        if own is None:
            getattr(super(class_ref(), self), name)(logs)
        else:
            own(self, logs)
        if getattr(type(self), name) is hook:
            _ENDS[name](self)

    if own is not None:
        return functools.wraps(own)(hook)
    hook._is_default = all(_is_default(getattr(base, name)) for base in bases if _has(base, name))
    return hook
