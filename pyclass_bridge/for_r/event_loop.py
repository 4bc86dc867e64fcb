"""Event loops for R: each await runs an event loop of its own, on the thread that asks. It serves
coroutines.py and has no other half in R.

R, and what it calls, must stay on this thread: scopes of Python are thread-local, and only the main
thread sees Ctrl-C. So a loop that already runs here (that of a notebook, or the one that awaits an
async method) is suspended meanwhile: its other tasks wait, as they do while any function runs that
is not async. Needs no R.
"""

from __future__ import annotations

import asyncio

from pyclass_bridge.for_r import outer_loops


async def gathered(awaitables: list) -> list:
    """The results of `awaitables`, which run at the same time."""
    return await asyncio.gather(*awaitables)


def run(coroutine):
    """As `asyncio.run()`, but also where a loop runs already, and with Python's own handler of
    Ctrl-C: asyncio's handler would wait until R code ends."""
    with outer_loops.suspended() as task:
        loop = asyncio.new_event_loop()
        try:
            main = loop.create_task(coroutine)
            watch = outer_loops.Watch(main)
            with outer_loops.cancelled_with(task, main):
                return _result(loop, main, watch)
        finally:
            _end(loop)


def _result(loop, main, watch):
    try:
        return loop.run_until_complete(main)
    except asyncio.CancelledError:
        if watch.is_stuck:
            raise RuntimeError(outer_loops.STUCK) from None
        raise
    except RuntimeError as error:
        # asyncio's own words; it has no class for it.
        if "different loop" in str(error) or "different event loop" in str(error):
            raise RuntimeError(outer_loops.STUCK) from error
        raise


def _end(loop) -> None:
    """Cancel the tasks left on `loop`, so that their `finally` blocks run, and close it."""
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
