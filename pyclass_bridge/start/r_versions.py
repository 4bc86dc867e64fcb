"""Which versions of R the package runs on, and which rpy2 goes with each of them.

Assumes the standard library only and no other module of the package: setup.py takes the package's
requirements from here, and the check at the start, `doctor` and their sentences follow it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

OLDEST_R = (4, 1)
TESTED_R = ((4, 2), (4, 6))


class Rpy2(NamedTuple):
    """The rpy2 for the R from `since` to the next row's.

    `first` and `below` bound the versions of rpy2-rinterface, the part of rpy2 that is bound to R's
    version, which load into that R; `requirements` are what is installed there. They are exact,
    since names inside rpy2 are replaced at the start.
    """

    since: tuple[int, ...]
    first: tuple[int, ...]
    below: tuple[int, ...] | None
    requirements: tuple[str, ...]


_BEFORE_GETVAR = ("rpy2==3.6.5", "rpy2-rinterface>=3.6.4,<3.6.6")
_CURRENT = ("rpy2==3.6.9", "rpy2-rinterface==3.6.7")

# rpy2-rinterface 3.6.6 and later need R_getVar(), which came with R 4.5; those before 3.6.7 need
# STDVEC_DATAPTR(), which R 4.6 removed.
RPY2 = (
    Rpy2(since=OLDEST_R, first=(3, 6, 4), below=(3, 6, 6), requirements=_BEFORE_GETVAR),
    Rpy2(since=(4, 5), first=(3, 6, 4), below=None, requirements=_CURRENT),
    Rpy2(since=(4, 6), first=(3, 6, 7), below=None, requirements=_CURRENT),
)
RPY2_SYMBOLS = ("R_getVar", "STDVEC_DATAPTR")


def untested(r_version: str) -> str | None:
    """The sentence about an R that is newer than all tested versions, else None."""
    oldest, newest = TESTED_R
    if release(r_version)[:2] <= newest:
        return None
    tested = f"R {dotted(oldest)} to {dotted(newest)}"
    return f"newer than what pyclass_bridge is tested with, which is {tested}"


def rpy2_for(r_version: str) -> Rpy2:
    """The row for an R like "4.2.2"; an R older than all has that of the oldest."""
    rows = [row for row in RPY2 if row.since <= release(r_version)]
    return rows[-1] if rows else RPY2[0]


def loads(rinterface: str, r_version: str) -> bool:
    """Whether this version of rpy2-rinterface loads into this R."""
    row, version = rpy2_for(r_version), release(rinterface)
    return row.first <= version and (row.below is None or version < row.below)


def loading(r_version: str) -> str:
    """The versions of rpy2-rinterface that load into this R, in words."""
    row = rpy2_for(r_version)
    first = f"{dotted(row.first)} or newer"
    return first if row.below is None else f"{first}, but older than {dotted(row.below)}"


def rpy2_words(r_version: str) -> str:
    """The requirements for this R as words of a shell command."""
    return " ".join(f'"{requirement}"' for requirement in rpy2_for(r_version).requirements)


def release(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `"3.6.5.post1"` is `(3, 6, 5)`."""
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, leading.group().split("."))) if leading else ()


def dotted(version: tuple[int, ...]) -> str:
    """A version in its usual form: `(3, 6, 5)` is `"3.6.5"`."""
    return ".".join(map(str, version))
