"""The R classes and functions that the configuration of a model names, found without
`custom_objects`. The other half is R/surface_objects.R.

A class is found in a file that was sourced or imported, in R's global environment, or anywhere
while it lives (classes/living.py); a function only in the first two. What the user gives or has
registered comes first, and names of Keras mean what Keras has. Nothing is evaluated. Importing this
module does not import Keras.
"""

from __future__ import annotations

import functools
import gc
import warnings
from dataclasses import dataclass

from ..bridge.r_functions import r_function
from ..bridge.source import sourced
from ..classes.living import classes_named, described
from ..travel.definitions import has_arrived
from .functions import names_of_keras
from .names import at
from .objects import scope_around

# The modules of Keras with classes that an .h5 file knows by their names alone.
_MODULES = (
    "constraints", "initializers", "layers", "losses", "metrics", "models", "optimizers",
    "optimizers.schedules", "regularizers",
)  # fmt: skip
# What an .h5 file is compiled with, in which a function is a string.
_COMPILED = ("loss", "metrics", "weighted_metrics")


@dataclass(frozen=True)
class Reference:
    """A class or function that a configuration names: `key` is its name in custom objects, `module`
    the Python module of a class, if the configuration has it."""

    kind: str
    key: str
    name: str
    module: str | None = None


def found_for(config, given: dict | None) -> tuple[dict, list[Reference]]:
    """The R objects that `config` names, by their keys, and what is not known. `given` are the
    user's custom objects, which are not looked for."""
    found, unknown, named = {}, [], references(config)
    known = at("saving.get_custom_objects")() | scope_around() | (given or {}) if named else {}
    for reference in named:
        if known.get(reference.key) is not None:
            continue
        item = _class_of(reference) if reference.kind == "class" else _function_of(reference)
        if item is None:
            unknown.append(reference)
        else:
            found[reference.key] = item
    return found, unknown


# ---- what a configuration names ------------------------------------------------------------------


def references(config) -> list[Reference]:
    """The classes and functions in a configuration that are not Keras', each once."""
    found, rest = {}, [config]
    while rest:
        item = rest.pop()
        if isinstance(item, (list, tuple)):
            rest.extend(reversed(item))
        elif isinstance(item, dict):
            for reference in (_named_by(item), *map(_function, _compiled_with(item))):
                if reference is not None:
                    found[reference] = None
            rest.extend(reversed(list(item.values())))
    return list(found)


def _named_by(item: dict) -> Reference | None:
    name, module = item.get("class_name"), item.get("module")
    if not isinstance(name, str) or "config" not in item or name.startswith("__"):
        return None
    if name == "function":
        return _function(item["config"])
    if _is_of_keras(module):
        return None
    if "registered_name" in item:
        key = item["registered_name"]
        return Reference("class", key, name, module) if isinstance(key, str) else None
    package, _, own = name.rpartition(">")
    is_known = not package and is_name_of_keras(own)
    return None if is_known else Reference("class", name, own, package or None)


def _function(name) -> Reference | None:
    if not isinstance(name, str) or name in names_of_keras() or name in _SPECIAL:
        return None
    return Reference("function", name, name)


_SPECIAL = frozenset({"accuracy", "acc", "crossentropy", "ce"})


def _compiled_with(item: dict) -> list:
    """The strings for losses and metrics, if `item` is what an .h5 file is compiled with."""
    if "optimizer_config" not in item:
        return []
    rest, found = [item.get(key) for key in _COMPILED], []
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict) and "class_name" not in value:
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    return found


def _is_of_keras(module) -> bool:
    return isinstance(module, str) and module.split(".")[0] in ("keras", "builtins")


def is_name_of_keras(name: str) -> bool:
    """Does the name alone mean a class of Keras, as it does in an .h5 file?"""
    return name in _classes_of_keras()


@functools.cache
def _classes_of_keras() -> frozenset[str]:
    return frozenset(
        name
        for module in _MODULES
        for name, value in vars(at(module)).items()
        if isinstance(value, type)
    ) | {"Functional", "InputLayer"}


# ---- what has the name ---------------------------------------------------------------------------


def _class_of(reference: Reference) -> type | None:
    name, module = reference.name, reference.module
    # A model that has several classes of one name numbers them, and they can't be told apart here.
    if reference.key not in (name, f"{module}>{name}") and not reference.key.endswith(f">{name}"):
        return None
    found = _classes(name, module)
    if len(found) > 1:
        gc.collect()  # some may be left over
        found = _classes(name, module)
    if len(found) > 1:
        raise ValueError(_several("classes", reference, map(described, found)))
    if found and module not in (None, found[0].__module__, *_ANYWHERE):
        _warn_of_other_module(found[0], module)
    return found[0] if found else None


_ANYWHERE = ("r_globalenv", "__main__")  # definitions move from there into files


def _classes(name: str, module: str | None) -> list[type]:
    """The classes of this name: those of the files that were sourced and of the global environment
    before others, what was defined here before what another process has sent, and of these those
    of the module, if there are any."""
    found = [cls for cls in classes_named(name) if hasattr(cls, "from_config")]
    at_top = _of_files() | {id(cls) for cls in r_function("global_classes")(name)}
    for is_first in (
        lambda cls: id(cls) in at_top,
        lambda cls: not has_arrived(cls),
        lambda cls: cls.__module__ == module,
    ):
        found = [cls for cls in found if is_first(cls)] or found
    return found


def _of_files() -> set[int]:
    """The identities of what the files that were sourced define."""
    return {id(item) for namespace in sourced() for item in vars(namespace).values()}


def _warn_of_other_module(cls: type, module: str) -> None:
    if cls.__module__ not in _ANYWHERE:
        warnings.warn(
            f"the model was saved with the class `{cls.__name__}` of `{module}`; that of "
            f"{described(cls)} is taken: give `custom_objects` if another is meant.",
            stacklevel=2,
        )


def r_function_named(name: str):
    """The R function of this name in a file that was sourced or in the global environment, or None.

    Raises:
        ValueError: there are several.
    """
    return _function_of(Reference("function", name, name)) if isinstance(name, str) else None


def _function_of(reference: Reference):
    name = reference.name
    own = name.removesuffix("_1")
    # A model saves the user's `relu` as `relu_1`.
    names = [name] if own == name or own not in names_of_keras() else [name, own]
    for each in names:
        found = _functions(each)
        if len({id(f) for f in found}) > 1 and any(
            f.__r_function__ != found[0].__r_function__ for f in found
        ):
            where = [getattr(f, "__module__", "") for f in found]
            raise ValueError(_several("functions", reference, where))
        if found:
            return found[0]
    return None


def _functions(name: str) -> list:
    found = [vars(namespace).get(name) for namespace in sourced()]
    found.append(r_function("global_function")(name))
    return [f for f in found if getattr(f, "__r_function__", None) is not None]


def _several(what: str, reference: Reference, where) -> str:
    places = " and of ".join(sorted(map(str, where)))
    return (
        f"two {what} are called `{reference.name}`, so the model can't tell which it was saved "
        f"with: that of {places}. Give the right one in `custom_objects`, as `{reference.key}`."
    )
