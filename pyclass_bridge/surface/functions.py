"""The names of R functions in Keras' objects: each gets the name that it was given by, and two
functions of one name in a model are numbered. The other half is R/surface_functions.R.

A configuration holds functions by name only, so a model with two functions of one name, or with one
that is named as a function of Keras, would be loaded with the wrong one.
Importing this module does not import Keras.
"""

from __future__ import annotations

import functools
import inspect
import types

from ..bridge.function import make_function, name_before
from ..bridge.r_functions import r_function
from .names import at

# Modules of Keras in which it looks for a function by its name.
_MODULES = ("activations", "constraints", "initializers", "losses", "metrics", "regularizers")


def named(function, name: str | None, sure: bool):
    """The R function `function` as a Python function called `name`."""
    closure = getattr(function, "__r_function__", None)
    if closure is None or name is None:
        return function
    if not sure:
        name = name_before(closure) or name
    return function if function.__name__ == name else make_function(closure, name)


def functions_in(*items) -> list[types.FunctionType]:
    """The R functions that Keras' objects hold, each once, in the order of the objects' parts."""
    functions = (item for item in parts_of(*items) if isinstance(item, types.FunctionType))
    return [function for function in functions if hasattr(function, "__r_function__")]


def parts_of(*items) -> list:
    """The objects and functions that Keras' objects hold, and these themselves, each once."""
    found, seen, rest = [], set(), list(reversed(items))
    while rest:
        item = rest.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, types.FunctionType):
            found.append(item)
        elif isinstance(item, dict):
            rest.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple, set)):
            rest.extend(reversed(list(item)))
        elif _has_parts(type(item)):
            found.append(item)
            rest.extend(reversed(list(vars(item).values())))
    return found


def _has_parts(cls: type) -> bool:
    """Is it a class of Keras, or derived from one, whose instances hold parts of a model?"""
    if issubclass(cls, (at("Variable"), at("KerasTensor"))) or cls.__name__ in ("Node", "Tracker"):
        return False
    return hasattr(cls, "__dict__") and any(c.__module__.startswith("keras.") for c in cls.__mro__)


def tell_apart(*items, for_saving: bool = True) -> None:
    """Number R functions of one name in Keras' objects, and tell each that gets another name. In a
    file, names of Keras are not free; a metric may be shown by one."""
    owners = dict.fromkeys(names_of_keras()) if for_saving else {}
    for function in functions_in(*items):
        if _registered(function):
            continue
        name, number = function.__name__, 0
        while not _is_free(name, function, owners):
            number += 1
            name = f"{function.__name__}_{number}"
        owners[name] = function.__r_function__
        if number:
            _tell(function.__name__, name)
            function.__name__ = name


def _registered(function) -> bool:
    return at("saving.get_registered_name")(function) != function.__name__


def _is_free(name: str, function, owners: dict) -> bool:
    return name not in owners or owners[name] == function.__r_function__


@functools.cache
def names_of_keras() -> frozenset[str]:
    """The names that, in a configuration, mean functions of Keras."""
    modules = [inspect.getmodule(at(f"{module}.get")) for module in _MODULES]
    return frozenset().union(*(module.ALL_OBJECTS_DICT for module in modules))


def _tell(name: str, new: str) -> None:
    if name == "r_function":
        tell(
            "the model has several functions without a name, which a saved model can't tell apart: "
            'give them names, as `loss_r(..., name = "own")` does, or save the model with '
            "`definitions = TRUE`."
        )
        return
    is_keras = name in names_of_keras()
    owner = "Keras has a function" if is_keras else "the model has another function"
    tell(
        f"{owner} `{name}`, so yours is `{new}` in the configuration of the model: load the saved "
        f"model with `custom_objects = list({f'{name} = {name}' if is_keras else f'{new} = ...'})`."
    )


def tell(text: str) -> None:
    """A warning of R."""
    r_function("tell_name")(text)
