"""The kinds of base classes: the rows of R's table (R/classes_kinds.R), as Python needs them.

A class spec contains the row of its class; `kind_named` gets a row from R by its name, for which it
needs a started session. Nothing here imports Keras.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One row: see keras_kind() in R for the meaning of each column."""

    named: str
    library: str
    setter: str | None
    hooks: dict[str, str | None]  # in the order in which they run, each with the name of its index
    required: dict[str, str]  # method: its formals in R
    values: tuple[str, ...]
    stored_as: dict[str, str]
    lists_stages: bool

    @classmethod
    def of(cls, row: dict | None) -> Kind:
        """The kind for the row that kind_data() in R returns; `NONE` for None."""
        if row is None:
            return NONE
        return cls(**{**row, "values": tuple(row["values"])})

    def base_of(self, cls: type) -> type | None:
        """The base of this row, if `cls` is derived from it, else None."""
        return next((base for base in cls.__mro__ if _full_name(base) == self.named), None)


NONE = Kind("", "", None, {}, {}, (), {}, False)


def _full_name(cls: type) -> str:
    """The module and the name of a class, as in the table's column `named`."""
    return f"{cls.__module__}.{cls.__qualname__}"


@functools.cache
def kind_named(name: str) -> Kind:
    """The row of the table with this name."""
    from ..bridge.r_functions import r_function

    return Kind.of(r_function("kind_named")(name))


def is_keras_callback(cls: type) -> bool:
    """Is `cls` a Keras callback class?"""
    return kind_named("Callback").base_of(cls) is not None
