"""The Python signature of R methods, and what R makes of the arguments.

Also of: R/bridge_formals.R.
"""

from __future__ import annotations

import functools
import inspect
import keyword
import unicodedata

import pytest

from pyclass_bridge.bridge.signature import Formal, Parameters, RCode, python_name, trampoline

SIGNATURES = [
    ("function() 1", "(self)"),
    ("function(a) 1", "(self, a)"),
    (
        "function(a, b = 2, c = 'x', d = NULL, e = TRUE, f = 3L, g = -1.5) 1",
        "(self, a, b=2.0, c='x', d=None, e=True, f=3, g=-1.5)",
    ),
    ("function(a, b = a + 1) 1", "(self, a, b=<R: a + 1>)"),
    ("function(a, ...) 1", "(self, a, *args, **kwargs)"),
    ("function(..., key) 1", "(self, *args, key, **kwargs)"),
    (
        "function(a, ..., key = 'k', na.rm = FALSE) 1",
        "(self, a, *args, key='k', na_rm=False, **kwargs)",
    ),
    ("function(self, a) 1", "(self, a)"),
    ("function(args, kwargs, ...) 1", "(self, args, kwargs, *args_, **kwargs_)"),
    ("function(x, self = 1) 1", "(self_, x, self=1.0)"),
    ("function(lambda, x.y, .hidden) 1", "(self, lambda_, x_y, _hidden)"),
    ("function(x = c('one', 'two')) 1", "(self, x=<R: c('one', 'two')>)"),
]


@pytest.mark.parametrize(("code", "expected"), SIGNATURES)
def test_signature_of_a_method(define, code, expected):
    cls = define(f"A %py_class% {{ m <- {code} }}; A")
    shown = str(inspect.signature(cls.m)).replace('"', "'")
    assert shown == expected
    assert str(inspect.signature(cls().m)).replace('"', "'") == expected.replace(
        "self_, ", ""
    ).replace("(self, ", "(").replace("(self)", "()")


def test_it_is_a_python_function(define):
    cls = define("A %py_class% { m <- function(a, b = 2) { 'Doc.'; a + b } }; A")
    assert inspect.isfunction(cls.m) and inspect.ismethod(cls().m)
    assert (cls.m.__name__, cls.m.__qualname__, cls.m.__module__) == ("m", "A.m", "r_globalenv")
    assert cls.m.__doc__ == "Doc." and cls.m.__defaults__ == (2.0,)
    assert cls.m.__code__.co_varnames[:3] == ("self", "a", "b")
    assert inspect.getfullargspec(cls.m).args == ["self", "a", "b"]
    assert not hasattr(cls.m, "__signature__")


def test_the_class_has_the_signature_of_initialize(define):
    cls = define("A %py_class% { initialize <- function(x, scale = 2, ...) NULL }; A")
    assert str(inspect.signature(cls)) == "(x, scale=2.0, *args, **kwargs)"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        cls()


def test_defaults_are_evaluated_lazily_in_r(define):
    a = define(
        """
        a <- 1000
        A %py_class% {
          n <- 7
          m <- function(a, b = a + 1) { a <- a * 10; b }
          from_self <- function(x = self$n) x
          from_private <- function(x = private$k) x
          from_super <- function(x = super$`__repr__`()) is.character(x)
          never <- function(x = stop("evaluated")) 1
          later <- function(x = y) { y <- 5; x }
          from_class <- function(x = A$n) x
          private$k <- 3
        }
        A()
        """
    )
    for _ in range(4):
        assert a.m(1) == 11.0 and a.m(1, 2) == 2.0 and a.m(1, b=3) == 3.0
    assert (a.from_self(), a.from_private(), a.from_super()) == (7.0, 3.0, True)
    assert (a.never(), a.later(), a.from_class()) == (1.0, 5.0, 7.0)


def test_missing_in_methods(define):
    a = define(
        "A %py_class% { m <- function(x, y = 2, z = NULL) c(missing(x), missing(y), missing(z)) };"
        " A()"
    )
    assert a.m(1) == [False, True, True]
    assert a.m(1, 5, "z") == [False, False, False]
    assert a.m(1, z=0) == [False, True, False]
    b = define("B %py_class% { m <- function(x = 1, y) if (missing(y)) 'none' else y }; B()")
    assert b.m() == "none" and b.m(y=3) == 3 and b.m(1, 2) == 2


