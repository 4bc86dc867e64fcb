"""Python's output and warnings while R code runs (R/for_r_capture.R).

What begins gives a state, and what ends takes it: R ends it however its code ends.
"""

import io
import sys
import warnings


class _Capture:
    def __init__(self, kinds):
        self.text = io.StringIO()
        self.before = {kind: getattr(sys, kind) for kind in kinds}
        for kind in kinds:
            setattr(sys, kind, self.text)


def begin_capture(kinds):
    """Send the streams `kinds` ("stdout", "stderr") to a buffer; the state to end it with."""
    return _Capture(kinds)


def end_capture(state):
    """Give the streams back; the text written since."""
    for kind, stream in state.before.items():
        setattr(sys, kind, stream)
    return state.text.getvalue()


def quiet_warnings():
    """Ignore Python warnings until `leave_warnings`; the state to pass to it."""
    state = warnings.catch_warnings()
    state.__enter__()
    warnings.simplefilter("ignore")
    return state


def leave_warnings(state):
    """Bring the warning filters back that were there before `quiet_warnings`."""
    state.__exit__(None, None, None)
