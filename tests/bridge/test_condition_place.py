"""Where R's warnings and errors are said to be, and errors that are only signalled.

Of: bridge/condition.py, R/bridge_condition.R, R/bridge_calls.R.
"""

from __future__ import annotations

import traceback
import warnings

import pytest

from pyclass_bridge import RError, RWarning
from pyclass_bridge.bridge import condition
from pyclass_bridge.bridge.condition import RCall

CODE = """
careful <- function(x) {
  warning("careful")
  x
}
fails <- function(x) stop("no")
outer <- function(x) {
  fails(x)
}
"""


def test_a_warning_stands_at_its_line_of_the_r_file(source, tmp_path):
    ns = source(CODE, "places.R")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ns.careful(1)
        ns.careful(2)
    assert [(w.filename, w.lineno) for w in caught] == [(str(tmp_path / "places.R"), 3)] * 2
    assert caught[0].category is RWarning


def test_pythons_filters_hold(source):
    ns = source(CODE, "filters.R")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        ns.careful(1)
        ns.careful(1)
    assert len(caught) == 1


def test_equal_warnings_in_the_same_line_of_two_files_are_two(source, tmp_path):
    first, second = source(CODE, "first.R"), source(CODE, "second.R")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        first.careful(1)
        second.careful(1)
    assert [w.filename for w in caught] == [str(tmp_path / f"{n}.R") for n in ("first", "second")]


def test_a_traceback_shows_the_r_calls(source, tmp_path):
    ns = source(CODE, "calls.R")
    with pytest.raises(RError) as caught:
        ns.outer(1)
    shown = "".join(traceback.format_exception(caught.value))
    file = tmp_path / "calls.R"
    assert f'R calls, innermost first:\n  stop("no")  at {file}:6\n' in shown
    assert f"  fails(x)  at {file}:8\n" in shown


@pytest.mark.parametrize(
    ("code", "line", "text"),
    [
        ("a <- 1\n\nunknown\n", 3, "unknown"),
        ("a <- 1\nUnknown('x',\n a)\n", 2, "Unknown('x', a)"),
        ("b$c <- 1\n", 1, "b$c <- 1"),
        ("'a' + 1\n", 1, "'a' + 1"),
        ("f <- function(x) {\n  x\n  y + 1\n}\nf(1)\n", 3, "y + 1"),
        ("stop('no')\n", 1, 'stop("no")'),
        ("f <- function() {\n  stop('no')\n}\nf()\n", 2, 'stop("no")'),
    ],
)
def test_an_error_names_the_innermost_line(source, tmp_path, code, line, text):
    """Of what R itself refuses, there is no call at the place."""
    with pytest.raises(RError) as caught:
        source(code, "lines.R")
    last = caught.value.calls[-1]
    assert (last.text, last.file, last.line) == (text, str(tmp_path / "lines.R"), line)
    shown = "".join(traceback.format_exception(caught.value))
    assert f"innermost first:\n  {text}  at {tmp_path / 'lines.R'}:{line}\n" in shown


def test_an_error_of_r_itself_has_no_line_of_an_earlier_one(r, source):
    with pytest.raises(RError):
        source("unknown\n")
    with pytest.raises(RError) as caught:
        r("sum")("a")
    assert caught.value.calls == []


def test_a_python_exception_names_the_line_of_the_r_file(source, tmp_path):
    with pytest.raises(AttributeError) as caught:
        source("a <- 1\nA(import('math')$nothing) %py_class% { x <- 1 }\n", "python.R")
    shown = "".join(traceback.format_exception(caught.value))
    assert f"at {tmp_path / 'python.R'}:2\n" in shown


def test_the_calls_of_a_traceback_have_the_innermost_in_a_file():
    calls = [RCall(f"f{i}()") for i in range(14)]
    calls[2] = RCall("in_file()", "a.R", 3)
    shown = condition._calls_text(calls).splitlines()
    assert shown[0] == condition.CALLS_TITLE and shown[1:9] == [f"  f{13 - i}()" for i in range(8)]
    assert shown[9:] == ["  ... 3 more", "  in_file()  at a.R:3", "  ... 2 more"]


def test_an_error_that_is_only_signalled_goes_on(r):
    assert r("signalCondition(simpleError('x')); 5") == 5.0
    caught = r("tryCatch(signalCondition(simpleError('x')), error = function(e) 'caught')")
    assert caught == "caught"


def test_a_condition_that_is_kept_keeps_its_call(r):
    keep = r(
        "local({ kept <- NULL; list(run = function(x) withCallingHandlers("
        " careful(x), warning = function(w) { kept <<- w; invokeRestart('muffleWarning') }),"
        " careful = careful <- function(x) warning('w'),"
        " call = function() deparse(conditionCall(kept))) })"
    )
    keep["run"](42)
    assert keep["call"]() == "careful(x)"
    direct = r(
        "local({ kept <- NULL; list(f = function(x) { kept <<- sys.call(); x },"
        " call = function() length(kept)) })"
    )
    direct["f"](42)
    assert direct["call"]() == 2


def test_the_call_of_an_error_is_the_users(r):
    pytest.importorskip("keras")
    message = "function(code) tryCatch(code(), error = function(e) deparse(conditionCall(e))[1])"
    call_of = r(message)
    assert call_of(r("function() as.numeric(py_eval('object()'))")).startswith("as.double(")
    assert call_of(r("function() layer_dense(units = 'a')")) == 'layer_dense(units = "a")'


def test_summary_follows_sink(r):
    pytest.importorskip("keras")
    lines = r(
        "local({ m <- keras_model_sequential(input_shape = 4) |> layer_dense(1);"
        " capture.output(summary(m)) })"
    )
    assert any("Total params" in line for line in lines)
