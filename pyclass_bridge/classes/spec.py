"""What R says of a class, as plain data: the counterpart of R/classes_spec.R.

The only place where the two languages meet at definition time; needs neither R nor Keras.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..bridge.signature import Parameters


@dataclass(frozen=True)
class Member:
    """A method or an active binding. `closure` is the handle of its R function, `given` the name
    that the user gave it; `calls_super`: does its code mention the base's method?"""

    name: str
    given: str
    closure: object
    parameters: Parameters
    doc: str | None = None
    decorator: str = ""
    is_async: bool = False
    own_env: bool = False
    calls_super: bool = True

    @classmethod
    def of(cls, row) -> Member:
        from ..bridge.function import parameters_of

        return cls(
            row["name"],
            row["given"],
            row["fn"],
            parameters_of(row["formals"]),
            row["doc"],
            row["decorator"] or "",
            bool(row["is_async"]),
            bool(row["own_env"]),
            bool(row["calls_super"]),
        )


@dataclass(frozen=True)
class ClassSpec:
    """A class definition: see R/classes_spec.R for the meaning of each field."""

    name: str
    module: str
    doc: str | None
    kind: str
    bases: tuple
    keywords: dict
    index_base: int
    merge_logs: bool
    convert: bool
    parent_env: object
    methods: tuple[Member, ...]
    active: tuple[Member, ...]
    fields: dict
    has_private: bool
    handle: object


def _kept(fields) -> dict:
    """Class attributes, which come back to R identical: each as Python keeps it on an instance."""
    from .. import _core
    from ..bridge.r_functions import r_handle

    element = r_handle("element_at")
    names = fields.names or []
    return {n: _core.to_python(element(fields, i + 1), True) for i, n in enumerate(names)}


def class_spec_of(handle) -> ClassSpec:
    """Read the spec behind the handle of an R list."""
    from ..bridge.r_functions import r_function, r_handle

    get = r_function("spec_field")
    raw = r_handle("spec_field")

    def members(name):
        rows = get(handle, f"{name}_rows")
        closures = [raw(handle, name, i + 1) for i in range(len(rows))]
        return tuple(Member.of({**row, "fn": fn}) for row, fn in zip(rows, closures, strict=True))

    return ClassSpec(
        name=get(handle, "name"),
        module=get(handle, "module"),
        doc=get(handle, "doc"),
        kind=get(handle, "kind"),
        bases=tuple(get(handle, "bases")),
        keywords=dict(get(handle, "keywords")),
        index_base=get(handle, "index_base"),
        merge_logs=get(handle, "merge_logs"),
        convert=get(handle, "convert"),
        parent_env=raw(handle, "parent_env"),
        methods=members("methods"),
        active=members("active"),
        fields=_kept(raw(handle, "fields")),
        has_private=get(handle, "has_private"),
        handle=handle,
    )
