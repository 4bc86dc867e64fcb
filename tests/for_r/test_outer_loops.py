"""py_await() where a loop runs already: what waits for that loop is an error, and cancelling the
task that awaits, also by a timeout, ends the wait.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import threading
import time

import pytest
from support.r_scope import RScope

from pyclass_bridge.for_r import outer_loops


@pytest.fixture
def wait():
    scope = RScope()
    yield scope("function(x) py_await(x)")
    scope.close()


@pytest.fixture
def impatient(monkeypatch):
    """A thread that another test has left might end the wait, so it would be waited for long."""
    monkeypatch.setattr(outer_loops, "PATIENCE", 1.0)


async def use(future):
    return await future


def seconds_of(main) -> tuple[object, float]:
    start = time.monotonic()
    return asyncio.run(main()), time.monotonic() - start


# ---- what only the loop that stands still could wake ---------------------------------------------


async def of_lock(loop):
    lock = asyncio.Lock()
    await lock.acquire()
    return lock.acquire()


async def of_group(loop):
    async def tasks():
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait())
            group.create_task(asyncio.Queue().get())

    return tasks()


async def of_condition(loop):
    async def notified():
        async with condition:
            await condition.wait()

    condition = asyncio.Condition()
    return notified()


async def waited_for_before(loop):
    """The loop that stands still has used the event already."""
    event = asyncio.Event()
    event.waiting = asyncio.ensure_future(event.wait())
    await asyncio.sleep(0)
    return event.wait()


async def of_gather(loop):
    return asyncio.wait([asyncio.ensure_future(asyncio.sleep(0.01))])


FOREIGN = {
    "a future": lambda loop: use(loop.create_future()),
    "a task": lambda loop: use(loop.create_task(asyncio.sleep(0.01))),
    "a shielded task": lambda loop: use(asyncio.shield(loop.create_task(asyncio.sleep(0.01)))),
    "an event": lambda loop: asyncio.Event().wait(),
    "a queue": lambda loop: asyncio.Queue().get(),
    "a semaphore": lambda loop: asyncio.Semaphore(0).acquire(),
    "a lock": of_lock,
    "a condition": of_condition,
    "an event in use": waited_for_before,
    "a wait": of_gather,
}
if hasattr(asyncio, "TaskGroup"):
    FOREIGN["a group of tasks"] = of_group


@pytest.mark.parametrize("what", FOREIGN)
def test_a_wait_for_the_loop_that_stands_still_is_an_error(what, wait, impatient):
    async def main():
        awaitable = FOREIGN[what](asyncio.get_running_loop())
        if inspect.iscoroutinefunction(FOREIGN[what]):
            awaitable = await awaitable
        with pytest.raises(
            RuntimeError, match=r"py_await\(\) would wait for ever: .* stands still"
        ):
            wait(awaitable)
        return wait(asyncio.sleep(0.01, "goes on"))

    result, seconds = seconds_of(main)
    assert result == "goes on" and seconds < 5


def test_it_is_an_error_of_a_nested_await_too(wait, impatient):
    async def inner():
        return wait(asyncio.Event().wait())

    with pytest.raises(RuntimeError, match="would wait for ever"):
        wait(inner())


def test_what_wakes_in_time_is_awaited(wait):
    async def handed_on():
        queue, event, lock = asyncio.Queue(), asyncio.Event(), asyncio.Lock()

        async def give():
            async with lock:
                await asyncio.sleep(0.5)
                await queue.put("from a queue")
            event.set()

        task = asyncio.ensure_future(give())
        found = await queue.get()
        await event.wait()
        await task
        return found

    async def by_thread():
        event, loop = asyncio.Event(), asyncio.get_running_loop()
        threading.Timer(0.6, loop.call_soon_threadsafe, (event.set,)).start()
        return await event.wait()

    async def by_executor():
        return await asyncio.to_thread(lambda: time.sleep(0.6) or "from a thread")

    async def by_process():
        process = await asyncio.create_subprocess_exec("sleep", "0.5")
        return await process.wait()

    async def main():
        makers = (handed_on, by_thread, by_executor, by_process)
        return [wait(make()) for make in makers]

    assert asyncio.run(main()) == ["from a queue", True, "from a thread", 0]


# ---- cancelling ----------------------------------------------------------------------------------


async def in_wait_for(call):
    await asyncio.wait_for(call(), 0.2)


async def in_timeout(call):
    async with asyncio.timeout(0.2):
        await call()


async def in_gather(call):
    await asyncio.wait_for(asyncio.gather(call(), asyncio.sleep(30)), 0.2)


async def in_task_of_timeout(call):
    async with asyncio.timeout(0.2):
        await asyncio.ensure_future(call())


async def in_group(call):
    async with asyncio.timeout(0.2), asyncio.TaskGroup() as group:
        group.create_task(call())


AROUND = [in_wait_for, in_gather]
if hasattr(asyncio, "timeout"):
    AROUND += [in_timeout, in_task_of_timeout, in_group]


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("around", AROUND)
def test_a_timeout_ends_the_wait(around, depth, wait):
    ended = []

    async def long():
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("inside")

    async def call(deeper=depth):
        return wait(call(deeper - 1) if deeper else long())

    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await around(call)
        await asyncio.sleep(0.05)  # nothing of the cancelling is left
        return wait(asyncio.sleep(0.01, "goes on"))

    result, seconds = seconds_of(main)
    assert result == "goes on" and seconds < 5 and ended == ["inside"]


def test_a_timeout_ends_a_wait_that_would_never_end(wait):
    async def call():
        return wait(asyncio.Event().wait())

    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(call(), 0.05)

    asyncio.run(main())


def test_r_code_sees_the_end(wait):
    scope = RScope()
    scope("log <- NULL")
    guarded = scope("function(x) tryCatch(py_await(x), finally = log <<- c(log, 'finally'))")

    async def call():
        return guarded(asyncio.sleep(30))

    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(call(), 0.2)

    asyncio.run(main())
    assert scope("log") == "finally"
    scope.close()


@pytest.mark.parametrize("how", ["cancel", "call_soon_threadsafe", "run_coroutine_threadsafe"])
def test_another_thread_cancels(how, wait):
    async def call():
        return wait(asyncio.sleep(30))

    async def main():
        loop = asyncio.get_running_loop()
        if how == "run_coroutine_threadsafe":
            future = asyncio.run_coroutine_threadsafe(call(), loop)
            threading.Timer(0.2, future.cancel).start()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wrap_future(future)
            return "goes on"
        task = asyncio.ensure_future(call())
        if how == "cancel":
            threading.Timer(0.2, lambda: task.cancel()).start()
        else:
            threading.Timer(0.2, loop.call_soon_threadsafe, (task.cancel,)).start()
        with pytest.raises(asyncio.CancelledError):
            await task
        return "goes on"

    result, seconds = seconds_of(main)
    assert result == "goes on" and seconds < 5


def test_other_tasks_stand_still_meanwhile(wait):
    seen = []

    async def other():
        while True:
            seen.append("other")
            await asyncio.sleep(0)

    async def main():
        task = asyncio.ensure_future(other())
        await asyncio.sleep(0.01)
        before = len(seen)
        timer = asyncio.get_running_loop().call_later(0.05, seen.append, "timer")
        wait(asyncio.sleep(0.3))
        assert len(seen) == before
        await asyncio.sleep(0.01)
        assert "timer" in seen and len(seen) > before + 1
        task.cancel()
        timer.cancel()

    asyncio.run(main())


def test_ctrl_c_in_asyncio_run(wait):
    """asyncio's handler of it cancels the main task."""

    async def main():
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        wait(asyncio.sleep(30))

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert time.monotonic() - start < 5
