"""R errors and warnings that are pickled: what they say arrives, whatever their conditions hold."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest

import pyclass_bridge
from pyclass_bridge import RError, RParseError, RWarning


def caught(r, code):
    with pytest.raises(RError) as caught:
        r(code)
    return caught.value


def again(error):
    return pickle.loads(pickle.dumps(error))


SAID = ("r_class", "message", "call", "calls", "class_name", "member")
MINE = "structure(class = c('mine', 'error', 'condition'), list(message = 'm', call = NULL{}))"


@pytest.mark.parametrize(
    "code",
    [
        "f <- function() stop('far'); f()",
        f"stop({MINE.format(', size = 3')})",
        f"stop({MINE.format(', file = stdin()')})",
        f"local({{ e <- new.env(); e$file <- stdin(); stop({MINE.format(', e = e')}) }})",
        "(K %py_class% { m <- function() stop('in m') })()$m()",
        "x <- )",
    ],
)
def test_what_an_error_says_arrives(r, code):
    error = caught(r, code)
    there = again(error)
    assert type(there) is type(error) and str(there) == str(error)
    assert [getattr(there, name) for name in SAID] == [getattr(error, name) for name in SAID]
    assert getattr(there, "__notes__", None) == getattr(error, "__notes__", None)


def test_a_condition_that_can_not_travel_is_left_out(r):
    error = caught(
        r,
        f"local({{ e <- new.env(); e$f <- textConnection('a'); stop({MINE.format(', e = e')}) }})",
    )
    assert error.condition is not None and again(error).condition is None


def test_r_has_the_condition_that_arrives(r):
    there = again(caught(r, f"stop({MINE.format(', size = 3')})"))
    catch = r("function(f) tryCatch(f(), mine = function(e) e$size)")

    def raises():
        raise there

    assert catch(raises) == 3.0
    with pytest.raises(RError) as signalled:
        r("function(condition) stop(condition)")(there.condition)
    assert signalled.value is there


def test_the_cause_arrives(r):
    code = f"tryCatch(stop('inner'), error = function(e) stop({MINE.format(', parent = e')}))"
    error = caught(r, code)
    there = again(error)
    assert str(there.__cause__) == str(error.__cause__) and there.__cause__.message == "inner"


def test_a_cause_that_can_not_travel_is_left_out(r):
    error = caught(r, "stop('outer')")
    error.__cause__ = ValueError(lambda: 1)
    assert again(error).__cause__ is None and again(error).message == "outer"


def test_an_error_that_is_handled_meanwhile_does_not_matter(r):
    data = pickle.dumps(caught(r, "stop('first')"))
    with pytest.raises(RError) as second:
        try:
            r("stop('second')")
        except RError:
            assert pickle.loads(data).message == "first"
            raise
    with pytest.raises(RError) as signalled:
        r("function(condition) stop(condition)")(second.value.condition)
    assert signalled.value is second.value


def test_a_parse_error_is_a_syntax_error_there(r):
    there = again(caught(r, "x <- )"))
    assert isinstance(there, RParseError) and isinstance(there, SyntaxError)
    assert there.msg == str(there)


def test_copies(r):
    error = caught(r, "stop('far')")
    for there in (copy.copy(error), copy.deepcopy(error)):
        assert (there.message, there.call, there.calls) == (error.message, error.call, error.calls)


def test_warnings(r):
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        r("f <- function() warning('near'); f()")
    there = again(shown[0].message)
    assert isinstance(there, RWarning) and str(there) == str(shown[0].message)
    assert (there.r_class, there.call) == (shown[0].message.r_class, "f()")


def test_an_exception_of_python_that_went_through_r(r):
    with pytest.raises(ValueError, match="invalid literal") as error:
        pyclass_bridge.r("f <- function() import('builtins')$int('x'); f()")
    there = again(error.value)
    assert type(there) is ValueError and there.r_calls == error.value.r_calls
