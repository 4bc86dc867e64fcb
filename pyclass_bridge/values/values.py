"""Conversion on request in both directions, as Python users call it."""

from __future__ import annotations

from .. import _core


def to_r(value):
    """The nearest R value of a Python object, as a handle (`RObject`); a proxy where R has none.

    Args:
        value: any Python object; of a handle it is the R value that the handle holds.

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

    Args:
        value: an R value (`RObject`); anything else comes back as it is.

    Raises:
        TypeError: the R value has no Python counterpart (an environment, a fitted model).

    Example:
        >>> import pyclass_bridge
        >>> pyclass_bridge.to_python(pyclass_bridge.r("as.Date('2024-02-29')"))
        datetime.date(2024, 2, 29)
    """
    return value.to_python() if isinstance(value, _core.Handle) else value
