"""Event loops that stand still while py_await() runs one of its own: what of them goes on, and the
error where only they could end the wait. It serves event_loop.py and has no other half in R.

What cancels the task that stands still cancels what py_await() runs. The timeouts of the loops that
stand still end in time: `asyncio.wait_for()` and `asyncio.timeout()`, of loops that are asyncio's
own. Needs no R.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading

LOOK_EVERY = 0.1  # seconds
GENERATIONS = 10  # of tasks that one timeout wakes, one by the other
PATIENCE = 10.0  # seconds, where another thread might end the wait

# What waits in these modules is woken by tasks of its loop, except by timers.
_PRIMITIVES = [
    sys.modules[f"asyncio.{name}"].__file__
    for name in ("locks", "queues", "tasks", "taskgroups")
    if f"asyncio.{name}" in sys.modules
]

STUCK = (
    "py_await() would wait for ever: what it awaits waits for the event loop that runs here "
    "already, which stands still until py_await() returns. Make the task, future, event, lock or "
    "queue, and what wakes it, in the coroutine that is awaited; or let an async_method() return "
    "the coroutine instead of awaiting it."
)


class _Outer(threading.local):
    """The loops of this thread that stand still, the innermost last."""

    def __init__(self):
        self.loops = []


_outer = _Outer()


@contextlib.contextmanager
def suspended():
    """Set the loop that runs here aside; gives the task of it that waits, or None."""
    loop = asyncio._get_running_loop()
    task = asyncio.current_task(loop) if loop else None
    if loop is not None:
        _outer.loops.append(loop)
    _switch(loop, task, leave=True)
    try:
        yield task
    finally:
        _switch(loop, task, leave=False)
        if loop is not None:
            _outer.loops.pop()


def _switch(loop, task, leave: bool) -> None:
    if leave and task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None if leave else loop)
    if not leave and task is not None:
        asyncio.tasks._enter_task(loop, task)


@contextlib.contextmanager
def cancelled_with(task, main):
    """While `task` stands still, its cancel() cancels `main`. Its own would take effect only after
    py_await() has returned."""
    if task is None:
        yield
        return
    loop = main.get_loop()

    def cancel(msg=None):
        if main.done():
            return type(task).cancel(task, msg)
        if loop in _outer.loops:  # it stands still, too
            return main.cancel(msg)
        loop.call_soon_threadsafe(main.cancel, msg)  # also wakes the loop in a signal's handler
        return True

    cancel.stands_for = task
    try:
        task.cancel = cancel
    except AttributeError:  # a task of another library
        yield
        return
    try:
        yield
    finally:
        del task.cancel


class Watch:
    """Looks after `main` and the loops that stand still, on the loop that runs instead of them."""

    def __init__(self, main):
        self.main, self.loop = main, main.get_loop()
        self.is_stuck, self.idle_since = False, None
        if _outer.loops:
            self._again()

    def _again(self) -> None:
        self.handle = self.loop.call_later(LOOK_EVERY, self._look)

    def _look(self) -> None:
        now = self.loop.time()
        for loop in _outer.loops:
            _let_cancel(loop)
        if not _waits_for_nothing(self.loop, self.handle):
            self.idle_since = None
        elif self.idle_since is None:
            self.idle_since = now
        elif now - self.idle_since >= (PATIENCE if _has_other_threads() else LOOK_EVERY / 2):
            self.is_stuck = True
            self.main.cancel()
            return
        self._again()


def _has_other_threads() -> bool:
    return threading.active_count() > 1


def _waits_for_nothing(loop, handle) -> bool:
    """Does each task of `loop` wait for an event, a lock or a queue, or for such a task, and is
    nothing there to wake one?"""
    try:
        timers = [timer for timer in loop._scheduled if not timer.cancelled()]
        others = len(loop._selector.get_map()) - 1  # the loop's own pipe
        if loop._ready or timers not in ([], [handle]) or others or loop._default_executor:
            return False
    except AttributeError:  # not a loop of asyncio's own
        return False
    return all(_is_blocked(task) for task in asyncio.all_tasks(loop))


def _is_blocked(task) -> bool:
    waits_for = getattr(task, "_fut_waiter", None)
    if isinstance(waits_for, asyncio.Task) or getattr(waits_for, "_children", None):
        return True
    coroutine, code = task.get_coro(), None
    while coroutine is not None:
        code = getattr(coroutine, "cr_code", code)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return code is not None and code.co_filename in _PRIMITIVES


# ---- what goes on of a loop that stands still ----------------------------------------------------


def _let_cancel(loop) -> None:
    """Run what is due of `loop` to cancel tasks: by its timeouts, or asked by another thread."""
    due = [timer for timer in list(getattr(loop, "_scheduled", ())) if _is_due_timeout(timer)]
    asked = [handle for handle in list(getattr(loop, "_ready", ())) if _cancels(handle)]
    if not due and not asked:
        return
    here = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        for handle in due + asked:
            _run_with_consequences(loop, handle)
    finally:
        asyncio._set_running_loop(here)


def _is_due_timeout(timer) -> bool:
    if timer.cancelled() or timer.when() > timer._loop.time():
        return False
    owner = getattr(timer._callback, "__self__", None)
    released = getattr(asyncio.tasks, "_release_waiter", None)
    return timer._callback is released or isinstance(owner, getattr(asyncio, "Timeout", ()))


def _cancels(handle) -> bool:
    callback = handle._callback
    if handle.cancelled() or getattr(callback, "__name__", "") != "cancel":
        return False
    return asyncio.isfuture(getattr(callback, "__self__", None)) or hasattr(callback, "stands_for")


def _run_with_consequences(loop, handle) -> None:
    """What becomes ready by it, such as the task that has set a timeout and now cancels, runs too,
    but no task for ever; the rest of the loop's queue stays as it is."""
    ready = loop._ready
    before = len(ready)
    callback, arguments, context = handle._callback, handle._args, handle._context
    if _cancels(handle) and not hasattr(callback, "stands_for"):  # asked for before the replacement
        callback = callback.__self__.cancel
    handle.cancel()
    context.run(callback, *arguments)
    for _ in range(GENERATIONS):
        for awakened in reversed([ready.pop() for _ in range(len(ready) - before)]):
            if not awakened.cancelled():
                awakened._run()
