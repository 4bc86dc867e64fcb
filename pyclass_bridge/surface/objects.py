"""Keras' registry of custom objects. The other halves are R/surface_objects.R and
R/surface_state.R.

Importing this module does not import Keras.
"""

from __future__ import annotations

import inspect

from .functions import functions_in, named, names_of_keras, tell_apart
from .names import at


def known(*items):
    """A context manager within which Keras knows the R functions of these objects by name: it makes
    parts of wrappers and of clones from their configurations."""
    tell_apart(*items)
    return custom_object_scope({f.__name__: f for f in functions_in(*items)})


def by_name(objects):
    """Custom objects as a dict; objects in a list without names are listed by their own names. A
    function named as one of Keras' is listed by its name in configurations, too."""
    if callable(objects):
        objects = [objects]
    if isinstance(objects, (list, tuple)):
        objects = {item.__name__: item for item in objects}
    if not isinstance(objects, dict):
        return objects
    found = {name: named(item, name, sure=True) for name, item in objects.items()}
    functions = {name: item for name, item in found.items() if hasattr(item, "__r_function__")}
    for name in functions.keys() & names_of_keras():
        found.setdefault(f"{name}_1", named(functions[name], f"{name}_1", sure=True))
    return found


def custom_objects(function: str, names: list[str], objects: list) -> dict:
    """The objects, given to the R function `function`, by their names in a list, or if these are
    empty by their own names."""
    found = {}
    for name, item in zip(names, objects, strict=True):
        name = name or item.__name__
        if name in found and getattr(found[name], "__r_function__", None) != getattr(
            item, "__r_function__", item
        ):
            raise ValueError(
                f"{function}(): two custom objects are called `{name}`, so they can't be told "
                "apart: give each the name that it has in the model, as in `list(name = object)`."
            )
        found[name] = item
    return by_name(found)


def register(item, name: str | None, package: str):
    """Register `item` as ``package>name``; a function is renamed, since models save its name."""
    if inspect.isfunction(item) and name is not None:
        item.__name__ = name
    return at("saving.register_keras_serializable")(package, name)(item)


def set_custom_objects(objects, clear: bool) -> dict:
    """Add `objects` to the registry, which `clear` empties first; returns its former content."""
    registry = at("saving.get_custom_objects")()
    before = dict(registry)
    if clear:
        registry.clear()
    registry.update(objects)
    return before


def custom_object_scope(objects):
    """A context manager within which Keras knows `objects`, and those of the scope around it, which
    Keras' own scope would hide."""
    return at("saving.custom_object_scope")(scope_around() | (objects or {}))


def scope_around() -> dict:
    """The objects of the scope that holds on this thread."""
    from keras.src.backend.common import global_state

    return global_state.get_global_attribute("custom_objects_scope_dict", {})


def model_from_json(text: str, custom_objects=None):
    """A model without weights, from the JSON of its configuration."""
    return at("models.model_from_json")(text, custom_objects=custom_objects)


def set_state_tree(item, tree) -> None:
    """``set_state_tree()``; R's empty lists become empty dicts."""
    item.set_state_tree(_dicts(tree))


def _dicts(tree):
    if isinstance(tree, dict):
        return {key: _dicts(value) for key, value in tree.items()}
    return {} if isinstance(tree, list) and not tree else tree
