"""Users' `py_to_r()` methods, which decide at every crossing; and what becomes of the types that
values/convert.py names.

Also of: core/proxy.c, core/primitives.c, R/values_convert.R.
"""

from __future__ import annotations

import collections
import datetime
import pathlib
import types

import numpy as np
import pytest

import pyclass_bridge
from pyclass_bridge import _core


class Money:
    """An object that a user's method converts."""

    def __init__(self, amount):
        self.amount = amount
        self.parts = [1, 2]


class Euro(Money):
    pass


class Label(str):
    pass


class Purse:
    def __init__(self):
        self.money = Money(3)

    def open(self):
        return self.money


# What R has, as text: an object that R does not change may come back as it is.
text_of = pyclass_bridge.r("function(x) paste(x, collapse = ' ')")
METHOD = f"py_to_r.{Money.__module__}.Money"


@pytest.fixture
def method(request):
    """A user's method in R's global environment: the amount, and that attributes are converted."""
    pyclass_bridge.r(
        f"{METHOD} <- function(x) structure(list(x$amount, class(x$parts)), class = 'money')"
    )
    yield
    pyclass_bridge.r(f"rm({METHOD}, envir = globalenv())")


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("function(x) x", Money(3)),
        ("function(x) x$money", Purse()),
        ("function(x) x$open()", Purse()),
        ("function(f) f()", lambda: Money(3)),
        ("function(x) x[[1]]", [Money(3), 1]),
        ("function(x) x[[1]]", (Money(3), 1)),
        ("function(x) x$a$b[[2]]", {"a": {"b": [None, Money(3)]}}),
        ("function(x) x[['1']]", {1: Money(3)}),
        ("function(x) x[[1]]", np.array([Money(3)])),
        ("function(x) iterate(x, identity)[[1]]", iter([Money(3)])),
        ("function(x) x", Euro(3)),
    ],
)
def test_a_users_method_is_called_at_every_crossing(code, value, method):
    given = pyclass_bridge.r(code)
    result = pyclass_bridge.r("function(f, x) { v <- f(x); list(class(v), unclass(v)) }")
    assert result(given, value) == ["money", [3, "integer"]]


def test_a_method_is_called_for_the_argument_of_a_hook(method):
    seen = pyclass_bridge.r(
        """
        Watch %py_class% {
          seen <- NULL
          look <- function(x) self$seen <- class(x)
        }
        Watch()
        """
    )
    seen.look(Money(1))
    assert seen.seen == "money"


def test_methods_come_and_go():
    is_object = pyclass_bridge.r("function(x) is_py_object(x)")
    assert is_object(Money(1))
    pyclass_bridge.r(f"{METHOD} <- function(x) 'converted'")
    assert not is_object(Money(1))
    pyclass_bridge.r(f"rm({METHOD}, envir = globalenv())")
    assert is_object(Money(1))


def test_a_registered_method_and_one_of_a_sourced_file(tmp_path):
    pyclass_bridge.r(
        f"registerS3method('py_to_r', '{Euro.__module__}.Euro', function(x) 'registered',"
        " asNamespace('pyclassbridge'))"
    )
    assert text_of(Euro(1)) == "registered"
    file = tmp_path / "methods.R"
    file.write_text("py_to_r.test_convert_file.Note <- function(x) paste('note', x$text)")
    pyclass_bridge.source(file)
    note = type("Note", (), {"__module__": "test_convert_file", "text": "a"})
    assert text_of(note()) == "note a"


def test_the_default_and_the_next_method_do_not_call_it_again(method):
    pyclass_bridge.r(f"{METHOD} <- function(x) paste('first', is_py_object(NextMethod()))")
    assert text_of(Money(1)) == "first TRUE"


def test_a_method_of_a_type_that_has_a_row_of_the_table_wins():
    pyclass_bridge.r(
        """
        py_to_r.datetime.date <- function(x) format(NextMethod(), '%Y')
        py_to_r.python.builtin.set <- function(x) sort(unlist(iterate(x)))
        """
    )
    try:
        assert text_of(datetime.date(2024, 2, 29)) == "2024"
        assert text_of({2, 1}) == "1 2"
    finally:
        pyclass_bridge.r("rm(py_to_r.datetime.date, py_to_r.python.builtin.set)")


