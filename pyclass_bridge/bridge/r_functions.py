"""The functions of the R namespace that Python calls, each looked up once.

`r_function(name)` converts its result, unless that would lose what R knows of it; `r_handle(name)`
returns a handle of any result. Both take handles and Python values. Assumes that `session` has made
the namespace and set `namespace`.
"""

from __future__ import annotations

import functools

from .. import _core

namespace: _core.Handle | None = None


def _make(name: str, as_handle: bool, function=_core.Function, evaluate=_core.evaluate):
    # The defaults outlive the core's names at the process's end: the core says that it is over.
    pick = function(evaluate("function(name, ns) ns[[name]]"), "pick", (), (), as_handle=True)
    return function(pick(name, namespace), name, (), (), as_handle=as_handle, holds=True)


@functools.cache
def r_function(name: str):
    """The R function `name` of the namespace; a result with names or a class is a handle."""
    return _make(name, as_handle=False)


@functools.cache
def r_handle(name: str):
    """The R function `name` of the namespace; its result stays an R value, in a handle."""
    return _make(name, as_handle=True)
