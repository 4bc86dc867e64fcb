"""R functions as Python functions, and Python callables as R functions.

Also of: core/proxy.c, core/arguments.c.
"""

from __future__ import annotations

import copy
import functools
import inspect
import pickle

import pytest

import pyclass_bridge
from pyclass_bridge import RError, _core


def signature_of(code: str) -> str:
    return str(inspect.signature(pyclass_bridge.r(code)))


# ---- R functions in Python ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("function() 1", "()"),
        ("function(a, b) a", "(a, b)"),
        (
            "function(a, b = 2, c = 'x', d = NULL, e = TRUE, f = -1L) a",
            "(a, b=2.0, c='x', d=None, e=True, f=-1)",
        ),
        ("function(a, b = a + 1) b", "(a, b=<R: a + 1>)"),
        ("function(x, ...) x", "(x, *args, **kwargs)"),
        ("function(..., sep = ' ') sep", "(*args, sep=' ', **kwargs)"),
        ("function(..., sep) sep", "(*args, sep, **kwargs)"),
        ("function(a = 1, b) b", "(a=1.0, b=<no default>)"),
        (
            "function(na.rm = FALSE, `in` = 1, .x, `_y`, `1z`, lambda) 1",
            "(na_rm=False, in_=1.0, _x=<no default>, _y=<no default>, _1z=<no default>, "
            "lambda_=<no default>)",
        ),
        ("function(args, kwargs, ...) 1", "(args, kwargs, *args_, **kwargs_)"),
        ("function(a = c(1, 2), b = NA) a", "(a=<R: c(1, 2)>, b=<R: NA>)"),
        ("sum", "(*args, na_rm=False, **kwargs)"),
        ("paste", "(*args, sep=' ', collapse=None, recycle0=False, **kwargs)"),
    ],
)
def test_signature(code, expected):
    shown = signature_of(code)
    if "b = NA" in code:
        assert shown.startswith("(a=<R: c(1, 2)>, b=")
    else:
        assert shown == expected


def test_it_is_a_function_with_a_name_and_a_doc(source):
    ns = source(
        """
        area <- function(width, height = width) {
          "The area of a rectangle."
          width * height
        }
        `is.big` <- function(x) x > 10
        """,
        name="shapes.R",
    )
    assert inspect.isfunction(ns.area)
    assert (ns.area.__name__, ns.area.__qualname__) == ("area", "area")
    assert ns.area.__doc__ == "The area of a rectangle."
    assert ns.area.__module__ == "shapes"
    assert ns.area(3) == 9.0
    assert getattr(ns, "is.big")(11) is True


def test_calls(r):
    f = r("function(a, b = 2, ...) list(a = a, b = b, rest = list(...))")
    assert f(1) == {"a": 1, "b": 2.0, "rest": []}
    assert f(1, 3, 4, z="q")["rest"].names == ["", "z"]
    assert f(b="y", a="x") == {"a": "x", "b": "y", "rest": []}
    assert f(1, z=5)["rest"] == {"z": 5}


def test_wrong_calls_are_pythons_own_errors(r):
    f = r("function(a, b = 2) a")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        f()
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        f(1, z=2)
    with pytest.raises(TypeError, match="takes from 1 to 2 positional arguments"):
        f(1, 2, 3)


def test_r_evaluates_defaults_lazily(r):
    assert r("function(a, b = a + 1) { a <- 10; b }")(1) == 11.0
    assert r("function(a, b = stop('never')) a")(1) == 1
    with pytest.raises(RError, match="asked"):
        r("function(a, b = stop('asked')) b")(1)


def test_missing(r):
    f = r("function(a = 1, b = 2) c(missing(a), missing(b))")
    assert f() == [True, True]
    assert f(5) == [False, True]
    assert f(b=5) == [True, False]
    assert f(1, 2) == [False, False]


def test_names_that_python_can_not_write(r):
    f = r("function(na.rm, `if`, ...) list(na.rm, `if`, ...)")
    assert f(na_rm=1, if_=2) == [1, 2]
    assert f(1, 2) == [1, 2]
    assert f(1, if_="x", **{"a b": True})[2] is True


def test_dots_keep_names_as_given(r):
    f = r("function(...) names(list(...))")
    assert f(1, a=2, **{"b.c": 3}) == ["", "a", "b.c"]
    assert r("function(...) nargs()")() == 0
    assert r("function(...) ..2")(1, "two") == "two"


def test_builtins(r):
    assert r("sum")(1, 2.5, 3) == 6.5
    assert r("sum")([1.0, float("nan")], na_rm=True) == 1.0
    assert r("paste")("a", "b", sep="-") == "a-b"
    assert r("length")([1, 2, 3]) == 3
    assert r("names")(r("c(a = 1, b = 2)")) == ["a", "b"]
    assert r("`+`")(1, 2) == 3
    assert r("max")([3, 9, 4]) == 9
    assert r("identity")("x") == "x"


def test_language_arguments_are_not_evaluated(r):
    """A symbol or a call that Python holds is a value, not code."""
    f = r("function(x) class(x)")
    assert f(r("quote(no_such_name)")) == "name"
    assert f(r("quote(stop())")) == "call"


