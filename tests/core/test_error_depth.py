"""What an error costs that leaves many nested calls of R and Python: each thing is done once.

Of: R/bridge_condition.R, for_r/errors.py, core/condition.c.
"""

from __future__ import annotations

import pytest

from pyclass_bridge import RError
from pyclass_bridge.for_r import errors

DEPTH = 40


@pytest.fixture
def nested(r):
    """Calls R and Python in turn, `levels` deep, where R fails."""
    down = r("function(go_on, k) if (k > 0) go_on(k - 1) else stop('at the bottom')")

    def call(levels):
        return down(call, levels)

    return call


def test_the_calls_are_recorded_once(r, nested):
    """Each handler would look at all calls: the time would grow with the cube of the depth."""
    count = r("""
      local({
        made <- 0
        list(add = function() made <<- made + 1, get = function() made)
      })
    """)
    namespace = r("asNamespace('pyclassbridge')")
    wrap = r("""
      function(ns, counter) {
        before <- ns$record_condition
        unlockBinding("record_condition", ns)
        ns$record_condition <- function(cond) { counter$add(); before(cond) }
        function() ns$record_condition <- before
      }
    """)
    restore = wrap(namespace, count)
    try:
        with pytest.raises(RError, match="at the bottom"):
            nested(DEPTH)
    finally:
        restore()
    assert r("function(counter) counter$get()")(count) <= 2


def test_the_traceback_is_told_as_often_as_it_doubles(nested, monkeypatch):
    told = []
    facts = errors._facts_of
    monkeypatch.setattr(errors, "_facts_of", lambda error: told.append(error) or facts(error))
    with pytest.raises(RError):
        nested(DEPTH)
    assert 1 <= len(told) <= 8
    assert errors.last_error()["message"].endswith("at the bottom")


@pytest.mark.parametrize("depth", [0, 1, 5, DEPTH])
def test_the_error_is_caught_by_r_further_out_and_by_python(r, nested, depth):
    caught = r(
        "function(f, k) tryCatch(f(k), error = function(e) c(class(e), conditionMessage(e)))"
    )
    found = caught(nested, depth)
    assert found[0] == "simpleError" and found[-1] == "at the bottom"
    assert "python.builtin.RuntimeError" in found
    with pytest.raises(RError) as error:
        nested(depth)
    assert error.value.message == "at the bottom"
    assert error.value.r_class == ("simpleError", "error", "condition")
    assert len(error.value.calls) >= depth


def test_an_error_that_r_signals_again_is_recorded_again(r, nested):
    again = r("function(f, k) tryCatch(f(k), error = function(e) stop(e))")
    with pytest.raises(RError) as error:
        again(lambda k: again(nested, k), 3)
    assert error.value.message == "at the bottom"
