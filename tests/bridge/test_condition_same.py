"""The error that R signals is the one that is caught, whatever runs between.

Of: bridge/condition.py, R/bridge_condition.R, core/condition.c.
"""

from __future__ import annotations

import contextlib
import threading

import pytest

from pyclass_bridge import RError

CAUGHT = """
  function(work, code) tryCatch(work(code), error = function(e) {
    plain <- grep("^python", class(e), invert = TRUE, value = TRUE)
    list(conditionMessage(e), as.list(plain), deparse(conditionCall(e))[[1]])
  })
"""
# Ways to raise an error; `code` is called by Python.
RAISED = [
    "stop('A')",
    "stop('A ', 1, call. = FALSE)",
    "stop(structure(class = c('mine', 'error', 'condition'), list(message = 'A', call = NULL)))",
    "stop(errorCondition('A', class = 'mine', data = 1, call = quote(f(x))))",
    "log(-1:'a')",
    "log('a')",
    "no_such_variable",
    "no_such_function()",
    "1[[3]]",
    "match.arg('z', c('a', 'b'))",
    "stopifnot('they differ' = 1 == 2)",
    "UseMethod('none')",
    "{ on.exit(options(warn = 0)); options(warn = 2); warning('A') }",
    "{ on.exit(try(stop('on exit'), silent = TRUE)); stop('A') }",
    "rlang::abort('A', class = 'mine')",
    "tibble::tibble(a = 1:2, b = 1:3)",
    "dplyr::filter(mtcars, no_such)",
    "vctrs::vec_cast('a', 1)",
]


@pytest.fixture
def other(r):
    """Raises and catches another error of R's."""
    return r("function() tryCatch(stop('B'), error = conditionMessage)")


def between(kind, other):
    """A Python function that calls R's `code`, and another error of R's while that one unwinds."""

    @contextlib.contextmanager
    def manager():
        try:
            yield
        finally:
            other()

    def in_finally(code):
        try:
            code()
        finally:
            other()

    def in_with(code):
        with manager():
            code()

    def raised_again(code):
        try:
            code()
        except RError:
            other()
            raise

    def in_generator(code):
        def steps():
            yield in_finally(code)

        return list(steps())

    return locals()[kind]


def needs(r, code):
    package = code.partition("::")[0]
    if "::" in code and not r(f"requireNamespace('{package}', quietly = TRUE)"):
        pytest.skip(f"the R package {package} is not installed")


@pytest.mark.parametrize("kind", ["in_finally", "in_with", "raised_again", "in_generator"])
@pytest.mark.parametrize("code", RAISED)
def test_r_catches_what_r_has_signalled(r, other, capfd, code, kind):
    needs(r, code)
    # The function has one name in both, since the call of the error shows it.
    way = r("function(caught, raised, work) { code <- raised; caught(work, function() code()) }")
    pure = r("function(caught, raised) { code <- raised; caught(function(f) f(), code = code) }")
    raised, caught = r(f"function() {code}"), r(CAUGHT)
    ours = way(caught, raised, between(kind, other))
    judge = pure(caught, raised)
    assert ours[:2] == judge[:2]
    assert "B" not in ours[0]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("code", [code for code in RAISED if "::" in code])
def test_conditions_of_rlang_arrive_in_python(r, capfd, code):
    needs(r, code)
    facts = r(f"tryCatch({code}, error = function(e) list(conditionMessage(e), as.list(class(e))))")
    with pytest.raises(RError) as caught:
        r(code)
    assert [caught.value.message, list(caught.value.r_class)] == facts
    assert capfd.readouterr().err == ""


def test_the_parent_of_a_condition_is_the_cause(r):
    needs(r, "rlang::abort")
    with pytest.raises(RError, match="outer") as caught:
        r(
            "tryCatch(stop('inner'), error = function(e) tryCatch("
            "  rlang::abort('middle', parent = e, class = 'mid'),"
            "  error = function(e) rlang::abort('outer', parent = e)))"
        )
    middle = caught.value.__cause__
    assert (middle.r_class[0], middle.__cause__.message) == ("mid", "inner")
    assert middle.__cause__.__cause__ is None


def test_signals_that_are_no_errors_go_on(r):
    needs(r, "rlang::abort")
    assert r("{ rlang::signal('s', class = 'mine'); 1 }") == 1.0
    assert r("{ signalCondition(simpleError('A')); 2 }") == 2.0


def test_no_thread_catches_the_error_of_another(r):
    caught = r("function(f, i) tryCatch(f(i), error = conditionMessage)")
    fails = r("function(i) stop('no ', i)")
    barrier, wrong = threading.Barrier(4), []

    def work(thread):
        def between_frames(i):
            try:
                fails(i)
            finally:
                caught(fails, -i)

        barrier.wait()
        for i in range(100):
            number = 1000 * thread + i + 1
            for f in (fails, between_frames):
                if (answer := caught(f, number)) != f"no {number}":
                    wrong.append((number, answer))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
