"""Items of Python objects: what `[` and `[[` of R use. The other half is R/for_r_items.R.

Indices are Python's: 0-based, negative from the end. R has one number type for most numbers
a user types, so a whole float is an index; a mapping takes every key as it is.
"""

import collections.abc


def _key(x, key):
    if isinstance(x, collections.abc.Mapping):
        return tuple(key) if isinstance(key, list) else key
    if isinstance(key, float) and key.is_integer():
        return int(key)
    if isinstance(key, (list, tuple)):
        return type(key)(_key(x, part) for part in key)
    return key


def get_item(x, key):
    """x[key]."""
    return x[_key(x, key)]


def get_items(x, keys, present):
    """x[keys] for several keys: a tuple, with `:` where `present` is False."""
    parts = iter(keys)
    return x[tuple(_key(x, next(parts)) if there else slice(None) for there in present)]


def set_item(x, key, value):
    """x[key] = value."""
    x[_key(x, key)] = value


def set_items(x, keys, present, value):
    """x[keys] = value for several keys, as in `get_items`."""
    parts = iter(keys)
    x[tuple(_key(x, next(parts)) if there else slice(None) for there in present)] = value


def del_item(x, key):
    """del x[key]."""
    del x[_key(x, key)]
