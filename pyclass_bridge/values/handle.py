"""R values in Python: `RObject`, a handle that holds an R value. The other half is
R/values_handle.R.

What has no Python counterpart (a factor, a Date, a data.frame, a fitted model, a typed NA) crosses
as one of these and comes back to R identical. Assumes a started session.
"""

from __future__ import annotations

import operator
import pickle

from .. import _core
from ..bridge.condition import RError
from ..bridge.r_functions import r_function, r_handle
from .serialized import Damaged, Refused, check, in_safe_mode, make_sure


class RObject(_core.Handle):
    """An R value that stays R's.

    It prints as in R, has R's length and elements (counted from 0, as Python does; by name; a
    slice is R's vector of those elements), compares by R's ``identical()``, and offers its
    numbers to NumPy. It can be copied and pickled, as R's ``serialize()`` does; a pickle of data
    runs no code when it is read. `to_python()` converts it to the nearest Python value. R code and
    `to_r()` make it; its class does not.

    Attributes:
        r_class: R's class of the value, a tuple of str.
        names: R's names, a list of str, or None.

    Raises:
        TypeError: its truth value, its hash or a call of it was asked for: it has none of these.
        IndexError, KeyError: it has no such element.

    Example:
        >>> import pyclass_bridge
        >>> f = pyclass_bridge.r("factor(c('a', 'b', 'a'))")
        >>> f.r_class
        ('factor',)
        >>> f.to_python()
        ['a', 'b', 'a']
        >>> f[1:] == pyclass_bridge.r("factor(c('b', 'a'))")
        True
    """

    __module__ = "pyclass_bridge"

    @property
    def r_class(self) -> tuple[str, ...]:
        """R's ``class()`` of the value."""
        return tuple(r_function("class_names_of")(self))

    @property
    def names(self) -> list[str] | None:
        """R's ``names()``, or None."""
        return r_function("names_as_list")(self)

    def to_python(self):
        """The nearest Python value: the table of values has the rules, `ON_REQUEST`.

        Raises:
            TypeError: the value has no Python counterpart (an environment, a fitted model).
        """
        from .request import nearest_python

        return nearest_python(self)

    def __repr__(self) -> str:
        text = "\n".join(r_function("printed")(self))
        return f"<RObject {'/'.join(self.r_class)}>\n{text}"

    def __len__(self) -> int:
        return int(r_function("length_of")(self))

    def __bool__(self) -> bool:
        raise TypeError(
            f"an R value of class {'/'.join(self.r_class)} has no truth value: compare it in R, "
            "or convert it with .to_python()"
        )

    def __getitem__(self, key):
        if isinstance(key, str):
            if not r_function("has_element")(self, key):
                raise KeyError(key)
            return r_function("element_at")(self, key)
        size = len(self)
        if isinstance(key, slice):
            return r_handle("elements_at")(self, [i + 1 for i in range(size)[key]])
        try:
            at = operator.index(key)
        except TypeError:
            raise TypeError(
                f"an element of an R value has a number or a name, not a {type(key).__name__}"
            ) from None
        if not -size <= at < size:
            raise IndexError(f"index {key} is out of range for an R value of length {size}")
        return r_function("element_at")(self, at % size + 1)

    def __iter__(self):
        element = r_function("element_at")
        return (element(self, i + 1) for i in range(len(self)))

    def _ipython_key_completions_(self) -> list[str]:
        return [name for name in self.names or [] if isinstance(name, str)]

    def __eq__(self, other) -> bool:
        if not isinstance(other, RObject):
            return NotImplemented
        return self.address == other.address or bool(r_function("identical")(self, other))

    __hash__ = None

    def __array__(self, dtype=None, copy=None):
        from .request import as_numpy

        if copy is False:
            raise ValueError("NumPy can't share the memory of an R value: it needs a copy")
        array = as_numpy(self)
        return array if dtype is None else array.astype(dtype)

    def __reduce__(self):
        data = bytes(r_function("serialized")(self))
        return (_unserialize, (data,)) if _is_data(data) else given["reduced"](self)

    def __copy__(self):
        return r_handle("copied")(self)

    def __deepcopy__(self, memo):
        return self.__copy__()

    def __call__(self, *args, **kwargs):
        raise TypeError(f"an R value of class {'/'.join(self.r_class)} is not a function")


given: dict = {}  # "reduced", what __reduce__ gives for more than data (travel/pack.py)

# The packages of every session of R, and this one.
_OF_EVERY_SESSION = frozenset({
    "base", "datasets", "graphics", "grDevices", "methods", "pyclassbridge", "stats", "utils",
})  # fmt: skip


def _is_data(data: bytes) -> bool:
    """Will `_unserialize()` read these bytes in every session?"""
    try:
        return {name for _, name in check(data)} <= _OF_EVERY_SESSION
    except (Damaged, Refused):
        return False


def _unserialize(data: bytes) -> RObject:
    """What pickles of R values call: reads data and runs no code.

    Raises:
        pickle.UnpicklingError: the bytes are damaged, or hold more than data.
    """
    try:
        if in_safe_mode():
            make_sure(data)
        return r_handle("unserialized")(bytearray(data))
    except Refused as error:
        raise pickle.UnpicklingError(
            f"This pickle of an R value holds {error}, so it is more than data and is not read. If "
            "you trust the file, call keras.config.enable_unsafe_deserialization() before."
        ) from None
    except (Damaged, RError) as error:
        raise pickle.UnpicklingError(
            f"This pickle of an R value is damaged: {error}. Use another copy, or make it anew."
        ) from None


def _unserialize_with_code(data: bytes) -> RObject:
    """What pickles of R values call that hold functions and were written by version 0.1."""
    return r_handle("unserialized")(bytearray(data))


def convert_classed(handle: RObject, rule: str):
    """What a call gives Python for a value with a class, by the rule that R names."""
    from .request import by_rule

    return by_rule(handle, rule)
