"""Items, containers and iteration for R: what `[`, tuple(), dict(), iterate() stand on.

Indices are Python's: 0-based, negative from the end. R has one number type for most numbers
a user types, so a whole float is an index; a mapping takes every key as it is.
"""

import collections
import collections.abc
import numbers

import numpy as np


class Done:
    """Marks the end of an iteration, where R needs a value that no iterator yields."""

    def __repr__(self):
        return "<end of iteration>"


DONE = Done()


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


def make_tuple(values):
    """A tuple of `values`."""
    return tuple(values)


def make_dict(keys, values):
    """A dict of `keys` (any hashable objects) and `values`, in order."""
    if len(keys) != len(values):
        raise ValueError(f"py_dict(): {len(keys)} keys, but {len(values)} values")
    return dict(zip(keys, values, strict=True))


def mapping_keys(x):
    """The keys of a mapping as text."""
    return [key if isinstance(key, str) else str(key) for key in x]


def mapping_values(x):
    """An iterator over the values of a mapping."""
    return iter(x.values())


def array(data, dtype=None, order="C"):
    """A new NumPy array of `data`; `order` is "C" (rows together) or "F" (columns together)."""
    return np.array(data, dtype=dtype, order=order)


def as_iterator(x):
    """iter(x)."""
    return iter(x)


def next_or_done(iterator):
    """The next item of `iterator`, or the Done object at its end."""
    return next(iterator, DONE)


class FunctionIterator(collections.abc.Iterator):
    """Iterates over the results of `step()` until it returns the Done object.

    With `prefetch` > 0, that many items beyond the one asked for are made in the same call.
    """

    def __init__(self, step, prefetch=0):
        self.step = step
        self._prefetch = prefetch
        self._ready = collections.deque()
        self._done = False

    def __next__(self):
        while not self._done and len(self._ready) <= self._prefetch:
            value = self.step()
            if isinstance(value, Done):
                self._done = True
            else:
                self._ready.append(value)
        if not self._ready:
            raise StopIteration
        return self._ready.popleft()

    def through(self, step):
        """The same iteration with `step()`, which stands on this one's; what is ready is shared."""
        other = FunctionIterator(step, self._prefetch)
        other._ready = self._ready
        return other


def iterator_from(step, prefetch=0):
    """The iterator of an R function; see `FunctionIterator`."""
    if not isinstance(prefetch, numbers.Real) or prefetch < 0:
        raise ValueError(f"py_iterator(): `prefetch` is a number >= 0, not {prefetch!r}")
    return FunctionIterator(step, int(prefetch))
