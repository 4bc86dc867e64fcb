"""What the definitions of R files would raise, told without running them.

R finds the definitions and checks them (R/toolbox_check.R); here are the Python classes that stand
for their bases, and the report. Guarantees that no code of the files runs.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from ..bridge.condition import RParseError
from ..bridge.r_functions import r_function
from . import class_source


@dataclass(frozen=True)
class Finding:
    """What is wrong at a line of a file; a note is what a definition only says a message of."""

    file: str
    line: int
    message: str
    note: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'note: ' if self.note else ''}{self.message}"

    def as_dict(self) -> dict:
        return asdict(self)


def findings(file: str) -> list[Finding]:
    """The findings in an R file, by lines."""
    try:
        rows = r_function("check_code_file")(str(Path(file)))
    except RParseError as error:
        return [_parse_finding(file, str(error))]
    return [
        Finding(file, int(row["line"]), " ".join(row["message"].split()), row["note"])
        for row in rows
    ]


def _parse_finding(file: str, text: str) -> Finding:
    at = re.search(r":(\d+)(?::\d+)?: (.*)", text)
    if at is None:
        return Finding(file, 1, " ".join(text.split()))
    return Finding(file, int(at[1]), f"the file does not parse: {at[2]}")


# ---- stand-ins for bases: R calls these ----------------------------------------------------------


# What a file names is imported only if it is one of these: an import runs code.
_LIBRARIES = ("keras", "synalinks", "pyclass_bridge")


class _HasAll(type):
    def __getattr__(cls, name: str):
        return None


def any_class() -> type:
    """A class that has every attribute: a base of which nothing is known."""
    return _HasAll("Unknown", (), {})


def is_unknown_class(cls) -> bool:
    """Is it, or does it inherit from, a class that has every attribute?"""
    return isinstance(cls, _HasAll)


def any_object() -> object:
    """A value of which nothing is known."""
    return object()


def stand_in_class(name: str, module: str, bases, members, async_members) -> type:
    """A class of this name that has these members and bases, to be looked at."""

    async def awaited(self):
        return None

    body = dict.fromkeys(members) | dict.fromkeys(async_members, awaited)
    body |= {"__module__": module, "__qualname__": name}
    tops = tuple(dict.fromkeys(bases))
    kind = _HasAll if any(isinstance(base, _HasAll) for base in tops) else type
    try:
        return kind(name, tops, body)
    except TypeError:  # their order, or a metaclass, is not to be had
        return _HasAll(name, (), body)


def attributes_of(full_name: str) -> list[str] | None:
    """The attributes of a class whose source tells them, without an import."""
    found = class_source.attributes_of(full_name)
    if found is None:
        return None
    # What every Python class has of its own is not for a stand-in to have.
    return sorted(found - set(vars(type("Empty", (), {}))) - {"__slots__"})


def imported_class(facts: dict) -> type:
    """The class that base_facts() in R tells of, if it can be imported; else `any_class()`."""
    if facts["of"] == "wrapper":
        return r_function("wrapped_class")(facts["name"]) or any_class()
    if facts["of"] != "module" or facts["module"].partition(".")[0] not in _LIBRARIES:
        return any_class()
    try:
        found = importlib.import_module(facts["module"])
        for name in facts["path"]:
            found = getattr(found, name)
    except Exception:  # whatever an import raises: the base is unknown then
        return any_class()
    return found if isinstance(found, type) else any_class()
