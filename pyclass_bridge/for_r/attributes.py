"""Attributes of Python objects for R. The other half is R/for_r_attributes.R.

Guarantees: only `del_attr` changes an object, and an AttributeError names the nearest attribute.
"""

import importlib
import types

from pyclass_bridge.bridge.words import nearest


def get_attr(x, name):
    """Attribute `name` of `x`; of a module also a submodule that is not imported yet."""
    try:
        return getattr(x, name)
    except AttributeError as error:
        return missing_attribute(x, name, error)


def missing_attribute(x, name, error=None):
    """The submodule `name` of module `x`, or `error` raised again with a suggestion."""
    if isinstance(x, types.ModuleType) and hasattr(x, "__path__"):
        full = f"{x.__name__}.{name}"
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as failure:
            # A submodule that exists, but fails to import something itself, raises that error.
            if failure.name != full:
                raise
    if name == "call" and hasattr(type(x), "__r_class__") and callable(x):
        return x.__call__  # R calls this method `call`
    if error is None:
        kind = "module" if isinstance(x, types.ModuleType) else "object"
        error = AttributeError(f"{type(x).__name__!r} {kind} has no attribute {name!r}")
        error.name, error.obj = name, x
    raise attribute_hint(error) from None


def attribute_hint(error):
    """The AttributeError `error`, its text extended by "Did you mean: 'x'?" if that helps."""
    name, owner = getattr(error, "name", None), getattr(error, "obj", None)
    text = str(error)
    if name and owner is not None and "Did you mean" not in text:
        near = nearest(name, [other for other in _dir(owner) if other != name])
        if near is not None:
            error.args = (f"{text.rstrip('.')}. Did you mean: '{near}'?", *error.args[1:])
    return error


def has_attr(x, name):
    """Does `x` have the attribute `name`?"""
    return hasattr(x, name)


def del_attr(x, name):
    """Delete the attribute `name` of `x`."""
    try:
        delattr(x, name)
    except AttributeError as error:
        raise attribute_hint(error) from None


def _dir(x):
    try:
        return [name for name in dir(x) if isinstance(name, str)]
    except Exception:
        # A broken __dir__ must not hide what the caller is really after.
        return []


def attribute_names(x):
    """All attribute names of `x`, sorted."""
    return sorted(_dir(x))
