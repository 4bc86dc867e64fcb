"""Coroutines of Python for tests that await them from R."""

from __future__ import annotations

import asyncio


async def slow(value, seconds=0.01):
    await asyncio.sleep(seconds)
    return value


async def fail():
    await asyncio.sleep(0)
    raise KeyError("on purpose")


async def inside(f, *args):
    """`f(*args)`, called while a loop runs here."""
    await asyncio.sleep(0)
    return f(*args)
