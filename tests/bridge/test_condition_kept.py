"""The condition that R signals is the one that R code further out catches, whatever runs between.

An exiting handler of `stop("text")` and of errors in R's C code makes its condition after the jump,
from a text that the next error overwrites.

Of: core/condition.c, core/visit.c, R/bridge_condition.R.
"""

from __future__ import annotations

import contextlib
import threading

import pytest
from support.crossing import CALL, raising, through

from pyclass_bridge import RError, _core

# Class, message and call of what R catches, without the classes that Python's frames add.
CATCH = """
function(f) {
  facts <- function(e) {
    of_python <- grepl("^python[.]builtin[.]", class(e))
    list(class(e)[!of_python], conditionMessage(e), deparse(conditionCall(e)))
  }
  tryCatch({ f(); "nothing" }, error = facts, custom = facts, interrupt = facts)
}
"""
# Other errors of R while the first one is on its way.
OTHER = """
function() {
  try(stop("other"), silent = TRUE)
  tryCatch(log("other"), error = function(e) "handled")
}
"""
RAISING = {
    "stop(text)": "stop('first')",
    "stop(text, call. = FALSE)": "stop('first', call. = FALSE)",
    "stop(condition)": "stop(simpleError('first', quote(of(1))))",
    "stop(classed)": "stop(structure(class = c('own', 'error', 'condition'), "
    "list(message = 'first', call = NULL)))",
    "errorCondition": "stop(errorCondition('first', class = 'own', call = quote(of(1)), data = 1))",
    "an error in C": "log('first')",
    "no such variable": "first_of_all",
    "no such function": "first_of_all()",
    "an index": "list()[[1]]",
    "the parser": "parse(text = 'first <-')",
    "a warning as an error": "{ old <- options(warn = 2); on.exit(options(old)); "
    "warning('first') }",
    "stopifnot": "stopifnot('first' = 1 > 2)",
    "match.arg": "match.arg('first', c('a', 'b'))",
    "an error again": "tryCatch(stop('first'), error = function(e) stop(e))",
    "a message with lines": "stop('first\\nsecond \\u00e9')",
    "a long message": "stop(strrep('first', 3000))",
    "no stack": "{ old <- options(expressions = 500); on.exit(options(old)); "
    "first <- function(n) first(n + 1); first(1) }",
    "signalCondition": "signalCondition(structure(class = c('custom', 'condition'), "
    "list(message = 'first', call = NULL)))",
    "an interrupt": "signalCondition(structure(class = c('interrupt', 'condition'), "
    "list(message = 'first', call = NULL)))",
    "rlang": "rlang::abort('first', class = 'own')",
}


def in_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def with_finally(r, work, other):
    try:
        work()
    finally:
        other()


def except_and_raise(r, work, other):
    try:
        work()
    except BaseException:
        other()
        raise


def at_exit(r, work, other):
    with contextlib.ExitStack() as stack:
        stack.callback(other)
        work()


def in_a_generator(r, work, other):
    def values():
        try:
            yield work()
        finally:
            other()

    list(values())


def with_on_exit(r, work, other):
    r("function(work, other) { on.exit(other()); work() }")(work, other)


def with_r_finally(r, work, other):
    r("function(work, other) tryCatch(work(), finally = other())")(work, other)


def of_another_thread(r, work, other):
    with_finally(r, work, lambda: in_a_thread(other))


def through_both(r, work, other):
    with_finally(r, lambda: through(r, 2, work), lambda: through(r, 2, other))


def of_python(r, work, other):
    catch = r("function(f) tryCatch(f(), error = function(e) 'handled')")
    with_finally(r, work, lambda: catch(raising(KeyError("other"))))


BETWEEN = [
    with_finally,
    except_and_raise,
    at_exit,
    in_a_generator,
    with_on_exit,
    with_r_finally,
    of_another_thread,
    through_both,
    of_python,
]


@pytest.mark.parametrize("raises", RAISING.values(), ids=RAISING)
def test_the_condition_is_kept(r, raises):
    if "rlang" in raises and not r("requireNamespace('rlang', quietly = TRUE)"):
        pytest.skip("rlang is not installed")
    catch, other = r(CATCH), r(OTHER)
    fails = r(f"function() {{ fails <- function() {raises}; fails() }}")
    alone = r(f"({CATCH})(function() {{ fails <- function() {raises}; fails() }})")
    for between in BETWEEN:
        assert catch(lambda between=between: between(r, fails, other)) == alone, between.__name__


def test_threads_catch_their_own_errors(r):
    catch, other = r(CATCH), r(OTHER)
    fails = r("function(text) stop(text)")
    wrong, count = [], 100

    def run(name):
        for number in range(count):
            text = f"{name} {number}"
            said = catch(lambda text=text: with_finally(r, lambda: fails(text), other))
            if said[1] != text:
                wrong.append((text, said))

    threads = [threading.Thread(target=run, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---- errors of the bridge's own use of R, which no handler of the session has seen ---------------


def failing_once(n: int, function):
    """What `function` gives with the n-th use of R failing in it."""
    _core.set_fault(n)
    try:
        return function()
    finally:
        _core.set_fault(0)


def messages(catch, work):
    """The messages that R catches, with each use of R failing once."""
    said = set()
    for n in range(1, 200):
        with contextlib.suppress(RError, MemoryError):
            said.add(failing_once(n, lambda: catch(work)))
    return {text for text in said if isinstance(text, str)}


MESSAGE = "function(f) tryCatch(f(), error = conditionMessage)"


def test_an_error_while_an_error_is_recorded(r):
    """It goes on to R's handler further out, which nothing that runs between changes."""
    catch, other, fails = r(MESSAGE), r(OTHER), r("function() stop('first')")

    def work():
        try:
            fails()
        finally:
            _core.set_fault(0)
            other()

    said = messages(catch, work)
    assert said == {"first", "injected fault"}


def test_an_error_while_a_result_is_converted(r):
    """The Python object is dropped before R's handler makes the condition."""
    catch, other = r(MESSAGE), r(OTHER)
    dropped = []

    class Result:
        def __del__(self):
            _core.set_fault(0)
            dropped.append(other())

    said = messages(catch, Result)
    assert dropped
    assert said == {"injected fault"}
    r("invisible(gc())")
    assert r(CALL)(lambda: 1) == 1
