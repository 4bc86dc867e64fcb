"""An error that Python handles changes no other one that is on its way to the same handler of R.

R writes the condition into a list of the handler's, and both errors are for that handler until
Python has handled one of them.
"""

from __future__ import annotations

import contextlib

import pytest
from support.crossing import raising, through

from pyclass_bridge import RError

CATCH = "function(f, other = NULL) tryCatch(f(), error = function(e) conditionMessage(e))"
RAISES = {
    "stop(text)": "stop('first')",
    "stop(condition)": "stop(simpleError('first'))",
    "a classed error": "stop(errorCondition('first', class = 'own', data = 1))",
    "an error in C": "get('first')",
    "an error again": "tryCatch(stop('first'), error = function(e) stop(e))",
}
OTHERS = {
    "stop(text)": "stop('other')",
    "stop(condition)": "stop(simpleError('other'))",
    "an error in C": "get('other')",
}


@pytest.fixture(params=[(0,), (1, 3)], ids=["next to it", "below frames"])
def depths(request):
    return request.param


@pytest.fixture(params=OTHERS.values(), ids=OTHERS)
def handle_other(r, request, depths):
    """Raises another error in R and handles it in Python."""
    fails = r(f"function() {request.param}")

    def handle():
        for levels in depths:
            with contextlib.suppress(RError):
                through(r, levels, fails)
        with contextlib.suppress(KeyError):
            through(r, 1, raising(KeyError("other")))

    return handle


@pytest.fixture(params=RAISES.values(), ids=RAISES)
def first(r, request):
    """Raises the first error; and what R code that catches it says without any other one."""
    fails = r(f"function() {request.param}")
    said = r(f"tryCatch({request.param}, error = conditionMessage)")
    assert "first" in said
    return fails, said


def test_while_python_unwinds(r, first, handle_other):
    fails, said = first

    def work():
        try:
            fails()
        finally:
            handle_other()

    assert r(CATCH)(work) == said


def test_in_on_exit_behind_a_frame_of_python(r, first, handle_other):
    fails, said = first
    with_exit = r("function(f, other) { on.exit(other()); f() }")
    assert r(CATCH)(lambda: with_exit(fails, handle_other)) == said


def test_in_on_exit_of_r_code_alone(r, handle_other):
    """The error has met no frame of Python when its on.exit() code calls Python."""
    for code in RAISES.values():
        said = r(f"tryCatch({code}, error = conditionMessage)")
        catch = r(
            f"""
            function(other) {{
              fails <- function() {{ on.exit(other()); {code} }}
              tryCatch(fails(), error = conditionMessage)
            }}
            """
        )
        assert catch(handle_other) == said


def test_in_a_calling_handler(r, first, handle_other):
    fails, said = first
    with_calling = r(
        """
        function(f, other) {
          seen <- FALSE
          handler <- function(e) if (!seen) { seen <<- TRUE; other() }
          withCallingHandlers(f(), error = handler)
        }
        """
    )
    assert r(CATCH)(lambda: with_calling(fails, handle_other)) == said


def test_a_list_that_r_code_returns_across_python_is_itself(r):
    """A value of a jump that looks like the list of a handler is not one."""
    code = "function(f) callCC(function(k) f(k))"
    value = r("list(NULL, 2, 'c', list(NULL))")
    back = r("function(k, value) k(value)")
    assert r("identical")(r(code)(lambda k: back(k, value)), value)
