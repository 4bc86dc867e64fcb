"""The last Python exception that became an R condition. The other half is
R/for_r_errors.R.

A Python exception stays alive, with the objects of its frames, until the next one or until R clears
it. Of an R error that Python has passed on only the texts stay, so no instance outlives its use.
"""

import traceback
import weakref

from pyclass_bridge.bridge.condition import RError

_last_error = None  # an exception, or the facts of an R error
_told = (None, 0)  # that R error, weakly, and how long its traceback was


def remember_error(error):
    """`error` is the last exception that became an R condition; None forgets it."""
    global _last_error, _told
    if not isinstance(error, RError):
        _last_error, _told = error, (None, 0)
        return
    # An error that passes many calls of Python is told again when its traceback is twice as long.
    before, length = _told
    frames = sum(1 for _ in traceback.walk_tb(error.__traceback__))
    if before is None or before() is not error or frames >= 2 * length:
        _last_error, _told = _facts_of(error), (weakref.ref(error), frames)


def clear_last_error():
    """Forget the last error."""
    remember_error(None)


def last_error():
    """None, or type, value, traceback and message (text) of the last error; of an R error also its
    R class and the R calls when it happened, which R does not know any more."""
    error = _last_error
    facts = _facts_of(error) if isinstance(error, BaseException) else error
    return facts and {**facts, "traceback": "".join(facts["traceback"].format())}


def _facts_of(error):
    facts = {
        "type": type(error).__name__,
        "value": str(error),
        # Its lines are read when they are asked for.
        "traceback": traceback.TracebackException.from_exception(error, lookup_lines=False),
        "message": f"{type(error).__name__}: {error}",
    }
    if isinstance(error, RError):
        facts["r_class"] = list(error.r_class)
        facts["r_call"] = error.call
        facts["r_trace"] = [call.text for call in error.calls]
    return facts
