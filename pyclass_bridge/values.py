"""Conversion on request, both ways."""

from __future__ import annotations

from . import _core


def to_r(value):
    """The R value of a Python object, held by a handle (`RObject`); a proxy where R has none.

    Raises:
        RecursionError: a list or dict holds itself, or is nested more than 500 deep.

    Example:
        >>> import pyclass_bridge
        >>> pyclass_bridge.to_r([1, 2]).r_class
        ('integer',)
    """
    return _core.to_r(value)


def to_python(value):
    """The nearest Python value of an R value, as `RObject.to_python()` gives it.

    A value that is no handle comes back as it is.

    Raises:
        TypeError: the R value has no Python counterpart.
    """
    return value.to_python() if isinstance(value, _core.Handle) else value
