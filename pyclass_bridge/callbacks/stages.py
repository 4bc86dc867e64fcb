"""What a callback class from R has besides its hooks: `stages`, how it prints, and `on_exit`.

R's `fit()` and `pyclass_bridge.fit()` call `on_exit`, but Keras does not. Under Keras' own
``model.fit`` it is called here, after `on_train_end`, but not after an error; a warning says so.
"""

from __future__ import annotations

import functools
import warnings
import weakref

from ..classes.kinds import kind_named


class Stages:
    """The attribute `stages`: the names of the stages, or hooks, that an instance defines. An
    instance may replace it by an attribute of its own."""

    def __init__(self, active):
        self.active = active

    def __get__(self, instance, owner=None):
        return self if instance is None else self.active(instance)


def _active(callback) -> list[str]:
    """The hooks that Keras' base class does not define, in the order in which they run."""
    found = ((name, getattr(callback, name, None)) for name in kind_named("Callback").hooks)
    return [name for name, hook in found if hook is not None and not _is_default(hook)]


def _is_default(hook) -> bool:
    return getattr(hook, "_is_default", False)  # Keras marks the hooks of its base class


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
    """The members to add to a callback class with this `namespace` and these bases."""
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
    """Warn, once for each class, that Keras' own ``model.fit`` calls `on_exit` only after a normal
    end."""
    cls = type(callback)
    if _ends_alone(callback) and cls not in _warned:
        _warned.add(cls)
        warnings.warn(
            f"`on_exit` of `{cls.__name__}` runs only after a normal end under Keras' own "
            "`model.fit()`. Train by `pyclass_bridge.fit(model, ...)`, or R's `fit()`, for it to "
            "run after an error and Ctrl-C too.",
            stacklevel=3,
        )


def ends_alone(callback) -> None:
    """Run `on_exit` at the normal end of a training by Keras' own ``model.fit``."""
    if _ends_alone(callback):
        callback.on_exit()


def _ends_alone(callback) -> bool:
    from ..training.run import holds

    return not holds(callback)


_ENDS = {"on_train_begin": begins_alone, "on_train_end": ends_alone}


def _ending(namespace: dict, bases, name: str, class_ref):
    """The hook `name` of the class that `class_ref()` returns, followed by the function in `_ENDS`.
    If base classes have such hooks too, only that of the instance's class calls the function."""
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
