"""Words for the texts of errors: the nearest name, names in ticks, a value as a noun phrase.

R/bridge_words.R has the same functions for R code, with the same answers. Only `described` needs a
started session.
"""

from __future__ import annotations

import inspect
import itertools


def ticked(names, between: str = ", ") -> str:
    """Names in backticks, one after the other."""
    return between.join(f"`{name}`" for name in names)


def quoted(strings) -> str:
    """Strings as R code writes them, one after the other."""
    return ", ".join(f'"{string}"' for string in strings)


def described(value) -> str:
    """A value as a noun phrase; R describes its own values, and None."""
    from .. import _core
    from .r_functions import r_function

    if value is None or isinstance(value, _core.Handle):
        return r_function("describe_value")(value)
    if isinstance(value, type):
        return f"the class `{value.__name__}`"
    if inspect.isroutine(value):
        return "a function"
    if isinstance(value, (str, bytes, int, float, complex, list, tuple, dict, set)):
        return repr(value)
    return f"an instance of `{type(value).__name__}`"


def nearest(name: str, known, most: int = 3) -> str | None:
    """The name in `known` that takes the fewest edits from `name`, or None; of two the one that
    shares the longer beginning with `name`, then the shorter.

    An edit is a letter that is added, left out or replaced; two letters that changed places count
    as one. The limit is one edit for every three letters of the longer name, and `most` edits.
    """
    best, found = None, None
    for other in known:
        limit = min(most, max(len(name), len(other)) // 3)
        if abs(len(other) - len(name)) > limit:  # counting edits takes long
            continue
        edits = _edits(name, other)
        rank = (edits, -_common_start(name, other), len(other))
        if edits <= limit and (best is None or rank < best):
            best, found = rank, other
    return found


def _common_start(a: str, b: str) -> int:
    """How many letters are the same at the beginning of both."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    return sum(1 for _ in pairs)


def _edits(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1] - (sorted(a) == sorted(b))
