"""Keras' registry of custom objects. The other halves are R/surface_objects.R and
R/surface_state.R.

Importing this module imports no Keras.
"""

from __future__ import annotations

import inspect

from .names import at


def by_name(objects):
    """A dict of custom objects: those without a name in R's list get their own name."""
    if callable(objects):
        objects = [objects]
    if not isinstance(objects, (list, tuple)):
        return objects
    return {item.__name__: item for item in objects}


def register(item, name: str | None, package: str):
    """`item` as ``package>name`` of the registry; a function gets the name, which models save."""
    if inspect.isfunction(item) and name is not None:
        item.__name__ = name
    return at("saving.register_keras_serializable")(package, name)(item)


def set_custom_objects(objects, clear: bool) -> dict:
    """Put `objects` into the registry, alone if `clear`; what was there before."""
    registry = at("saving.get_custom_objects")()
    before = dict(registry)
    if clear:
        registry.clear()
    registry.update(by_name(objects))
    return before


def custom_object_scope(objects):
    """The scope, a context manager, in which `objects` are known."""
    return at("saving.custom_object_scope")(by_name(objects))


def model_from_json(text: str, custom_objects=None):
    """A model without weights, from the JSON of its configuration."""
    return at("models.model_from_json")(text, custom_objects=by_name(custom_objects))


def set_state_tree(item, tree) -> None:
    """``set_state_tree()`` with R's empty lists as empty dicts."""
    item.set_state_tree(_dicts(tree))


def _dicts(tree):
    if isinstance(tree, dict):
        return {key: _dicts(value) for key, value in tree.items()}
    return {} if isinstance(tree, list) and not tree else tree
