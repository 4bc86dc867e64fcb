"""Warnings and messages of R code on a thread that another one waits for: they are signalled on the
one that waits, once it goes on, so that suppressWarnings() and handlers there hear them.
"""

from __future__ import annotations

import contextlib
import threading

from .within import Within

_waits = Within()  # the name of the thread that waits for this one
_kept: set[str] = set()  # the threads for which R has kept some


def kept_for(thread: int):
    """Within it, R keeps the warnings and messages of this thread for `thread`, an identifier. If
    that is this thread, R goes on to keep them for the one that waits for it, if there is one."""
    if thread == threading.get_ident():
        return contextlib.nullcontext()
    return _waits.holding(str(thread))


def keeps_conditions() -> str | None:
    """The thread that a condition is to be kept for, if there is one; R asks this and keeps it."""
    if _waits.value is not None:
        _kept.add(_waits.value)
    return _waits.value


def has_conditions() -> bool:
    """Has R kept some for this thread?"""
    return str(threading.get_ident()) in _kept


def give_conditions() -> None:
    """Signal the warnings and messages that R has kept for this thread.

    Raises:
        BaseException: what a handler of R or a filter of Python makes of one.
    """
    if has_conditions():
        from .r_functions import r_function  # there is R here

        thread = str(threading.get_ident())
        _kept.discard(thread)
        r_function("give_conditions")(thread)
