"""Errors keep their text and class when R can't describe them: too little room, methods that fail.

Of: core/facts.c, R/bridge_condition.R, bridge/condition.py.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.crossing import through
from support.paths import TESTS

from pyclass_bridge import RError, _core
from pyclass_bridge.bridge import condition as conditions

CONDITION = "structure(class = c({}), list(message = {}, call = {}))"


def test_the_session_works_in_all_poor_states():
    """tests/stress/states.py names those that fail."""
    done = subprocess.run(
        [sys.executable, TESTS / "stress" / "states.py"],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FIGURE R states | 40 of 40 | 40 of 40 | holds" in done.stdout


@pytest.mark.parametrize(
    ("classes", "message", "call", "facts"),
    [
        ("'mine', 'condition'", "'m'", "quote(f(1))", (("m",), ("mine", "condition"), "f")),
        ("'mine'", "c('a', NA)", "NULL", (("a", "NA"), ("mine",), None)),
        ("'mine'", "1i", "quote(a$b(1))", ((), ("mine",), None)),
        ("'mine'", "NULL", "'f(1)'", ((), ("mine",), None)),
        ("'é'", "'\\u00e9'", "quote(`é`())", (("é",), ("é",), "é")),
        ("'mine'", "iconv('\\u00e9', 'UTF-8', 'latin1')", "NULL", (("é",), ("mine",), None)),
    ],
)
def test_facts_without_r_code(r, classes, message, call, facts):
    handle = _core.evaluate(CONDITION.format(classes, message, call))
    assert _core.condition_facts(handle) == facts


@pytest.mark.parametrize("value", ["NULL", "1", "new.env()", "list(1)", "list(message = list())"])
def test_facts_of_what_is_no_condition(value):
    assert _core.condition_facts(_core.evaluate(value)) == ((), (), None)
    with pytest.raises(TypeError, match="handle is needed"):
        _core.condition_facts(value)


def test_an_error_that_r_cannot_describe_keeps_text_and_class(r, monkeypatch):
    fail = r("function(cond, calls) stop('no description')")
    monkeypatch.setattr("pyclass_bridge.bridge.r_functions.r_function", lambda name: fail)
    with pytest.raises(RError) as caught:
        r("f <- function() stop('the text'); f()")
    error = caught.value
    assert (str(error), error.message) == ("Error in f() : the text", "the text")
    assert error.r_class == ("simpleError", "error", "condition")
    assert conditions._describing.is_running is False


def test_a_method_that_fails_is_told_in_a_note(r):
    r("conditionMessage.simpleError <- function(c) base::stop('no message')")
    try:
        with pytest.raises(RError) as caught:
            r("stop('the text')")
    finally:
        r("rm(conditionMessage.simpleError)")
    assert caught.value.message == "the text"
    notes = "".join(caught.value.__notes__)
    assert "conditionMessage() fails for this error (simpleError): no message" in notes


@pytest.mark.parametrize("room", range(25, 125, 4))
@pytest.mark.parametrize("levels", [0, 2])
def test_any_room_that_r_code_has_left(r, room, levels):
    """Either the error or, where R itself has no room for it, that of the recursion."""
    f = r(
        "function(n) { old <- options(expressions = n); on.exit(options(old)); stop('the text') }"
    )
    with pytest.raises(RError) as caught:
        through(r, levels, lambda: f(room))
    message = caught.value.message
    assert message == "the text" or "infinite recursion" in message
    assert message == "the text" or room < 80
    assert r("getOption('expressions')") == 5000


def test_the_option_is_left_as_it_was(r):
    r("options(expressions = 100)")
    try:
        with pytest.warns(UserWarning, match="careful"):
            r("warning('careful')")
        with pytest.raises(RError, match="the text"):
            r("stop('the text')")
        assert r("getOption('expressions')") == 100
    finally:
        r("options(expressions = 5000)")
