"""The event loop that py_await() runs: beside a loop that runs here, within another await, on the
calling thread; and what it ends.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest
from support.coroutines import fail, inside, slow
from support.notebooks import run_notebook
from support.r_scope import RScope


@pytest.fixture
def define():
    scope = RScope()
    scope("NULL", slow=slow, fail=fail, inside=inside)
    yield scope
    scope.close()


def test_a_loop_that_runs_here_is_set_aside(define):
    """As in a notebook: R is called from a coroutine."""
    wait = define("function(x) py_await(slow(x))")

    async def cell():
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert wait("in a cell") == "in a cell"
        assert asyncio.get_running_loop() is loop and asyncio.current_task() is task
        with pytest.raises(KeyError):
            define("py_await(fail())")
        assert asyncio.get_running_loop() is loop and asyncio.current_task() is task
        return await slow("after")

    assert asyncio.run(cell()) == "after"


def test_in_a_notebook(tmp_path):
    """Its loop runs in the thread of the cells; awaits of Python go on before and after."""
    cells = run_notebook(
        tmp_path,
        """
        import asyncio, pyclass_bridge
        async def slow(x):
            await asyncio.sleep(0.01)
            return x
        wait = pyclass_bridge.r("function(f, x) py_await(f(x))")
        wait(slow, 3)
        """,
        "[await slow(4), wait(slow, 5), await slow(6)]",
        "task = asyncio.ensure_future(slow(7)); [wait(slow, 1), await task]",
        "Twice = pyclass_bridge.r('Twice %py_class% {"
        " of <- async_method(function(f, x) py_await(f(x)) + py_await(f(x))) }; Twice')\n"
        "await Twice().of(slow, 4)",
    )
    shown = [cell.outputs[-1]["data"]["text/plain"] for cell in cells]
    assert shown == ["3", "[4, 5, 6]", "[1, 7]", "8"]


def test_awaits_nest(define):
    depth = define(
        "depth <- function(n) if (n == 0) 'deep' else py_await(inside(depth, n - 1)); depth"
    )
    assert depth(5) == "deep"


def test_it_runs_on_the_calling_thread_in_its_context(define):
    name = contextvars.ContextVar("name")

    async def where():
        await asyncio.sleep(0)
        return [name.get(), threading.get_ident()]

    wait = define("function(f) py_await(f())")
    found = {}

    def work():
        name.set("worker")
        found["worker"] = wait(where)

    name.set("main")
    thread = threading.Thread(target=work)
    thread.start()
    found["main"] = wait(where)
    thread.join()
    assert found["main"] == ["main", threading.get_ident()]
    assert found["worker"] == ["worker", thread.ident]


def test_what_a_coroutine_leaves_behind_is_ended(define):
    ended = []

    async def background():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("task")

    async def numbers():
        try:
            yield 1
            yield 2
        finally:
            ended.append("generator")

    async def leaves():
        leaves.task = asyncio.ensure_future(background())
        await asyncio.sleep(0)
        leaves.numbers = numbers()
        return await leaves.numbers.__anext__()

    assert define("py_await(leaves())", leaves=leaves) == 1
    assert ended == ["task", "generator"]
