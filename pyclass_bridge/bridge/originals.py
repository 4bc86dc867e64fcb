"""Exceptions that a library has replaced by its own, which has their text: which one was the first?

TensorFlow runs functions on its threads, and an exception that leaves one becomes an error of its
own with the text in it. Who hands such a function out keeps the exception in a `Kept`, which owns
it; R gets it in place of the library's (R/bridge_condition.R). No library is known here.
"""

from __future__ import annotations

import contextlib
import threading
import weakref


class Kept:
    """A place for the exceptions that have left a function, by the beginnings of their texts. Those
    that nobody has asked for are dropped, from the oldest, when there are more than `MOST`."""

    MOST = 256  # what runs ahead goes on after an exception

    def __init__(self):
        self._exceptions: dict[str, tuple[BaseException, str]] = {}
        self._lock = threading.Lock()
        _places.add(self)

    def keep(self, exception: BaseException, where: str) -> str:
        """Keep the exception, and return the text for the one that the library gets. `where` says
        what has failed; if the exception does not say it, R shows this text in place of its own."""
        start, text = f"{where}:", str(exception)
        if start not in text:
            text = f"{start} {text or type(exception).__name__}"
        with self._lock:
            self._exceptions.pop(start, None)
            self._exceptions[start] = exception.with_traceback(None), text
            if len(self._exceptions) > self.MOST:
                del self._exceptions[next(iter(self._exceptions))]
        return text

    def taken(self, text: str) -> BaseException | None:
        """The exception that this text of the library's is about; none is kept any longer then."""
        with self._lock:
            start = next((start for start in self._exceptions if start in text), None)
            if start is None:
                return None
            exception, own = self._exceptions[start]
            self._exceptions.clear()
        if own != str(exception):
            with contextlib.suppress(AttributeError):  # an exception with slots takes no attribute
                exception.explanation = own
        return exception


_places: weakref.WeakSet[Kept] = weakref.WeakSet()


def original_of(exception: BaseException) -> BaseException | None:
    """The kept exception that `exception` stands for, or None."""
    places = list(_places)
    if not places or not isinstance(exception, Exception):
        return None
    text = str(exception)
    found = (place.taken(text) for place in places)
    return next((original for original in found if original is not None), None)


def raise_original(exception: BaseException) -> None:
    """Raise the exception that `exception` stands for, if there is one."""
    original = original_of(exception)
    if original is not None and original is not exception:
        raise original


@contextlib.contextmanager
def originals():
    """What leaves this context is the exception that was the first."""
    try:
        yield
    except Exception as error:
        raise_original(error)
        raise
