"""Errors of rlang and of the packages that raise theirs by it, in R and in Python.

Of: bridge/condition.py, R/bridge_condition.R.
"""

from __future__ import annotations

import pytest

from pyclass_bridge import RError

CAUGHT = """
  function(work, code) tryCatch(work(code), error = function(e) {
    plain <- grep("^python", class(e), invert = TRUE, value = TRUE)
    list(conditionMessage(e), as.list(plain))
  })
"""
# Ways to raise an error; `code` is called by Python.
RAISED = [
    "rlang::abort('A', class = 'mine')",
    "tibble::tibble(a = 1:2, b = 1:3)",
    "dplyr::filter(mtcars, no_such)",
    "vctrs::vec_cast('a', 1)",
]


@pytest.fixture
def other(r):
    """Raises and catches another error of R's."""
    return r("function() tryCatch(stop('B'), error = conditionMessage)")


def between(other):
    """A Python function that calls R's `code`, and another error of R's while that one unwinds."""

    def work(code):
        try:
            code()
        finally:
            other()

    return work


def needs(r, code):
    package = code.partition("::")[0]
    if not r(f"requireNamespace('{package}', quietly = TRUE)"):
        pytest.skip(f"the R package {package} is not installed")


@pytest.mark.parametrize("code", RAISED)
def test_r_catches_what_r_has_signalled(r, other, capfd, code):
    needs(r, code)
    way = r("function(caught, raised, work) { code <- raised; caught(work, function() code()) }")
    pure = r("function(caught, raised) { code <- raised; caught(function(f) f(), code = code) }")
    raised, caught = r(f"function() {code}"), r(CAUGHT)
    ours = way(caught, raised, between(other))
    judge = pure(caught, raised)
    assert ours == judge
    assert "B" not in ours[0]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("code", RAISED)
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
