"""Clear errors for a class made from R that lacks what its base needs.

Keras raises an empty NotImplementedError, or none, when it first calls a missing method, and an
instance whose base was not initialized fails much later with an unrelated text. The errors here
name class and method. A derived class, or another base, may still define a missing method.
"""

from __future__ import annotations

import functools

from .kinds import Kind

# The modules whose classes need what their `__init__` sets.
_LIBRARIES = ("keras.src.", "synalinks.src.", "pyclass_bridge.plain_r.")


def name_missing_methods(cls: type, kind: Kind) -> None:
    """Replace each required method that only the library defines by one that raises an error."""
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
    """`call`, an `initialize` whose R code does not mention `super`. If one of the bases must be
    initialized, it raises an error."""
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
    """Does `base` have the `__init__` of a library class, and do instances need it? That of the
    plain Callback only sets what fit() sets again before it calls a hook."""
    own = (c for c in base.__mro__ if "__init__" in vars(c) and "__r_class__" not in vars(c))
    owner = next(own, object)
    of_library = owner.__module__.startswith(_LIBRARIES)
    is_plain = owner.__name__ == "Callback" and hasattr(owner, kind.setter or "")
    return of_library and not is_plain
