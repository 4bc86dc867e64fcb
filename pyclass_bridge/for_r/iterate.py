"""Iteration over Python objects, and iterators made of R functions. The other half is
R/for_r_iterate.R."""

import collections
import collections.abc
import numbers


class Done:
    """Marks the end of an iteration, where R needs a value that no iterator yields."""

    def __repr__(self):
        return "<end of iteration>"


DONE = Done()


def mapping_keys(x):
    """The keys of a mapping as text."""
    return [key if isinstance(key, str) else str(key) for key in x]


def mapping_values(x):
    """An iterator over the values of a mapping."""
    return iter(x.values())


def as_iterator(x):
    """iter(x)."""
    return iter(x)


def next_or_done(iterator):
    """The next item of `iterator`, or the Done object at its end."""
    return next(iterator, DONE)


class FunctionIterator(collections.abc.Iterator):
    """Iterates over the results of `step()` until it returns the Done object.

    With `prefetch` > 0, each call of `next()` makes up to that many further items in advance.
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
        """The same iteration with `step()`, which calls this one's; prefetched items are shared."""
        other = FunctionIterator(step, self._prefetch)
        other._ready = self._ready
        return other


def iterator_from(step, prefetch=0):
    """The iterator of an R function; see `FunctionIterator`."""
    if not isinstance(prefetch, numbers.Real) or prefetch < 0:
        raise ValueError(f"py_iterator(): `prefetch` is a number >= 0, not {prefetch!r}")
    return FunctionIterator(step, int(prefetch))
