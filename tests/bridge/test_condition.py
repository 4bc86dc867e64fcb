"""R's conditions in Python: errors through frames of both languages, full stacks, warnings.

Also of: core/condition.c.
"""

from __future__ import annotations

import contextlib
import pickle
import sys
import threading
import warnings

import pytest
from support.crossing import CALL, MINE, raising, through
from support.subprocesses import output_of

import pyclass_bridge
from pyclass_bridge import RError, RWarning, _core

# ---- R errors in Python ------------------------------------------------------------------------


def test_an_r_error_says_class_message_and_call(r):
    with pytest.raises(RError) as caught:
        r("f <- function(x) stop('no ', x); f(3)")
    error = caught.value
    assert str(error) == "Error in f(3) : no 3"
    assert error.message == "no 3"
    assert error.call == "f(3)"
    assert error.r_class == ("simpleError", "error", "condition")
    assert isinstance(error, RuntimeError)


def test_calls_have_file_and_line(source, tmp_path):
    path = tmp_path / "calls.R"
    path.write_text(
        "inner <- function(x) {\n  stop('deep')\n}\nouter <- function() {\n  inner(1)\n}"
    )
    ns = pyclass_bridge.source(path)
    with pytest.raises(RError, match="deep") as caught:
        ns.outer()
    places = {call.text: (call.file, call.line) for call in caught.value.calls}
    file, line = places["inner(1)"]
    assert file.endswith("calls.R")
    assert line == 5
    assert [call.text for call in caught.value.calls][-1] == 'stop("deep")'
    assert str(caught.value.calls[1]).endswith("calls.R:5")


def test_a_condition_without_a_call_or_with_fields(r):
    with pytest.raises(RError) as caught:
        r(
            "stop(structure(class = c('http', 'error', 'condition'), "
            "list(message = 'm', code = 404)))"
        )
    assert str(caught.value) == "Error: m"
    assert caught.value.call is None
    assert caught.value.condition["code"] == 404.0


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_an_r_error_crosses_frames_as_one_object(r, levels):
    seen = []

    def work():
        try:
            r("stop('x')")
        except RError as error:
            seen.append(error)
            raise

    with pytest.raises(RError, match="x") as caught:
        through(r, levels, work)
    assert caught.value is seen[0]


def test_python_between_may_catch_before_r_further_out(r):
    outer = r("function(f) tryCatch(f(), error = function(e) 'outer')")
    inner = r(CALL)

    def middle():
        try:
            return inner(lambda: r("stop('deep')"))
        except RError as error:
            return f"middle: {error.message}"

    assert outer(middle) == "middle: deep"


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_r_classes_survive_python_frames(r, levels):
    outer = r("function(f) tryCatch(f(), mine = function(e) c('caught', class(e)))")
    work = lambda: through(r, levels, lambda: r(f"stop({MINE})"))  # noqa: E731
    assert outer(work) == ["caught", "mine", *AS_PYTHON, "error", "condition"]


# The classes that R's own conditions get when they come out of Python's frames.
AS_PYTHON = [f"python.builtin.{kind}" for kind in ("RuntimeError", "Exception", "BaseException")]


@pytest.mark.parametrize("kind", AS_PYTHON)
@pytest.mark.parametrize("levels", [0, 1, 2])
@pytest.mark.parametrize("signal", [f"stop({MINE})", "stop('m')", "log('m')"])
def test_an_r_error_out_of_python_is_a_runtime_error_for_r(r, signal, levels, kind):
    outer = r(f"function(f) tryCatch(f(), {kind} = function(e) conditionMessage(e))")
    seen = []

    def work():
        try:
            r(signal)
        except RError as error:
            seen.append(error)
            raise

    message = "non-numeric argument to mathematical function" if "log" in signal else "m"
    assert outer(lambda: through(r, levels, work)) == message
    with pytest.raises(RError) as caught:
        r("function(f) tryCatch(f(), error = function(e) stop(e))")(
            lambda: through(r, levels, work)
        )
    assert caught.value is seen[1]
    assert not set(AS_PYTHON) & set(caught.value.r_class)


