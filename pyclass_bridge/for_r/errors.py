"""The last Python exception that became an R condition. The other half is
R/for_r_errors.R.

It stays alive, with the objects of its frames, until the next one or until R clears it.
"""

import traceback

_last_error = None


def remember_error(error):
    """`error` is the last Python exception that became an R condition."""
    global _last_error
    _last_error = error


def clear_last_error():
    """Forget the last error."""
    remember_error(None)


def last_error():
    """None, or type, value, traceback and message (text) of the last error."""
    if _last_error is None:
        return None
    error = _last_error
    return {
        "type": type(error).__name__,
        "value": str(error),
        "traceback": "".join(traceback.format_exception(error)),
        "message": f"{type(error).__name__}: {error}",
    }
