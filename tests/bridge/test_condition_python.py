"""Python's exceptions in R: through R's frames, in its handlers, and when either language fails
while the other one's error is under way.

Of: core/condition.c, core/visit.c, R/bridge_condition.R.
"""

from __future__ import annotations

import traceback

import pytest
from support import crossing
from support.crossing import CALL, raising, through

from pyclass_bridge import RError


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_same_exception_comes_out_with_every_frame(r, levels):
    error = KeyError("k")
    with pytest.raises(KeyError) as caught:
        through(r, levels, raising(error))
    assert caught.value is error
    ours = {__file__, crossing.__file__}
    frames = traceback.extract_tb(error.__traceback__)
    assert [frame.name for frame in frames if frame.filename in ours] == [
        "test_the_same_exception_comes_out_with_every_frame",
        "through",
        *["call_inner"] * levels,
        "fail",
    ]


def test_r_sees_the_classes_of_an_exception(r):
    classes = r("function(f) tryCatch(f(), error = function(e) class(e))")
    assert classes(raising(KeyError("k"))) == [
        "python.builtin.KeyError",
        "python.builtin.LookupError",
        "python.builtin.Exception",
        "python.builtin.BaseException",
        "error",
        "condition",
    ]
    lookup = r("function(f) tryCatch(f(), python.builtin.LookupError = function(e) 'lookup')")
    assert lookup(raising(KeyError("k"))) == "lookup"
    with pytest.raises(ValueError, match="v"):
        lookup(raising(ValueError("v")))


def test_the_exception_in_the_condition_is_the_object(r):
    error = ValueError("v")
    get = r("function(f) tryCatch(f(), error = function(e) e$py_object)")
    assert get(raising(error)) is error
    again = r("function(f) tryCatch(f(), error = function(e) stop(e))")
    with pytest.raises(ValueError, match="v") as caught:
        again(raising(error))
    assert caught.value is error


def test_the_condition_has_the_attributes_of_the_exception(r):
    get = r("function(f) tryCatch(f(), error = function(e) list(e$errno, e$strerror, e$no_such))")
    assert get(raising(OSError(5, "too full"))) == [5, "too full", None]
    both = r("function(f) tryCatch(f(), error = function(e) c(e$message, e$msg))")
    error = SyntaxError("inner")
    assert both(raising(error)) == ["SyntaxError: inner", "inner"]


def test_r_calls_are_noted_in_the_exception(r):
    error = ValueError("v")
    with pytest.raises(ValueError, match="v"):
        r("outer_call <- function(f) f(); function(f) outer_call(f)")(raising(error))
    assert any("outer_call" in call.text for call in error.r_calls)


def test_on_exit_runs(r):
    note = []
    code = "function(f, note) { on.exit(note('left')); f() }"
    with pytest.raises(KeyError):
        r(code)(raising(KeyError("k")), note.append)
    assert note == ["left"]


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, KeyboardInterrupt])
@pytest.mark.parametrize("levels", [1, 2])
def test_exits_pass_r_unseen_by_its_error_handlers(r, kind, levels):
    error = kind(3)
    note = []
    guard = r("function(f, note) tryCatch(f(), error = function(e) 'no', finally = note('end'))")
    with pytest.raises(kind) as caught:
        guard(lambda: through(r, levels, raising(error)), note.append)
    assert caught.value is error
    assert note == ["end"]


def test_r_may_catch_an_exit_by_class(r):
    catch = r("function(f) tryCatch(f(), python.builtin.SystemExit = function(e) 'stays')")
    assert catch(raising(SystemExit(1))) == "stays"
    interrupt = r("function(f) tryCatch(f(), interrupt = function(e) 'stays')")
    assert interrupt(raising(KeyboardInterrupt())) == "stays"


def test_a_new_exception_from_an_r_error_wins(r):
    outer = r("function(f) tryCatch(f(), python.builtin.ValueError = function(e) 'value')")

    def work():
        try:
            r("stop('x')")
        except RError as error:
            raise ValueError("other") from error

    assert outer(work) == "value"
    with pytest.raises(ValueError, match="other") as caught:
        r(CALL)(work)
    assert caught.value.__cause__.message == "x"


def test_an_exception_with_slots_or_a_broken_text(r):
    class Broken(Exception):
        def __str__(self):
            raise TypeError("no text")

    with pytest.raises(Broken):
        r(CALL)(raising(Broken()))
    message = r("function(f) tryCatch(f(), error = function(e) conditionMessage(e))")
    assert isinstance(message(raising(Broken())), str)


def test_on_exit_that_fails_replaces_the_error(r):
    with pytest.raises(RError, match="second"):
        r("f <- function() { on.exit(stop('second')); stop('first') }; f()")
    with pytest.raises(RError, match="second"):
        r("function(f) { on.exit(stop('second')); f() }")(raising(KeyError("k")))
    with pytest.raises(RError, match="second"):
        r("function(f) { on.exit(stop('second')); f() }")(lambda: r("stop('first')"))


def test_finally_that_fails_replaces_the_error(r):
    with pytest.raises(RError, match="second"):
        r("tryCatch(stop('first'), finally = stop('second'))")
    outer = r("function(f) tryCatch(f(), error = function(e) conditionMessage(e))")

    def work():
        try:
            r("stop('first')")
        finally:
            r("stop('second')")

    assert outer(work) == "second"


def test_an_error_in_an_r_finalizer_is_no_ones(r, capfd):
    r("local({ e <- new.env(); reg.finalizer(e, function(x) stop('in finalizer')) })")
    r("invisible(gc())")
    assert r("1") == 1.0


def test_errors_while_converting(r):
    length = r("function(f) f(1, list(1, 'a'), 2)")
    assert length(lambda *args: len(args)) == 3
    r("r_to_py.cannot <- function(x, convert = FALSE) stop('cannot be converted')")
    cannot = "structure(list(1), class = 'cannot')"
    with pytest.raises(RError, match="cannot be converted"):
        r(f"function(f) f(1, {cannot}, 3, a = 4)")(lambda *args, **named: 1)
    with pytest.raises(RError, match="cannot be converted"):
        r(f"function() {cannot}")()
    assert (
        r(f"function(f) tryCatch(f({cannot}), error = function(e) 'caught')")(lambda x: x)
        == "caught"
    )

    class Odd:
        @property
        def bad(self):
            raise ValueError("computed")

    with pytest.raises(ValueError, match="computed"):
        r("function(o) o$bad")(Odd())
    loop = []
    loop.append(loop)
    with pytest.raises(RecursionError, match="holds itself"):
        r("function(x) x")(loop)


def test_empty_arguments_are_errors(r):
    with pytest.raises((RError, TypeError), match=r"empty|missing"):
        r("function(f) f(, 2)")(lambda *args: 1)


def test_a_call_that_has_the_function_in_the_place_of_its_name(r):
    code = "do.call(import('json')$dumps, list(1, skpkeys = 3))"
    said = r(f"tryCatch({code}, error = conditionMessage)")
    assert said == "TypeError: function() has no argument `skpkeys`; did you mean `skipkeys`?"
