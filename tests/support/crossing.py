"""What the tests of conditions share: functions that raise, and stacks of R and Python frames."""

from __future__ import annotations

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
