"""Keras' registry of custom objects. The other halves are R/surface_objects.R and
R/surface_state.R.

Importing this module does not import Keras.
"""

from __future__ import annotations

import inspect

from .names import at


def by_name(objects):
    """Custom objects as a dict; objects in a list without names are listed by their own names."""
    if callable(objects):
        objects = [objects]
    if not isinstance(objects, (list, tuple)):
        return objects
    return {item.__name__: item for item in objects}


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
    registry.update(by_name(objects))
    return before


def custom_object_scope(objects):
    """A context manager within which Keras knows `objects`."""
    return at("saving.custom_object_scope")(by_name(objects))


def model_from_json(text: str, custom_objects=None):
    """A model without weights, from the JSON of its configuration."""
    return at("models.model_from_json")(text, custom_objects=by_name(custom_objects))


def set_state_tree(item, tree) -> None:
    """``set_state_tree()``; R's empty lists become empty dicts."""
    item.set_state_tree(_dicts(tree))


def _dicts(tree):
    if isinstance(tree, dict):
        return {key: _dicts(value) for key, value in tree.items()}
    return {} if isinstance(tree, list) and not tree else tree