def test_an_r_error_that_stays_in_r_is_none_of_pythons(r):
    with pytest.raises(RError, match="x"):
        r("tryCatch(stop('x'), python.builtin.RuntimeError = function(e) 'python')")


@pytest.mark.parametrize("levels", [0, 1])
def test_the_last_error_is_the_r_error_that_python_passed_on(r, levels):
    outer = r("function(f) { py_clear_last_error(); try(f(), silent = TRUE); py_last_error() }")
    last = outer(lambda: through(r, levels, lambda: r(f"g <- function() stop({MINE}); g()")))
    assert (last["type"], last["value"]) == ("RError", "Error: m")
    assert last["r_class"] == ["mine", "error", "condition"]
    assert "g()" in last["r_trace"]
    assert "test_condition.py" in last["traceback"]

    def handled():
        with contextlib.suppress(RError):
            r("stop('handled')")

    assert outer(handled) is None


def test_finally_runs_while_r_jumps_through(r):
    order = []
    outer = r("function(f) tryCatch(f(), error = function(e) 'caught')")

    def work():
        try:
            r("stop('x')")
        finally:
            order.append("finally")

    assert outer(work) == "caught"
    assert order == ["finally"]


def test_calling_handlers_of_outer_r_run_at_the_error(r):
    seen = []
    outer = r(
        """
        function(f, note) tryCatch(
          withCallingHandlers(f(), error = function(e) note(conditionMessage(e))),
          error = function(e) 'end'
        )
        """
    )
    answer = r("function() 42")

    def note(text):
        seen.append((text, answer()))

    def work():
        try:
            r("stop('now')")
        except RError as error:
            assert seen == [("now", 42.0)]
            assert error.message == "now"
            raise

    assert outer(work, note) == "end"
    assert seen == [("now", 42.0)]


def test_a_restart_across_python_frames(r):
    """The frames between are unwound, and no `except Exception` takes the jump for an error."""
    left = []
    outer = r(
        """
        function(f) withRestarts(
          withCallingHandlers(f(), error = function(e) invokeRestart('use', 7)),
          use = function(x) x + 1
        )
        """
    )

    def work():
        try:
            return r("invokeRestart('use', 6)")
        except Exception:
            left.append("except")
        finally:
            left.append("finally")

    assert outer(work) == 7.0
    assert left == ["finally"]
    assert outer(lambda: r("stop('x')")) == 8.0


@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize("levels", [1, 2, 4])
def test_an_abort_is_one_exception(r, levels, in_thread):
    seen = []

    def work():
        try:
            r("{ try(stop('before'), silent = TRUE); invokeRestart('abort') }")
        except Exception as error:
            seen.append(error)
            raise

    def run():
        with pytest.raises(RError, match="R code was aborted without an error") as caught:
            through(r, levels, work)
        seen.append(caught.value)

    def run_in_a_thread():
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    if in_thread:
        r(CALL)(run_in_a_thread)  # so its entries are above another thread's
    else:
        run()
    assert len(seen) == 2
    assert seen[0] is seen[1]
    assert r("1") == 1.0


def test_python_may_handle_an_abort(r):
    def work():
        with contextlib.suppress(RuntimeError):
            r("invokeRestart('abort')")
        return "went on"

    assert r("function(f) c(f(), 'in R')")(work) == ["went on", "in R"]


def test_an_abort_runs_on_exit_and_passes_r_handlers(r):
    left = []
    outer = r(
        "function(f, note) { on.exit(note('exit')); tryCatch(f(), error = function(e) 'error') }"
    )
    with pytest.raises(RError, match="aborted"):
        outer(lambda: r("invokeRestart('abort')"), left.append)
    assert left == ["exit"]


