"""The table of values, as data: what becomes of each R value in Python, and the other way round.

The docs page prints it (`markdown`), the tests run every example of it, and the code that does it
is in `core/convert_to_r.c`, `core/convert_to_python.c`, `convert.py` and the modules that this
names, and `request.py`. The rows are in `rows_*.py`.

An R value crosses for one of three purposes. In a *call* (arguments and results of functions) it
becomes what a Python function expects. When R code *stores* it in an attribute of an instance of an
R-defined class (`self$x <- v`), it comes back `identical()`, always. Python *holds* what `r()`
gives, and what R code gives R code through Python: as in a call, but a value with names or a class
is a handle. What cannot cross unchanged crosses as a handle (`RObject`, an R value in Python) or as
a proxy (a Python object in R).
"""

from __future__ import annotations

from .rows_of_libraries import OF_LIBRARIES
from .rows_request import ON_REQUEST, OnRequest
from .rows_to_python import HANDLE, R_TO_PYTHON
from .rows_to_r import OF_PYTHON, PROXY, PythonToR

__all__ = [
    "HANDLE",
    "ON_REQUEST",
    "PROXY",
    "PYTHON_TO_R",
    "R_TO_PYTHON",
    "markdown",
]

PYTHON_TO_R = OF_PYTHON[:-1] + OF_LIBRARIES + OF_PYTHON[-1:]


def markdown(rows) -> str:
    """The rows as a Markdown table, for the docs page.

    Example:
        >>> print(markdown(R_TO_PYTHON[:1]))
        | R | Python | Comes back identical | Rule |
        |---|---|---|---|
        | NULL | None | yes |  |
    """
    if isinstance(rows[0], OnRequest):
        return _markdown(("R", "Python", "Rule"), [(r.r, r.python, r.rule) for r in rows])
    if isinstance(rows[0], PythonToR):
        cells = [(r.python, r.r, _yes(r.lossless), r.rule) for r in rows]
        return _markdown(("Python", "R", "Comes back equal", "Rule"), cells)
    cells = [
        (r.r, r.python, _yes(r.lossless), f"{r.rule} Stored as {r.stored}." if r.stored else r.rule)
        for r in rows
    ]
    return _markdown(("R", "Python", "Comes back identical", "Rule"), cells)


def _yes(value: bool | None) -> str:
    return "some" if value is None else "yes" if value else "no"


def _markdown(heads, lines) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    shown = ["| " + " | ".join(row) + " |" for row in rows]
    shown[1] = shown[1].replace(" ", "")
    return "\n".join(shown)