def test_dots_are_positional_and_keyword(define):
    a = define(
        """
        A %py_class% {
          m <- function(a, ..., key = "k") {
            list(a, key, ...length(), paste(names(list(...)), collapse = "|"))
          }
          on <- function(...) self$m(...)
          to_r <- function(...) paste(..., sep = "-")
          second <- function(...) ..2
          count <- function(...) nargs()
        }
        A()
        """
    )
    assert a.m(1) == [1, "k", 0, ""]
    assert a.m(1, 2, 3, x=4, key="K") == [1, "K", 3, "||x"]
    assert a.on(1, 2, x=3) == [1, "k", 2, "|x"]
    assert a.to_r("a", "b") == "a-b"
    assert a.second(1, "two") == "two" and a.count(1, 2, x=3) == 3
    assert a.m(**{"a": 1, "with space": 2}) == [1, "k", 1, "with space"]


def test_keyword_only_after_dots(define):
    a = define("A %py_class% { m <- function(..., key) key }; A()")
    assert a.m(key=3) == 3
    with pytest.raises(TypeError, match="keyword-only argument: 'key'"):
        a.m(1)


def test_an_argument_of_which_r_asks_missing_may_be_left_out(define):
    code = """
        A %py_class% {
          m <- function(..., key) if (missing(key)) 'none' else key
          n <- function(x, y, z) c(missing(y), missing(z))
        }
        A()
    """
    a = define(code)
    assert (a.m(1), a.m(key=3)) == ("none", 3)
    assert (a.n(1), a.n(1, 2), a.n(1, z=2)) == ([True, True], [False, True], [True, False])
    with pytest.raises(TypeError, match="required positional argument: 'x'"):
        a.n()


def test_names_with_dots_both_ways(define):
    a = define(
        """
        A %py_class% {
          m <- function(x, na.rm = FALSE, `if` = 1) list(x, na.rm, `if`)
          from_r <- function() self$m(1, na_rm = TRUE, if_ = 2)
        }
        A()
        """
    )
    assert a.m(1, na_rm=True) == [1, True, 1.0]
    assert a.m(1, True, if_=3) == [1, True, 3]
    assert a.from_r() == [1.0, True, 2.0]


def test_equal_defaults_are_left_to_r_or_are_equal(define):
    """A caller that passes the default itself, as functools.wraps and Keras do, changes nothing."""
    a = define("A %py_class% { m <- function(x = 2, y = x + 1) list(x, y) }; A()")
    bound = inspect.signature(a.m).bind()
    bound.apply_defaults()
    assert a.m(*bound.args, **bound.kwargs) == [2.0, 3.0]

    @functools.wraps(a.m)
    def wrapped(*args, **kwargs):
        return a.m(*args, **kwargs)

    assert wrapped() == [2.0, 3.0] and wrapped(5) == [5, 6.0]
    assert str(inspect.signature(wrapped)) == "(x=2.0, y=<R: x + 1>)"


def test_a_keras_layer_with_build_and_call(define, keras):
    import numpy as np

    layer = define(
        """
        Scale <- Layer("Scale",
          initialize = function(units = 2L, ...) { super$initialize(...); self$units <- units },
          build = function(input_shape) {
            self$w <- self$add_weight(shape = shape(input_shape[[2]], self$units),
                                      initializer = "ones", name = "w")
          },
          call = function(inputs, training = FALSE) {
            out <- keras$ops$matmul(inputs, self$w)
            if (isTRUE(training)) out * 0 else out
          },
          get_config = function() modifyList(super$get_config(), list(units = self$units)))
        Scale
        """
    )
    made = layer(units=3, name="scale")
    out = made(np.ones((4, 5), "float32"))
    assert out.shape == (4, 3) and float(out[0, 0]) == 5.0
    assert float(made(np.ones((4, 5), "float32"), training=True)[0, 0]) == 0.0
    assert made.get_config()["units"] == 3 and made.name == "scale"
    model = keras.Sequential([keras.layers.Input((5,)), layer(units=1)])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(np.ones((8, 5)), np.ones((8, 1)), epochs=1, verbose=0)
    assert model.count_params() == 5
    again = layer.from_config(made.get_config())
    assert type(again) is layer and again.units == 3


