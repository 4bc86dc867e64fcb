"""Coroutines for R: what can be awaited, and its value. The other half is R/for_r_coroutines.R.

asyncio is imported when something is first awaited, since most sessions await nothing. Needs no R.
"""

from __future__ import annotations

import inspect

from pyclass_bridge.bridge.signature import value_of


def awaitable_problem(value) -> str | None:
    """What keeps `py_await()` from running `value`: it is a "function", a "future", a "value"; None
    if it can be awaited."""
    import asyncio

    if inspect.iscoroutinefunction(value):
        return "function"
    if asyncio.isfuture(value):
        return "future"
    return None if inspect.isawaitable(value) else "value"


def async_members(bases: list, names: list[str]) -> list[str]:
    """The members among `names` that a class with these bases inherits as `async def`."""
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
