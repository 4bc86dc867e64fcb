"""`super` in R's methods: the attributes of the bases, under R's names too. The other half is
R/classes_scope.R."""

from __future__ import annotations

from ..classes.hooks import super_hook

_SPECIAL = {"initialize": "__init__", "finalize": "__del__"}


def _of_bases(owner: type, receiver, name: str):
    """The attribute of the bases of `owner` that R calls `name`."""
    bases = super(owner, receiver)
    if name == "call":
        return getattr(bases, "call", None) or bases.__call__
    return getattr(bases, _SPECIAL.get(name, name))


def super_assign(class_ref, receiver, name: str, value, called: bool = False) -> None:
    """`super$name <- value`: by the property of a base if there is one, else on the instance.

    `receiver` is the instance or, if `called`, a function that returns it (in private functions).
    """
    owner, receiver = class_ref(), receiver() if called else receiver
    mro = type(receiver).__mro__
    for base in mro[mro.index(owner) + 1 :]:
        descriptor = vars(base).get(name)
        if hasattr(type(descriptor), "__set__"):
            descriptor.__set__(receiver, value)
            return
    setattr(receiver, name, value)


def super_attr(class_ref, receiver, name: str, called: bool = False):
    """`super$name` in a method of the class that `class_ref()` returns; `receiver` as above."""
    owner = class_ref()
    try:
        found = _of_bases(owner, receiver() if called else receiver, name)
    except AttributeError as error:
        raise AttributeError(f"in class `{owner.__name__}`: {error}") from None
    return super_hook(found, name, owner.__dict__["__r_class__"])


class RSuper:
    """`super(Class, self)` in R: attributes of the bases, under R's names too."""

    __slots__ = ("_owner", "_receiver")

    def __init__(self, owner: type, receiver):
        self._owner = owner
        self._receiver = receiver

    def __getattribute__(self, name: str):
        # The special methods of the bases count, not those of this object.
        owner = object.__getattribute__(self, "_owner")
        receiver = object.__getattribute__(self, "_receiver")
        found = _of_bases(owner, receiver, name)
        return super_hook(found, name, owner.__dict__.get("__r_class__"))


def super_object(cls: type, receiver) -> RSuper:
    """What `super(Class, self)` gives R.

    Raises:
        TypeError: `cls` is no class, or `receiver` no instance of it.
    """
    if not isinstance(cls, type):
        raise TypeError(f"super() needs a class, not {type(cls).__name__}")
    if not isinstance(receiver, cls) and not (
        isinstance(receiver, type) and issubclass(receiver, cls)
    ):
        raise TypeError(
            f"super({cls.__name__}, self): self is no instance of `{cls.__name__}` but of "
            f"`{type(receiver).__name__}`"
        )
    return RSuper(cls, receiver)
