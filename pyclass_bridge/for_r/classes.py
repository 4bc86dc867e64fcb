"""Classes as R sees them: the S3 class of an instance, and names. It has no other half in R:
the core and several R files ask it."""

from __future__ import annotations


def s3_class(cls: type) -> tuple[str, ...]:
    """The S3 class of the instances of `cls`: its qualified name and those of its bases. Exceptions
    are conditions of R besides, so that stop(), tryCatch() and signalCondition() take them."""
    names = [_qualified(base) for base in cls.__mro__]
    if issubclass(cls, BaseException):
        kind = "interrupt" if issubclass(cls, KeyboardInterrupt) else "error"
        names += [kind, "condition"]
    return tuple(names)


def _qualified(cls: type) -> str:
    module = cls.__module__
    if module == "builtins":
        module = "python.builtin"
    return f"{module}.{cls.__qualname__}"


def class_label(cls: type) -> str:
    """How messages name a class."""
    return getattr(cls, "__qualname__", repr(cls))


def issubclass_named(cls, name: str) -> bool:
    """Is `cls` a class whose chain of bases has one with the qualified name `name`?"""
    return isinstance(cls, type) and any(_qualified(base) == name for base in cls.__mro__)
