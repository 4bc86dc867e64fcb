"""A jump arrives, with its own condition or value, although Python handles other errors of R on its
way: in a `finally` block, in on.exit() code, and in R's calling handlers.

Also of: core/condition.c.
"""

from __future__ import annotations

import contextlib

import pytest
from support.crossing import CALL, through

from pyclass_bridge import RError

# The R function that a jump ends in, the one that jumps, and what the first one gives.
JUMPS = {
    "a restart": (
        "function(f) withRestarts(f(NULL), own = function(a, b) paste(a, b))",
        "function(k) invokeRestart('own', 'first', 1)",
        "first 1",
    ),
    "callCC": ("function(f) callCC(f)", "function(k) k('first')", "first"),
    "a condition": (
        "function(f) tryCatch(f(NULL), own = conditionMessage)",
        "function(k) signalCondition(structure(class = c('own', 'condition'), "
        "list(message = 'first', call = NULL)))",
        "first",
    ),
    "a warning": (
        "function(f) tryCatch(f(NULL), warning = conditionMessage)",
        "function(k) warning('first')",
        "first",
    ),
    "a break": (
        "function(f) { frame <- environment(); for (i in 1:3) { eval(NULL); f(frame) }; i }",
        "function(k) eval(quote(break), k)",
        1,
    ),
}


@pytest.fixture
def handle_others(r):
    """Handles errors of R in Python, each below more frames."""
    fails = r("function() stop('other')")
    restarts = r("function(f) withRestarts(f(), mine = function() NULL)")
    invokes = r("function() invokeRestart('mine')")

    def handle():
        for levels in (0, 1, 3):
            with contextlib.suppress(RError):
                through(r, levels, fails)
        restarts(invokes)

    return handle


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize("levels", [0, 2])
def test_a_jump_without_an_error(r, jump, levels, handle_others):
    code, leaves, value = jump
    leaves = r(leaves)

    def work(k):
        try:
            through(r, levels, lambda: leaves(k))
        finally:
            handle_others()

    assert r(code)(work) == value


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_it_passes_nested_blocks(r, jump, handle_others):
    code, leaves, value = jump
    leaves, on_exit = r(leaves), r("function(f, other) { on.exit(other()); f() }")

    def inner(k):
        with contextlib.ExitStack() as stack:
            stack.callback(handle_others)
            leaves(k)

    def work(k):
        try:
            on_exit(lambda: inner(k), handle_others)
        except BaseException:
            handle_others()
            raise

    assert r(code)(work) == value


def test_python_sees_the_same_error_behind_on_exit(r, handle_others):
    on_exit = r("function(f, other) { on.exit({ other(); try(other()); other() }); f() }")
    fails = r("function() stop('first')")
    for levels in (0, 2):
        with pytest.raises(RError, match="first"):
            through(r, levels, lambda: on_exit(fails, handle_others))


WITH_CALLING = """
function(f, other) withCallingHandlers(
  f(),
  error = function(e) if (conditionMessage(e) == "first") other(),
  error = function(e) if (conditionMessage(e) == "first") tryCatch(other(), error = identity)
)
"""


def test_python_sees_the_same_error_behind_calling_handlers(r, handle_others):
    """The error is recorded before the handlers run, in which Python handles others."""
    with_calling, fails, call = r(WITH_CALLING), r("function() stop('first')"), r(CALL)
    runs = []

    def other():
        runs.append(1)
        handle_others()
        if len(runs) % 2 == 0:  # the second handler catches this one
            r("stop('other')")

    for levels in (0, 2):
        with pytest.raises(RError) as caught:
            through(r, levels, lambda: with_calling(lambda: call(fails), other))
        assert caught.value.message == "first"
    assert len(runs) == 4


def test_an_error_in_a_calling_handler_takes_the_place_of_the_first(r, handle_others):
    with_calling, fails = r(WITH_CALLING), r("function() stop('first')")

    def other():
        handle_others()
        raise KeyError("second")

    with pytest.raises(KeyError, match="second"):
        with_calling(lambda: fails(), other)


def test_an_error_in_on_exit_takes_the_place_of_the_first(r, handle_others):
    on_exit = r("function(f, other) { on.exit({ other(); stop('second') }); f() }")
    fails = r("function() stop('first')")
    with pytest.raises(RError, match="second"):
        r(CALL)(lambda: on_exit(fails, handle_others))


def test_many_handled_errors_are_not_kept(r):
    """Nor are their exceptions, though all are handled in one call of Python."""
    import weakref

    fails, alive = r("function() stop('other')"), []

    def work():
        try:
            r("stop('first')")
        finally:
            for _ in range(100):
                try:
                    fails()
                except RError as error:
                    alive.append(weakref.ref(error))
            assert sum(ref() is not None for ref in alive) < 5

    catch = r("function(f) tryCatch(f(), error = conditionMessage)")
    assert catch(work) == "first"


def test_exceptions_that_python_keeps(r):
    """The newest of many can still come to the door."""
    fails, kept = r("function(i) stop('e', i)"), []

    def work():
        for i in range(100):
            try:
                fails(i)
            except RError as error:
                kept.append(error)
        raise kept[-1]

    assert r("function(f) tryCatch(f(), error = conditionMessage)")(work) == "e99"
