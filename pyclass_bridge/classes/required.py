"""What a base needs of a class made by R, and does not say well when it is missing.

Keras raises an empty NotImplementedError, or none, when it first calls a method that is missing,
and an instance whose base was not set up fails much later, in words about something else. The
errors here name class and method. A class further down, or another base, may still define a method.
"""

from __future__ import annotations

import functools

from .kinds import Kind


def name_missing_methods(cls: type, kind: Kind) -> None:
    """Let `cls` say so when a method is called that neither it nor a base of the user's has."""
    base = kind.base_of(cls)
    for method, formals in kind.required.items() if base else ():
        if getattr(cls, method) is getattr(base, method):
            setattr(cls, method, _missing(cls, getattr(base, method), formals))


def _missing(cls: type, default, formals: str):
    name = default.__name__

    @functools.wraps(default)
    def call(self, *args, **kwargs):
        found = getattr(super(cls, self), name)
        if getattr(found, "__func__", None) is not default:
            return found(*args, **kwargs)
        raise NotImplementedError(
            f"the R class `{type(self).__name__}` has no method `{name}`, and Keras calls it. "
            f"Define `{name} = function({formals})`."
        )

    return call


def with_base_set_up(call, name: str, bases, kind: Kind):
    """`call`, an `initialize` whose R code does not mention `super`, for a class with these bases:
    an error where one of them has to be set up."""
    base = next((b for b in bases if _needs_set_up(b, kind)), None)
    if base is None:
        return call

    def initialize(self, *args, **kwargs):
        call(self, *args, **kwargs)
        raise RuntimeError(
            f"`initialize` of class `{name}` does not call `super$initialize()`, so what it "
            f"inherits from `{base.__name__}` is not set up. Call it first in `initialize`."
        )

    return initialize


def _needs_set_up(base: type, kind: Kind) -> bool:
    """Is the `__init__` of `base` that of a library, and do its instances need it? The one of the
    plain Callback only sets what fit() sets again before it calls a hook."""
    own = (c for c in base.__mro__ if "__init__" in vars(c) and "__r_class__" not in vars(c))
    owner = next(own, object)
    of_library = owner.__module__.startswith(("keras.src.", "synalinks.src."))
    is_plain = owner.__name__ == "Callback" and hasattr(owner, kind.setter or "")
    return of_library and not is_plain