# ---- without R ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("r_name", "expected"),
    [
        ("na.rm", "na_rm"),
        ("in", "in_"),
        ("1st", "_1st"),
        (".x", "_x"),
        ("a b", "a_b"),
        ("é", "é"),
        ("..1", "__1"),
        ("`", "_"),
        ("", "_"),
        (" ", "_"),
        ("x²", "x2"),
        ("x₁", "x1"),
        ("²", "_2"),
        ("½", "_1_2"),
        ("ﬁt", "fit"),
        ("\uff58", "x"),
        ("µ", "μ"),
        ("e\u0301", "é"),
        ("\u0301x", "_\u0301x"),
        ("\xb4a", "_\u0301a"),
        ("имя", "имя"),
        ("変数", "変数"),
        ("ตัวแปร", "ตัวแปร"),
        ("🙂", "_"),
        ("a-b+c", "a_b_c"),
        ("None", "None_"),
        ("lambda", "lambda_"),
        ("\uff49\uff46", "if_"),
        ("match", "match"),
        ("type", "type"),
        ("_", "_"),
        ("__debug__", "__debug___"),
        ("__r_call", "__r_call_"),
        (".f", "_f"),
    ],
)
def test_python_name(r, r_name, expected):
    assert python_name(r_name) == expected
    assert r("pyclassbridge:::python_name")(r_name) == (expected if r_name else "")


def test_every_character_gives_a_name_that_python_can_write():
    for code in [*range(1, 0xD800), *range(0xE000, 0x30000, 7)]:
        for r_name in (chr(code), f"a{chr(code)}"):
            name = python_name(r_name)
            assert name.isidentifier() and unicodedata.is_normalized("NFKC", name)
            assert not keyword.iskeyword(name) and python_name(name) == name


FOLDED = [
    (["x.y", "x_y"], "(x_y_, x_y)"),
    (["x_y", "x.y", "x-y"], "(x_y, x_y_, x_y__)"),
    (["x²", "x2"], "(x2_, x2)"),
    (["🙂", "🙃"], "(_, __)"),
    (["ﬁ", "fi", "\uff46i"], "(fi_, fi, fi__)"),
    (["self", "args", "...", "kwargs"], "(self, args, *args_, kwargs, **kwargs_)"),
    ([".f", "f", "__r_call", "Exception"], "(_f, f, __r_call_, Exception)"),
]


@pytest.mark.parametrize(("names", "signature"), FOLDED)
def test_names_that_fold_into_one_stay_apart(r, names, signature):
    formals = ", ".join("..." if name == "..." else f"`{name}`" for name in names)
    plain = [name for name in names if name != "..."]
    body = "list({})".format(", ".join(f"`{name}`" for name in plain))
    function = r(f"function({formals}) {body}")
    assert str(inspect.signature(function)) == signature
    given = {
        parameter.name: value
        for value, parameter in enumerate(
            p for p in inspect.signature(function).parameters.values() if p.kind not in (2, 4)
        )
    }
    assert function(**given) == list(range(len(plain)))


def test_r_gives_arguments_by_its_own_names_when_they_fold_into_one(define):
    a = define(
        """
        A %py_class% { m <- function(x.y, ...) c(x.y, paste(names(list(...)))) }
        A()
        """
    )
    fold = define("function(o) o$m(x.y = 1, a.b = 2)")
    assert fold(a) == ["1", "a.b"]


def test_r_gives_an_argument_by_a_name_that_is_the_same_in_python(define):
    a = define("A %py_class% { m <- function(x_y, z = 1) c(x_y, z) }; A()")
    assert define("function(o) o$m(x.y = 2, z = 3)")(a) == [2, 3]
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'x\.z'"):
        define("function(o) o$m(x.z = 2)")(a)


def test_the_factory_gives_odd_names_to_initialize(define):
    a = define(
        """
        A %py_class% { initialize <- function(`x²`, .f, `if` = 3) self$all <- c(`x²`, .f, `if`) }
        A(`x²` = 1, .f = 2, `if` = 5)
        """
    )
    assert list(a.all) == [1.0, 2.0, 5.0]


def test_trampoline_calls_with_what_it_got():
    seen = []
    formals = [Formal("a"), Formal("b", 1), Formal("...", is_dots=True), Formal("c.d", RCode("x"))]
    f = trampoline("f", Parameters.of(formals), lambda *a, **k: seen.append((a, k)), doc="D")
    f(1, 2, 3, c_d=4, e=5)
    assert seen == [((1, 2, 3), {"c_d": 4, "e": 5})]
    assert str(inspect.signature(f)) == "(a, b=1, *args, c_d=<R: x>, **kwargs)"
    assert f.__doc__ == "D"


def test_code_defaults_compare_by_their_code():
    assert RCode("a + 1") == RCode("a + 1") != RCode("a")
    assert len({RCode("a"), RCode("a")}) == 1
