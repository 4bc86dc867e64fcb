"""Python's output and warnings while R code runs. The other half is R/for_r_capture.R.

`begin_capture()` and `quiet_warnings()` return a state, which R passes to the function that undoes
them when its code ends, with an error too.
"""

import io
import logging
import sys
import warnings


class _Capture:
    def __init__(self, kinds):
        self.text = io.StringIO()
        self.before = {kind: getattr(sys, kind) for kind in kinds}
        for kind in kinds:
            setattr(sys, kind, self.text)
        self.handlers = [(h, h.setStream(self.text)) for h in _handlers_of(self.before.values())]


def _handlers_of(streams) -> list:
    """The handlers of Python's logging that write to one of the streams, which they have kept."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = [h for logger in loggers for h in getattr(logger, "handlers", ())]
    return [h for h in handlers if getattr(h, "stream", None) in streams and _can_change(h)]


def _can_change(handler) -> bool:
    return isinstance(handler, logging.StreamHandler) and hasattr(handler, "setStream")


def begin_capture(kinds):
    """Send the streams `kinds` ("stdout", "stderr") to a buffer; returns `end_capture`'s state."""
    return _Capture(kinds)


def end_capture(state):
    """Restore the streams; returns the text written since `begin_capture`."""
    for kind, stream in state.before.items():
        setattr(sys, kind, stream)
    for handler, stream in state.handlers:
        handler.setStream(stream)
    for handler in _handlers_of([state.text]):  # made while the code ran
        handler.setStream(state.before.get("stderr", sys.stderr))
    return state.text.getvalue()


def quiet_warnings():
    """Ignore Python warnings until `leave_warnings`; returns the state for it."""
    state = warnings.catch_warnings()
    state.__enter__()
    warnings.simplefilter("ignore")
    return state


def leave_warnings(state):
    """Restore the warning filters from before `quiet_warnings`."""
    state.__exit__(None, None, None)
