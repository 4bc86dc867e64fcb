"""Functions of the R side that Python calls, each looked up once in R's namespace.

`r_function(name)` converts its result; `r_handle(name)` gives a handle whatever comes. Both take
handles and Python values. Assumes that `session` has made the namespace and set `namespace`.
"""

from __future__ import annotations

import functools

from .. import _core

namespace: _core.Handle | None = None


def _make(name: str, as_handle: bool):
    pick = _core.Function(
        _core.evaluate("function(name, ns) ns[[name]]"), "pick", (), (), as_handle=True
    )
    return _core.Function(pick(name, namespace), name, (), (), as_handle=as_handle)


@functools.cache
def r_function(name: str):
    """The R function `name` of the namespace; its result is converted by the table of values."""
    return _make(name, as_handle=False)


@functools.cache
def r_handle(name: str):
    """The R function `name` of the namespace; its result stays an R value, in a handle."""
    return _make(name, as_handle=True)