def test_a_restart_of_the_same_name_is_no_abort(r):
    left = []
    outer = r("function(f) withRestarts(f(), abort = function() 'own')")

    def work():
        try:
            return r("invokeRestart('abort')")
        except Exception:
            left.append("except")

    assert outer(work) == "own"
    assert left == []


def test_a_restart_inside_the_same_entry(r):
    outer = r("function(f) withCallingHandlers(f(), error = function(e) invokeRestart('skip'))")
    code = "withRestarts({ stop('x'); 1 }, skip = function() 'skipped')"
    assert outer(lambda: r(code)) == "skipped"
    assert outer(lambda: through(r, 1, lambda: r(code))) == "skipped"


def test_return_from_an_outer_function(r):
    """R code that Python called may return from an R function further out (callCC, return())."""
    outer = r("function(f) callCC(function(leave) { f(leave); 'not reached' })")
    assert outer(lambda leave: leave("early")) == "early"


def test_an_error_kept_by_python_may_be_raised_later(r):
    kept = []

    def keep():
        try:
            r("stop('kept')")
        except RError as error:
            kept.append(error)

    def again():
        raise kept[0]

    outer = r(
        """
        function(keep, again) {
          tryCatch(keep(), error = function(e) 'no')
          tryCatch(again(), error = function(e) conditionMessage(e))
        }
        """
    )
    assert outer(keep, again) == "kept"
    with pytest.raises(RError, match="kept") as caught:
        r(CALL)(again)
    assert caught.value is kept[0]


def test_errors_remade_from_text_keep_the_condition(r):
    """As Keras does: a new exception of the same type, with a longer text."""
    outer = r("function(f) tryCatch(f(), mine = function(e) paste('mine:', conditionMessage(e)))")

    def remake():
        try:
            r(f"stop({MINE})")
        except RError as error:
            raise type(error)(f"Exception encountered. {error}") from None

    with pytest.raises(RError, match=r"^Exception encountered\. Error: m$") as caught:
        remake()
    assert caught.value.r_class[0] == "mine"
    assert outer(remake) == "mine: m"
    with pytest.raises(RError, match="Exception encountered") as caught:
        through(r, 2, remake)


def test_an_error_in_a_keras_layer_is_catchable_by_class(r, keras):
    class Failing(keras.layers.Layer):
        def call(self, x):
            return r(f"stop({MINE})")

    model = keras.Sequential([Failing()])
    outer = r("function(f) tryCatch(f(), mine = function(e) 'caught')")
    assert outer(lambda: model(keras.ops.ones((1, 1)))) == "caught"


def test_errors_are_pickled(r):
    with pytest.raises(RError) as caught:
        r(CALL)(lambda: r("f <- function() stop('far'); f()"))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.call, again.calls) == (
        str(caught.value),
        caught.value.call,
        caught.value.calls,
    )


def test_a_condition_that_cannot_be_described(r):
    code = "stop(structure(class = c('broken', 'error', 'condition'), list(message = 1i)))"
    with pytest.raises(RError):
        r(f"conditionMessage.broken <- function(c) stop('no message'); {code}")
    with pytest.raises(RError):
        r("stop(structure(class = c('error', 'condition'), list()))")
    assert r("1") == 1.0


# ---- full stacks -------------------------------------------------------------------------------


def test_endless_recursion_in_r(r):
    with pytest.raises(RError, match=r"C stack usage|infinite recursion|too deeply"):
        r("f <- function(n) f(n + 1); f(1)")
    again = "tryCatch((function(n) sys.function()(n))(1), error = function(e) 'caught')"
    assert r(again) == "caught"
    with pytest.raises(RError):
        r(
            """
            local({
              old <- options(expressions = 100)
              on.exit(options(old))
              g <- function(n) g(n + 1)
              g(1)
            })
            """
        )
    assert r("getOption('expressions')") == 5000


def test_endless_recursion_without_an_error_option(r):
    """R ends a session that is not interactive when nothing handles its error."""
    try:
        with pytest.raises(RError):
            r("options(error = NULL); f <- function(n) f(n + 1); f(1)")
    finally:
        r("options(error = expression(NULL))")


