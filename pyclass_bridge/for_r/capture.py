"""Python's output and warnings while R code runs. The other half is R/for_r_capture.R.

`begin_capture()` and `quiet_warnings()` return a state, which R passes to the function that undoes
them when its code ends, with an error too.
"""

import io
import logging
import sys
import warnings

from ..start.hosted import is_hosted


class _Capture:
    def __init__(self, kinds):
        self.text = io.StringIO()
        self.before = {kind: getattr(sys, kind) for kind in kinds}
        self.streams = {kind: self._stream(kind) for kind in kinds}
        for kind, stream in self.streams.items():
            setattr(sys, kind, stream)
        self.handlers = [
            (h, h.setStream(self.streams[kind]))
            for kind, before in self.before.items()
            for h in _handlers_of([before])
        ]

    def _stream(self, kind):
        """Where R hosts, its sinks get what both languages print, in order."""
        if not is_hosted():
            return self.text
        from ..bridge.host import Console  # needs R

        return Console(kind == "stderr", self.before[kind])


def _handlers_of(streams) -> list:
    """The handlers of Python's logging that write to one of the streams, which they have kept."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = [h for logger in loggers for h in getattr(logger, "handlers", ())]
    return [h for h in handlers if getattr(h, "stream", None) in streams and _can_change(h)]


def _can_change(handler) -> bool:
    return isinstance(handler, logging.StreamHandler) and hasattr(handler, "setStream")


def begin_capture(kinds):
    """Send the streams `kinds` ("stdout", "stderr") to a buffer, or where R hosts to its sinks;
    returns `end_capture`'s state."""
    return _Capture(kinds)


def end_capture(state):
    """Restore the streams; returns the text written since `begin_capture`."""
    for kind, stream in state.before.items():
        setattr(sys, kind, stream)
    for handler, stream in state.handlers:
        handler.setStream(stream)
    for handler in _handlers_of(list(state.streams.values())):  # made while the code ran
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