def test_a_method_for_a_subclass_of_a_scalar():
    pyclass_bridge.r(
        f"py_to_r.{Label.__module__}.Label <- function(x) paste('label', NextMethod())"
    )
    try:
        assert text_of([Label("a"), "b"]) == "label a b"
        assert text_of(Label("a")) == "label a"
    finally:
        pyclass_bridge.r(f"rm(py_to_r.{Label.__module__}.Label)")
    assert _core.to_r([Label("a"), "b"]) == _core.evaluate("c('a', 'b')")


def test_an_error_in_a_method_is_that_error_and_leaks_nothing():
    pyclass_bridge.r(f"{METHOD} <- function(x) stop('no rate for ', x$amount)")
    try:
        with pytest.raises(pyclass_bridge.RError, match="no rate for 3"):
            pyclass_bridge.r("function(x) x")([Money(3)])
        caught = pyclass_bridge.r("function(p) tryCatch(p$open(), error = conditionMessage)")
        assert caught(Purse()) == "no rate for 3"
    finally:
        pyclass_bridge.r(f"rm({METHOD}, envir = globalenv())")


# ---- the types of the table --------------------------------------------------------------------


def test_an_r_class_is_an_object_whatever_it_inherits_from():
    made = pyclass_bridge.r(
        """
        bt <- import_builtins()
        Names(bt$list) %py_class% { first <- function() self[[0]] }
        Word(bt$str) %py_class% { twice <- function() paste(self, self) }
        Counts(bt$dict) %py_class% { }
        Day(import("datetime")$date) %py_class% { }
        list(Names(list(1, 2)), Word("a"), Counts(), Day(2024L, 2L, 29L))
        """
    )
    assert [type(o).__name__ for o in made] == ["Names", "Word", "Counts", "Day"]
    is_object = pyclass_bridge.r("function(x) vapply(x, is_py_object, NA)")
    assert is_object(made) == [True] * 4


@pytest.mark.parametrize(
    "value",
    [
        types.MappingProxyType({"a": 1}),
        collections.ChainMap({"a": 1}),
        pathlib.PurePath("a"),
        type("Settings", (dict,), {})(a=1),
        type("Notes", (list,), {"__call__": lambda self, x: self.append(x)})([1]),
        type("Ask", (str,), {"__call__": lambda self: self})("a"),
        {1: "a", "1": "b"},
    ],
)
def test_what_has_no_row_is_a_proxy(value):
    assert _core.to_python(_core.to_r(value)) is value


def test_a_dict_with_other_keys_that_holds_itself_is_an_error():
    loop = {1: None}
    loop[1] = loop
    with pytest.raises(RecursionError):
        _core.to_r(loop)
    loop.clear()


def test_bytes_stay_an_object_that_r_can_read():
    read = pyclass_bridge.r("function(b) list(b$decode(), as.character(b), as.raw(b), length(b))")
    text, same_text, raw, n = read("é".encode())
    assert (text, same_text, bytes(raw), n) == ("é", "é", "é".encode(), 2)
    with pytest.raises(UnicodeDecodeError):
        pyclass_bridge.r("function(b) as.character(b)")(b"\xff")


def test_a_list_of_one_that_r_keeps_comes_back_as_a_list():
    keep = pyclass_bridge.r(
        """
        Shelf %py_class% { held <- NULL }
        function(code) {
          shelf <- Shelf()
          value <- eval(parse(text = code))
          shelf$held <- value
          identical(shelf$held, value)
        }
        """
    )
    for code in ("list(5)", "list('a')", "list(TRUE)", "list(list(5))", "list(a = list(5L))", "5"):
        assert keep(code), code


def test_what_a_conversion_loses_is_a_warning():
    with pytest.warns(pyclass_bridge.RWarning, match=r"integers beyond 2\^53"):
        pyclass_bridge.r("function(x) x")(np.array([2**53 + 1]))
    warned = pyclass_bridge.r("function(f) tryCatch(f(), warning = conditionMessage)")
    assert "integers beyond 2^53" in warned(lambda: np.array([2**60]))
