"""What a class made in R has been given, or has lost, since it was built: `A$default <- A()`, a
decorator of Python. It travels with the definition."""

from __future__ import annotations

_GONE = object()
_ANNOTATIONS = {"__annotations__", "__annotations_cache__", "__annotate_func__"}
_OF_PYTHON = {"__dict__", "__weakref__", "__slotnames__", "_abc_impl"}


def note_built(cls: type) -> None:
    """Note what the class has now."""
    vars(cls)["__r_class__"].built.update(vars(cls))


def changed(cls: type) -> tuple[dict, tuple]:
    """The attributes that were set since then, and the names of those that were deleted."""
    built, now = vars(cls)["__r_class__"].built, vars(cls)
    changes = {
        name: value
        for name, value in now.items()
        if built.get(name, _GONE) is not value
        and name not in _OF_PYTHON
        and not (name in _ANNOTATIONS and not value)  # Python makes it when it is asked for
    }
    return changes, tuple(name for name in built if name not in now)


def change(cls: type, changes: dict, gone: tuple) -> None:
    """Give a class that has arrived its attributes, as none of its metaclass's hooks sees them."""
    for name, value in changes.items():
        type.__setattr__(cls, name, value)
    for name in gone:
        type.__delattr__(cls, name)