def test_substitute_and_match_arg_work(r):
    assert r("function(kind = c('one', 'two')) match.arg(kind)")() == "one"
    assert r("function(kind = c('one', 'two')) match.arg(kind)")("two") == "two"


def test_the_identical_function_comes_back(r):
    for code in ("function(x) x", "sum", "`if`", "structure(function(x) x, class = 'sched')"):
        value = _core.evaluate(code)
        assert _core.to_r(_core.to_python(value)) == value
        assert _core.to_r(_core.to_python(value)).address == value.address


def test_attributes_of_a_function_survive(r):
    f = r("structure(function(x) x + attr(sys.function(), 'by'), by = 2, class = 'stepper')")
    assert f(1) == 3.0
    assert r("function(f) class(f)")(f) == "stepper"


def test_a_wrapper_is_not_the_function_that_it_wraps(r):
    f = r("function(x) x + 1")

    @functools.wraps(f)
    def doubled(x):
        return 2 * f(x)

    assert doubled(1) == 4.0
    assert r("function(g) g(1)")(doubled) == 4.0
    assert r("function(g) g(1)")(f) == 2.0
    assert _core.to_python(_core.to_r(doubled)) is doubled


def test_partial_and_other_tools(r):
    f = r("function(a, b = 2) a * 10 + b")
    assert functools.partial(f, b=5)(1) == 15.0
    assert r("function(g) g(1)")(functools.partial(f, b=5)) == 15.0
    assert list(map(f, [1, 2])) == [12.0, 22.0]
    assert functools.lru_cache(f)(1) == 12.0
    assert inspect.signature(functools.partial(f, 1)).parameters.keys() == {"b"}
    assert copy.deepcopy(f) is f


def test_a_pickle_is_read_as_the_function_itself_in_its_process(r, source):
    f = r("function(x) x")
    assert pickle.loads(pickle.dumps(f)) is f


def test_an_error_names_the_r_function(r, source):
    ns = source("halve <- function(x) { if (x < 0) stop('x is negative'); x / 2 }")
    with pytest.raises(RError, match="x is negative") as caught:
        ns.halve(-1)
    assert caught.value.call.startswith("halve(")


def test_functions_that_make_functions(r):
    counter = r("function() { n <- 0; function() { n <<- n + 1; n } }")()
    assert [counter(), counter(), counter()] == [1.0, 2.0, 3.0]


def test_recursion_through_both_languages(r):
    def down(n):
        return 0 if n == 0 else 1 + up(n - 1)

    up = r("function(down) function(n) if (n == 0) 0L else 1L + down(n - 1L)")(down)
    assert down(40) == 40
    up = None  # the two hold each other, across the languages


# ---- Python callables in R ---------------------------------------------------------------------


def test_a_python_callable_is_an_r_function(r):
    class Adder:
        """Adds."""

        step = 2

        def __call__(self, x, times=1):
            return x + self.step * times

    adder = Adder()
    facts = r(
        """
        function(f) list(
          is_function = is.function(f), own = class(f)[[length(class(f)) - 1L]], last =
          class(f)[[length(class(f))]], formals = names(formals(f)), step = f$step,
          called = f(1, times = 3L), doc = f$`__doc__`, mapped = sapply(1:2, f)
        )
        """
    )(adder)
    assert facts["is_function"] is True
    assert facts["own"].endswith("Adder") and facts["last"] == "python.builtin.object"
    assert facts["formals"] == "..."
    assert (facts["step"], facts["called"], facts["doc"]) == (2, 7.0, "Adds.")
    assert facts["mapped"] == [3, 4]


def test_builtins_classes_and_methods_are_callables(r):
    assert r("function(f) f(list(1, 2))")(len) == 2
    assert r("function(f) f('12')")(int) == 12
    assert r("function(f) f('a')")("{}!".format) == "a!"
    assert r("function(f) do.call(f, list(3, 4))")(divmod) == [0.0, 3.0]
    assert r("function(f) Reduce(f, 1:4)")(lambda a, b: a + b) == 10


def test_the_same_callable_comes_back(r):
    identity = r("function(x) x")
    for value in (len, int, "a".upper, test_builtins_classes_and_methods_are_callables):
        assert identity(value) == value


def test_an_empty_argument_is_an_error(r):
    with pytest.raises(RError, match="argument 1 of the call is empty"):
        r("function(f) f(, 2)")(print)


def test_a_python_error_goes_through_r_as_itself(r):
    def fail():
        raise KeyError("k")

    with pytest.raises(KeyError):
        r("function(f) f()")(fail)
    caught = r("function(f) tryCatch(f(), python.builtin.KeyError = function(e) class(e)[[1]])")
    assert caught(fail) == "python.builtin.KeyError"


@pytest.mark.parametrize(
    "code",
    [
        "function(x, y) if (missing(y)) 'none' else y",
        "function(x, y) { z <- !missing(y); if (z) y else 'none' }",
        "function(x, ..., y) if (missing(y)) 'none' else y",
    ],
)
def test_an_argument_that_missing_asks_for_may_be_left_out(code):
    function = pyclass_bridge.r(code)
    assert function(1) == "none"
    assert function(1, y="given") == "given"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        function()
