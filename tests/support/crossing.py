"""What the tests of conditions share: functions that raise, and stacks of R and Python frames."""

from __future__ import annotations

import contextlib
import threading

CALL = "function(f) f()"
MINE = "structure(class = c('mine', 'error', 'condition'), list(message = 'm', call = NULL))"


def raising(exception):
    def fail():
        raise exception

    return fail


def through(r, levels: int, work):
    """`work()` below `levels` pairs of R and Python frames."""
    call = r(CALL)

    def calling(inner):
        def call_inner():
            return call(inner)

        return call_inner

    for _ in range(levels):
        work = calling(work)
    return work()


@contextlib.contextmanager
def entry_of_another_thread(r):
    """Meanwhile an entry of another thread is on top of R's stack, suspended."""
    is_in, is_done = threading.Event(), threading.Event()
    call = r(CALL)

    def hold():
        is_in.set()
        is_done.wait(60)

    thread = threading.Thread(target=call, args=(hold,))
    thread.start()
    is_in.wait(60)
    try:
        yield
    finally:
        is_done.set()
        thread.join(60)
