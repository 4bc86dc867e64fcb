"""R errors for picklers, since an error in a worker process is raised again in the one that waits.

It must get there whatever its condition holds, such as a connection or an environment of a million
rows that a class of conditions keeps. So the condition and the cause are bytes of their own, and
None if they can't travel: text, calls and notes always do.
"""

from __future__ import annotations

import contextlib
import pickle


def reduced_error(error: BaseException) -> tuple:
    """What `__reduce__` of an RError gives."""
    state = {**vars(error), "condition": None}
    parts = _bytes_of(error.condition), _bytes_of(error.__cause__)
    return new_error, (type(error), *error.args), (state, *parts)


def _bytes_of(what) -> bytes | None:
    if what is None:
        return None
    try:
        return pickle.dumps(what)
    except Exception:  # whatever a class of conditions or exceptions raises
        return None


# ---- arrival -------------------------------------------------------------------------------------


def new_error(cls: type, *args):
    """The error without `__init__`, which would take facts of an error that is being handled."""
    return cls.__new__(cls, *args)


def set_error(error, state) -> None:
    facts, condition, cause = state
    error.__dict__.update(facts)
    if isinstance(error, SyntaxError):
        error.msg = error.args[0]
    # What the condition needs may be missing here.
    with contextlib.suppress(Exception):
        error._keep_condition(condition and pickle.loads(condition))
    with contextlib.suppress(Exception):
        error.__cause__ = cause and pickle.loads(cause)
