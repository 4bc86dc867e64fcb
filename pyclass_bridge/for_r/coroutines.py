"""Coroutines for R: what can be awaited, and its value.

asyncio is imported when something is awaited first: most sessions never do. Needs no R.
"""

from __future__ import annotations

import inspect

from pyclass_bridge.bridge.signature import value_of


def awaitable_problem(value) -> str | None:
    """Why `py_await()` can't run a Python object: "function", "future", "value"; None: it can."""
    import asyncio

    if inspect.iscoroutinefunction(value):
        return "function"
    if asyncio.isfuture(value):
        return "future"
    return None if inspect.isawaitable(value) else "value"


def async_members(bases: list, names: list[str]) -> list[str]:
    """Those of `names` that are `async def` where classes with these bases inherit them."""
    found = {n: next((getattr(b, n) for b in bases if hasattr(b, n)), None) for n in names}
    return [name for name, value in found.items() if inspect.iscoroutinefunction(value)]


def await_one(awaitable):
    """The result of `awaitable`."""
    from .event_loop import run

    return run(value_of(awaitable))


def await_all(awaitables: list):
    """An iterator over the results of `awaitables`, which run at the same time."""
    from .event_loop import gathered, run

    return iter(run(gathered(awaitables)))
