"""R's handlers and restarts are those of the thread, also above entries of other threads.

Of: core/condition.c, core/entry.c, R/bridge_condition.R.
"""

from __future__ import annotations

import threading

import pytest
from support.crossing import CALL, entry_of_another_thread, through

from pyclass_bridge import RError

SHOWN = "function(e) list(class(e)[[1]], conditionMessage(e), deparse(conditionCall(e)))"
CONDITION = "structure(class = c('custom', 'condition'), list(message = 'first', call = NULL))"
# The R function that the jump ends in, which calls its argument, and the one that jumps.
JUMPS = {
    "an error": (
        f"function(f) tryCatch(f(NULL), error = {SHOWN})",
        "function(k) { g <- function() stop('first'); g() }",
    ),
    "an error in C": (
        f"function(f) tryCatch(f(NULL), error = {SHOWN})",
        "function(k) get('first')",
    ),
    "a warning": (
        f"function(f) tryCatch(f(NULL), warning = {SHOWN})",
        "function(k) { g <- function() warning('first'); g() }",
    ),
    "a message": (
        f"function(f) tryCatch(f(NULL), message = {SHOWN})",
        "function(k) message('first')",
    ),
    "signalCondition": (
        f"function(f) tryCatch(f(NULL), custom = {SHOWN})",
        f"function(k) signalCondition({CONDITION})",
    ),
    "an interrupt": (
        "function(f) tryCatch(f(NULL), interrupt = function(e) 'out')",
        "function(k) signalCondition(structure(class = c('interrupt', 'condition'), list()))",
    ),
    "a restart": (
        "function(f) withRestarts(f(NULL), own = function(a, b) paste(a, b))",
        "function(k) invokeRestart('own', 'first', 1)",
    ),
    "the inner one of two restarts": (
        "function(f) withRestarts(withRestarts(f(NULL), own = function() 1), own = function() 2)",
        "function(k) invokeRestart('own')",
    ),
    "callCC": ("function(f) callCC(f)", "function(k) k('first')"),
    "a break": (
        "function(f) { k <- environment(); for (i in 1:3) { eval(NULL); f(k) }; i }",
        "function(k) eval(quote(break), k)",
    ),
    "a calling handler that goes on": (
        "function(f) { seen <- NULL; withCallingHandlers(f(NULL), message = function(m) { "
        "seen <<- conditionMessage(m); invokeRestart('muffleMessage') }); seen }",
        "function(k) message('first')",
    ),
}


@pytest.mark.parametrize("levels", [0, 2])
@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_a_jump_above_another_threads_entry(r, jump, levels):
    target, leaves = r(jump[0]), r(jump[1])
    alone = r("function(target, leaves) target(leaves)")(target, leaves)

    def work(k):
        with entry_of_another_thread(r):
            return through(r, levels, lambda: leaves(k))

    assert target(work) == alone


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_with_entries_of_others_at_two_places(r, jump):
    target, leaves, call = r(jump[0]), r(jump[1]), r(CALL)
    alone = r("function(target, leaves) target(leaves)")(target, leaves)

    def inner(k):
        with entry_of_another_thread(r):
            return leaves(k)

    def work(k):
        with entry_of_another_thread(r):
            return call(lambda: inner(k))

    assert target(work) == alone


def in_thread(work):
    """What `work()` gives or raises on another thread."""
    seen = []

    def run():
        try:
            seen.append(work())
        except BaseException as error:
            seen.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return seen[0]


def test_the_handlers_of_another_thread_are_not_called(r):
    seen = r(
        """
        function(f) {
          seen <- character()
          note <- function(e) seen <<- c(seen, conditionMessage(e))
          withCallingHandlers(tryCatch(f(), error = note), condition = note)
          seen
        }
        """
    )
    results = []

    def work():
        results.append(in_thread(lambda: r("stop('other')")))
        results.append(in_thread(lambda: r("suppressMessages({ message('other'); 1 })")))

    assert seen(work) == []
    assert isinstance(results[0], RError)
    assert results[0].message == "other"
    assert results[1] == 1


@pytest.mark.parametrize("name", ["own", "abort"])
def test_a_restart_of_another_thread_is_no_way_out(r, name):
    """It would end in the R code of that thread."""
    with_restart = r("function(f) withRestarts({ f(); 'went on' }, own = function() 'left')")
    results = []

    def work():
        results.append(in_thread(lambda: r(f"invokeRestart('{name}')")))
        results.append(in_thread(lambda: r(CALL)(lambda: r(f"invokeRestart('{name}')"))))

    assert with_restart(work) == "went on"
    says = {"own": "another thread's R code", "abort": "aborted without an error"}[name]
    assert [type(result) for result in results] == [RError, RError]
    assert all(says in str(result) for result in results)


def own_restart_above_that_threads_entry(r, first: str) -> None:
    with_restart = r("function(f) withRestarts({ f(); 'went on' }, other = function() 'left')")
    work = r("function(f) withRestarts(f(), own = function() 'own')")
    results, is_in, is_done = [], threading.Event(), threading.Event()

    def below():
        results.append(with_restart(lambda: (is_in.set(), is_done.wait(60))))

    def above():
        thread = threading.Thread(target=below)
        thread.start()
        is_in.wait(60)
        try:
            if first:
                with pytest.raises(RError, match="another thread's R code"):
                    r(first)
            r("invokeRestart('own')")
        finally:
            is_done.set()
            thread.join(60)

    assert work(above) == "own"
    assert results == ["went on"]


def test_its_own_restart_is_in_reach_above_that_threads_entry(r):
    own_restart_above_that_threads_entry(r, first="")


def test_the_other_ones_is_not_and_its_own_stays_in_reach(r):
    own_restart_above_that_threads_entry(r, first="invokeRestart('other')")


def test_an_error_that_nobody_handles(r):
    """It arrives in Python once, and each calling handler has seen it once."""
    calls = []
    calling = r("function(f, note) withCallingHandlers(f(), error = function(e) note())")

    def work():
        with entry_of_another_thread(r):
            r("stop('first')")

    with pytest.raises(RError) as caught:
        calling(work, lambda: calls.append(1))
    assert caught.value.message == "first"
    assert calls == [1]


def test_on_exit_runs_when_others_are_gone(r):
    order = []
    on_exit = r("function(f, note) { on.exit(note()); f() }")

    def work():
        try:
            with entry_of_another_thread(r):
                on_exit(lambda: r("stop('first')"), lambda: order.append("above"))
        finally:
            order.append("finally")

    catch = r("function(f) tryCatch(f(), error = conditionMessage)")
    assert catch(lambda: on_exit(work, lambda: order.append("below"))) == "first"
    assert order == ["above", "finally", "below"]