def test_endless_recursion_through_both_languages(r):
    limit = sys.getrecursionlimit()
    there = r("function(f) function(n) f(n + 1)")(lambda n: there(n))
    for size in (limit, 100_000):
        sys.setrecursionlimit(size)
        try:
            with pytest.raises((RError, RecursionError)):
                there(1)
        finally:
            sys.setrecursionlimit(limit)
        assert r("1") == 1.0


AT_THE_END_OF_PYTHONS_STACK = """
import pyclass_bridge

def at(frames, function):
    return function() if frames == 0 else at(frames - 1, function)

make = pyclass_bridge.r(
    "function(f) function() tryCatch(f(), error = function(e) paste(class(e), collapse = ' '))"
)
limit = sys.getrecursionlimit()
for frames in range(98):
    class Own(Exception):
        pass

    def fail():
        raise Own

    catch = make(fail)
    sys.setrecursionlimit(100)
    try:
        said = at(frames, catch)
    finally:
        sys.setrecursionlimit(limit)
    print(said)
"""


def test_an_exception_at_the_end_of_pythons_stack_is_an_error_in_r():
    """Also where too little of the stack is left to tell R the exception's class."""
    *most, last = output_of(AT_THE_END_OF_PYTHONS_STACK, timeout=300).splitlines()
    assert {said.split()[0] for said in most[:50]} == {"__main__.Own"}
    assert "Own" not in last
    assert all(said.endswith("error condition") for said in [*most, last])


# ---- warnings ----------------------------------------------------------------------------------


def test_a_warning_reaches_python_before_the_call_returns(r):
    with pytest.warns(RWarning, match="careful") as caught:
        r("f <- function() { warning('careful'); 5 }; f()")
    warning = caught[0].message
    assert str(warning) == "In f() : careful"
    assert warning.call == "f()"
    assert warning.r_class == ("simpleWarning", "warning", "condition")
    assert caught[0].filename == __file__


def test_warnings_of_rs_own_code(r):
    with pytest.warns(RWarning, match="NAs introduced by coercion"):
        r("as.integer('x')")


def test_warnings_as_errors_in_python(r):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RWarning)
        with pytest.raises(RWarning, match="careful"):
            r("warning('careful'); 5")
        with pytest.raises(RWarning, match="careful"):
            through(r, 2, lambda: r("warning('careful'); 5"))
        catch = r("function(f) tryCatch(f(), warning = function(w) 'a warning in R')")
        assert catch(lambda: r("warning('careful')")) == "a warning in R"


def test_warn_option(r):
    try:
        with pytest.raises(RError, match=r"\(converted from warning\) careful"):
            r("options(warn = 2); warning('careful')")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert r("options(warn = -1); warning('silent'); 1") == 1.0
    finally:
        r("options(warn = 0)")


def test_outer_r_code_may_take_a_warning(r):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet = r("function(f) suppressWarnings(f())")
        assert quiet(lambda: r("warning('w'); 1")) == 1.0
        caught = r("function(f) tryCatch(f(), warning = function(w) conditionMessage(w))")
        assert caught(lambda: r("warning('w'); 1")) == "w"


def test_a_python_warning_under_r(r):
    def warn():
        warnings.warn("from Python", UserWarning, stacklevel=1)
        return 1

    with pytest.warns(UserWarning, match="from Python"):
        assert r(CALL)(warn) == 1


def test_nothing_is_left_after_many_errors(r):
    catch = r("function(f) tryCatch(f(), error = function(e) NULL)")

    def many():
        for _ in range(100):
            catch(lambda: r("stop('x')"))
            catch(raising(KeyError("k")))
            with pytest.raises(RError):
                r(CALL)(lambda: r("stop('x')"))
        r("invisible(gc())")
        r("NULL")
        return _core.counters()

    many()
    before, after = many(), many()
    assert after["handles"] - before["handles"] < 20
    assert after["proxies"] - before["proxies"] < 20
