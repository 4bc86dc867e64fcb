"""Instances of R classes for picklers: the state of Python, and the private environment.

`__getstate__` and `__setstate__` of the class are Python's own protocol. What can't be pickled is
an error here, since a pickler names neither the class nor the field.
"""

from __future__ import annotations

import copyreg
import pickle
import sys
import types
import weakref

from ..bridge import private
from ..bridge.module_name import Reference, is_definition
from ..bridge.r_functions import r_function, r_handle


def pickle_methods(bases, name: str, ref) -> dict:
    """`__reduce_ex__` for the R class `name` with these bases, unless one of them has it; `ref`
    gives the class."""
    if any("__r_class__" in vars(cls) for base in bases for cls in base.__mro__):
        return {}

    def plain(self, protocol):
        return super(ref(), self).__reduce_ex__(protocol)

    def __reduce_ex__(self, protocol):
        _check_protocol(type(self), protocol)
        return _reduced(self, plain(self, protocol))

    __reduce_ex__.__r_plain__ = plain
    return {"__reduce_ex__": __reduce_ex__}


def _check_protocol(cls: type, protocol: int) -> None:
    """Raise PicklingError for the protocols that write the name of a module as mere text, unless it
    is that of an imported file."""
    if protocol < 4 and not isinstance(sys.modules.get(cls.__module__), types.ModuleType):
        raise pickle.PicklingError(
            f"an instance of class `{cls.__name__}` needs pickle's protocol 4, which is Python's "
            f"default, or a newer one, not {protocol}: give `protocol = 4`"
        )


def _reduced(instance, plain):
    """With `private` beside what Python pickles of the instance."""
    if isinstance(plain, str) or _is_own(type(instance), "__reduce__"):
        return plain
    made, arguments, state, items, pairs, set_state = (*plain, *[None] * (6 - len(plain)))
    fields = state[0] if isinstance(state, tuple) and len(state) == 2 else state
    if isinstance(fields, dict):
        check_fields(type(instance), fields)
    makes = _new.get(made)
    if makes is None and is_definition(made):  # as of exceptions and enumerations
        made, arguments = make_instance, (made, *arguments)
    elif makes is not None and is_definition(arguments[0]):
        made = makes
    arguments = tuple(map(_referred, arguments))
    hidden = _hidden(instance)
    if isinstance(state, dict) and private.KEPT in state:
        state = {name: value for name, value in state.items() if name != private.KEPT}
    state = _without_definitions(state)
    if hidden is None:
        return made, arguments, state, items, pairs, set_state
    return made, arguments, (state, hidden, set_state), items, pairs, set_instance


def _hidden(instance):
    """What of the private environment travels, or None."""
    cls = type(instance)
    if _is_own(cls, "__getstate__") and _is_own(cls, "__setstate__"):
        return None  # they take over
    kept = private.kept_of(instance)
    levels = [info.class_env for info in private_levels(cls)]
    if kept is None or not (levels or r_function("length_of")(kept)):
        return None
    return Hidden(r_handle("private_state")(kept, *levels), f"class `{cls.__name__}`, private")


class Hidden:
    """The state of a private environment, an R list; `path` says in errors whose it is."""

    reduce = None  # the function of travel/pack.py; the session sets it

    def __init__(self, handle, path: str):
        self.handle, self.path = handle, path

    def __reduce__(self):
        return Hidden.reduce(self)


def _is_own(cls: type, method: str) -> bool:
    """Is this method of the class written in R?"""
    owner = next((one for one in cls.__mro__ if method in vars(one)), object)
    return "__r_class__" in vars(owner)


def _referred(what):
    return Reference.to(what) if is_definition(what) else what


def _without_definitions(state, depth: int = 0):
    """The state with references to the R functions and classes in it: what these reach may lead
    back to the instance. A list, tuple or dict that has any is a copy, as lists of R are."""
    kind = type(state)
    if is_definition(state):
        return Reference.to(state)
    if depth > 8 or kind not in (list, tuple, dict):
        return state
    parts = state.values() if kind is dict else state
    made = [_without_definitions(part, depth + 1) for part in parts]
    if all(new is old for new, old in zip(made, parts, strict=True)):
        return state
    return dict(zip(state, made, strict=True)) if kind is dict else kind(made)


def new_instance(cls: type, *arguments):
    """As `copyreg.__newobj__`, for a class that arrives by a Reference."""
    return cls.__new__(cls, *arguments)


def new_instance_ex(cls: type, arguments: tuple, keywords: dict):
    """As `copyreg.__newobj_ex__`."""
    return cls.__new__(cls, *arguments, **keywords)


def make_instance(cls: type, *arguments):
    return cls(*arguments)


_new = {copyreg.__newobj__: new_instance, copyreg.__newobj_ex__: new_instance_ex}


def private_levels(cls: type) -> list:
    """The `__r_class__` of the classes of `cls` that have private members, base first."""
    found = [
        vars(one)["__r_class__"] for one in reversed(cls.__mro__) if "__r_class__" in vars(one)
    ]
    return [info for info in found if info.has_private]


def set_instance(instance, state) -> None:
    """Give an instance that has arrived its private environment, then the state of Python, whose
    `__setstate__` may change it."""
    state, hidden, set_state = state
    r_function("set_private_state")(private.make_private(instance), hidden)
    if set_state is not None:
        set_state(instance, state)
    elif state is not None:
        _set_plain(instance, state)


def _set_plain(instance, state) -> None:
    """What a pickler does with a state."""
    if hasattr(instance, "__setstate__"):
        instance.__setstate__(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    for name, value in (state or {}).items():
        vars(instance)[sys.intern(name) if type(name) is str else name] = value
    for name, value in (slots or {}).items():
        setattr(instance, name, value)


# ---- what can't travel ---------------------------------------------------------------------------


def check_fields(cls: type, fields: dict) -> None:
    """Raise PicklingError, which names class and field, for what a pickler can't write."""
    for name, value in fields.items():
        what = problem_of(value, is_callback(cls))
        if what is not None:
            raise pickle.PicklingError(
                f"class `{cls.__name__}`: field `{name}` holds {what}, which can't "
                "travel to another process: leave it out by `__getstate__`, and make it again in "
                "`__setstate__`"
            )


def is_callback(cls: type) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and issubclass(cls, keras.callbacks.Callback)


def problem_of(value, in_callback: bool = False) -> str | None:
    """What can't be pickled in a value: a noun phrase, or None."""
    if in_callback and isinstance(value, sys.modules["keras"].Model):
        return "a live model"
    if type(value) in (list, tuple, set):
        return next(filter(None, (problem_of(part, in_callback) for part in value)), None)
    if type(value) is dict:
        return next(filter(None, (problem_of(part, in_callback) for part in value.values())), None)
    if not _is_atom(type(value)):
        return None
    try:
        value.__reduce_ex__(4)
    except (TypeError, pickle.PicklingError):
        return f"an object of Python's class `{_name(type(value))}`"
    return None


def _is_atom(cls: type) -> bool:
    """Is it a class of Python's own, written in C, such as that of locks, generators and files?"""
    known = _atoms.get(cls)
    if known is None:
        own = cls.__module__.split(".")[0] in sys.stdlib_module_names | {"builtins"}
        by_name = issubclass(cls, (type, types.FunctionType, types.BuiltinFunctionType))
        in_c = not cls.__dictoffset__ or cls.__module__ == "_io"
        known = _atoms[cls] = own and not by_name and in_c
    return known


_atoms: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _name(cls: type) -> str:
    return (
        cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    )
