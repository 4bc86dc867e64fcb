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


def _part(x, kind, value):
    """The Python index that R describes: "all" is `:`, "rest" `...`, "slice" has the ends and step
    of a slice, None for an open one, and "value" is a key."""
    if kind == "slice":
        return slice(*(_key(x, end) for end in value))
    return {"all": slice(None), "rest": ...}[kind] if kind != "value" else _key(x, value)


def _parts(x, kinds, values):
    return tuple(_part(x, *pair) for pair in zip(kinds, values, strict=True)) or slice(None)


def get_item(x, kind, value):
    """x[value]; `_part` says which kinds there are."""
    return x[_part(x, kind, value)]


def get_items(x, kinds, values):
    """x[i, j] for several indices; x[:] without any."""
    return x[_parts(x, kinds, values)]


def set_item(x, kind, value, new):
    """x[value] = new."""
    x[_part(x, kind, value)] = new


def set_items(x, kinds, values, new):
    """x[i, j] = new for several indices."""
    x[_parts(x, kinds, values)] = new


def del_item(x, kind, value):
    """del x[value]."""
    del x[_part(x, kind, value)]


def is_sequence(x):
    """Is `x` a list, tuple, str or the like, whose places are whole numbers and slices?"""
    return isinstance(x, collections.abc.Sequence)
