"""The comment at the head of an R file: the doc of its module, and what it asks of this package.

The doc is the first comment; one of roxygen (`#'`) only if NULL, `"_PACKAGE"` or an empty line
follows, since otherwise it documents the definition below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ASKED = re.compile(r"#+'?\s*pyclass_bridge:\s*(.*?)\s*")
_TAGS_OF_TEXT = re.compile(r"@(title|description|details)\b\s*")


@dataclass(frozen=True)
class Head:
    """`stand_in` tells whether the file asks for stand-ins."""

    doc: str | None
    stand_in: bool


def read_head(text: bytes, file: str) -> Head:
    """The head of the file whose bytes these are; ValueError if it asks for what there is not."""
    lines = [line.strip() for line in text.decode("utf-8-sig", "replace").splitlines()]
    head = next((n for n, line in enumerate(lines) if line[:1] not in ("", "#")), len(lines))
    asked = {n: found[1] for n in range(head) if (found := _ASKED.fullmatch(lines[n]))}
    for n, what in asked.items():
        if what != "stand_in":
            raise ValueError(
                f"{file}:{n + 1}: `pyclass_bridge: {what}` asks for nothing that there is. Write "
                "`# pyclass_bridge: stand_in`, or take the line out."
            )
    told = [line for n, line in enumerate(lines) if n not in asked and line[:2] != "#!"]
    return Head(_doc([*told, ""]), bool(asked))


def _doc(lines: list[str]) -> str | None:
    start = next((n for n, line in enumerate(lines) if line), 0)
    is_roxygen = lines[start].startswith("#'")
    end = start
    while lines[end].startswith("#") and lines[end].startswith("#'") == is_roxygen:
        end += 1
    if is_roxygen and lines[end] not in ("", "NULL", '"_PACKAGE"', "'_PACKAGE'"):
        return None
    told = []
    for line in lines[start:end]:
        line = line.removeprefix("#'").lstrip("#")
        line = _TAGS_OF_TEXT.sub("", line.removeprefix(" ")) if is_roxygen else line
        if is_roxygen and line.startswith("@"):
            break
        told.append(line.removeprefix(" ") if not is_roxygen else line)
    return "\n".join(told).strip() or None
