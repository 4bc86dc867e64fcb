"""The class spec that Python reads as plain data: the counterpart of R/classes_spec.R.

The only place where the two languages meet at definition time. R gives the whole spec in one call,
as dicts and lists; functions, fields and the spec itself are handles in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from .. import _core
from ..bridge.function import parameters_of
from ..bridge.signature import Parameters
from ..bridge.source_text import place_of
from .kinds import Kind
from .lost_state import LostState


@dataclass(frozen=True)
class Member:
    """A method or an active binding. `closure` is the handle of its R function, `given` the user's
    name for it; `calls_super` tells whether its code mentions `super` or `__init__`; `place` is
    where it was written (bridge/source_text.py); `lost` is what it changes that a trace would lose
    (classes/lost_state.py), or None."""

    name: str
    given: str
    closure: object
    parameters: Parameters
    doc: str | None
    decorator: str
    is_async: bool
    own_env: bool
    calls_super: bool
    place: tuple
    lost: LostState | None

    @classmethod
    def of(cls, row: dict) -> Member:
        return cls(
            row["name"],
            row["given"],
            row["fn"],
            parameters_of(row["formals"]),
            row["doc"],
            row["decorator"],
            row["is_async"],
            row["own_env"],
            row["calls_super"],
            place_of(row["place"]),
            LostState(**row["lost"]) if row.get("lost") else None,
        )


@dataclass(frozen=True)
class ClassSpec:
    """A class definition: see R/classes_spec.R for the meaning of each field."""

    name: str
    module: str
    home: str | int
    doc: str | None
    kind: Kind
    bases: tuple
    keywords: dict
    index_base: int
    merge_logs: bool
    convert: bool
    methods: tuple[Member, ...]
    active: tuple[Member, ...]
    fields: dict
    has_private: bool
    handle: object
    place: tuple | None

    @classmethod
    def of(cls, data: dict) -> ClassSpec:
        """The spec for the data that spec_data() in R returns."""
        # R must get fields back identical, so they are converted as stored values are.
        fields = {name: _core.to_python(x, True) for name, x in data["fields"].items()}
        return cls(
            name=data["name"],
            module=data["module"],
            home=_home(data["home"]),
            doc=data["doc"],
            kind=Kind.of(data["row"]),
            bases=tuple(data["bases"]),
            keywords=data["keywords"],
            index_base=data["index_base"],
            merge_logs=data["merge_logs"],
            convert=data["convert"],
            methods=tuple(map(Member.of, data["methods"])),
            active=tuple(map(Member.of, data["active"])),
            fields=fields,
            has_private=data["has_private"],
            handle=data["handle"],
            place=None if data["place"] is None else place_of(data["place"]),
        )


def _home(where) -> str | int:
    """The path of the file that `where` is, without links, or the address of the environment."""
    return os.path.realpath(where) if isinstance(where, str) else where.address
