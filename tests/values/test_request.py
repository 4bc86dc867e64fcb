"""What R values with a class become at every crossing: as an argument and a result, inside of lists
and dicts, with a user's own method; where R code is on both sides of Python, nothing is lost.

Also of: core/convert_to_python.c, R/values_handle.R, R/bridge_evaluate.R.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import types

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from support.same import same

import pyclass_bridge
from pyclass_bridge import RError, RObject, _core

DAY = datetime.date(2024, 2, 29)
KINDS = {
    "structure('a/b', class = c('fs_path', 'character'))": "a/b",
    "structure(c(a = 1, b = 2), class = 'mine')": [1.0, 2.0],
    "c(a = 'x')": "x",
    "character()": [],
    "factor(c('b', 'a'))": ["b", "a"],
    "as.Date('2024-02-29')": DAY,
    "as.Date(c(x = '2024-02-29', y = '2024-02-29'))": [DAY, DAY],
    "structure(list(a = 1), class = 'own')": {"a": 1.0},
    "numeric_version('1.2')": [[1, 2]],
    "table(c('a', 'b', 'a'))": np.array([2, 1], dtype="int32"),
    "data.frame(a = c(1, 2))": pd.DataFrame({"a": [1.0, 2.0]}),
    "Matrix::Diagonal(2)": sparse.csc_matrix(np.eye(2)),
    "as.raw(1)": bytearray(b"\x01"),
}
each_kind = pytest.mark.parametrize(("code", "expected"), KINDS.items(), ids=list(KINDS))


@each_kind
def test_at_every_crossing(code, expected, r, define):
    """As an argument, a named one, an item, a result, an argument of a method that R overrides."""
    given = []
    r(f"function(f) f({code})")(given.append)
    r(f"function(f) f(x = {code})")(lambda x: given.append(x))
    r(f"function(o) o$k <- {code}")(held := types.SimpleNamespace())
    made = define(f"Gives %py_class% {{ give <- function() {code} }}\nGives()")
    ways = [*given, held.k, r(f"function() {code}")(), made.give()]
    assert len(ways) == 5 and all(same(way, expected) for way in ways)


@each_kind
def test_inside_of_lists_and_dicts(code, expected, r):
    inside = r(f"function() list({code}, list(a = list({code})))")()
    assert same(inside[0], expected) and same(inside[1]["a"][0], expected)
    assert same(r(f"function() list(a = 1, b = {code})")()["b"], expected)


@each_kind
def test_r_gets_back_from_r_what_it_gave(code, expected, r):
    """R calls a class, a method, an active binding of R: nothing that R knows is lost."""
    kept = r(
        f"""
        function(make, add) local({{
          v <- {code}
          o <- make(v)
          c(
            identical(o$x, v), identical(o$echo(v), v), identical(o$get(), v),
            identical(o$current, v), identical(o$mixed(1, y = v)$y, v),
            identical(make$fixed(v), v), identical(make$of_class(v), v), identical(o(v), v)
          )
        }})
        """
    )
    make = r(
        """
        local({
          Kept %py_class% {
            initialize <- function(x) self$x <- x
            echo <- function(x) x
            get <- function() self$x
            mixed <- function(x, ...) list(...)
            current %<-active% function() self$x
            fixed <- staticmethod(function(x) x)
            of_class <- classmethod(function(cls, x) x)
            `__call__` <- function(x) x
          }
          Kept
        })
        """
    )
    assert kept(make, None) == [True] * 8


@each_kind
def test_r_s_own_values_stay_what_they_are(code, expected, r, tmp_path):
    """Code that Python evaluates, a namespace's values and elements of handles are held, not
    given."""
    value = r(code)
    assert same(value, expected) or value == _core.evaluate(code)
    file = tmp_path / "values.R"
    file.write_text(f"value <- {code}")
    assert type(pyclass_bridge.source(file).value) is type(value)
    assert _core.to_r(value) == _core.evaluate(code)


@pytest.mark.parametrize(
    "code",
    [
        "factor(c('a', NA))",
        "as.Date(NA)",
        "c(a = NA)",
        "c(b = 'x', a = NA)",
        ".POSIXct(NA, 'UTC')",
        "structure(NA, class = 'mine')",
        "structure(list(a = NA), class = 'own')",
    ],
)
def test_a_typed_na_stays_in_a_handle(code, r):
    for value in (r(f"function() {code}")(), r(f"function() list(a = {code})")()["a"]):
        assert isinstance(value, RObject) and value == _core.evaluate(code)


def test_libraries_take_r_s_values(r):
    assert r("function(f) f(c(a = 1, b = 2))")(json.dumps) == "[1.0, 2.0]"
    path = "structure('a/b.txt', class = c('fs_path', 'character'))"
    assert r(f"function(f) f({path})")(os.path.basename) == "b.txt"
    total = r("function(f) f(data.frame(a = 1:3, g = c('x', 'y', 'x')))")
    assert total(lambda d: d.groupby("g")["a"].sum().to_dict()) == {"x": 4, "y": 2}


# ---- methods of r_to_py() ----------------------------------------------------------------------


@pytest.fixture
def with_methods(r):
    r(
        """
        r_to_py.coin_of_test <- function(x, convert = FALSE) list(amount = unclass(x))
        r_to_py.next_of_test <- function(x, convert = FALSE) NextMethod()
        r_to_py.frame_of_test <- function(x, convert = FALSE) nrow(x)
        """
    )
    yield
    r("rm(r_to_py.coin_of_test, r_to_py.next_of_test, r_to_py.frame_of_test, envir = globalenv())")


def test_a_users_method_is_called_at_every_crossing(with_methods, r):
    coin, amount = "structure(5, class = 'coin_of_test')", {"amount": 5.0}
    assert r(f"function(f) f({coin})")(lambda x: x) == amount
    assert r(f"function() {coin}")() == amount
    assert r(f"function() list({coin}, 1)")() == [amount, 1.0]
    assert r(f"function() list(a = list(b = {coin}))")() == {"a": {"b": amount}}
    assert r(coin) == amount
    assert (
        r(
            "function(f) f(structure(data.frame(a = 1:3), class = c('frame_of_test',"
            " 'data.frame')))"
        )(lambda x: x)
        == 3
    )
    assert r("function() r_to_py(structure(5, class = 'coin_of_test'), TRUE)")() == amount


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("structure(5, class = 'next_of_test')", 5.0),
        ("structure(list(a = 1), class = 'next_of_test')", {"a": 1.0}),
        (
            "structure(data.frame(a = 1), class = c('next_of_test', 'data.frame'))",
            pd.DataFrame({"a": [1.0]}),
        ),
        ("structure(1L, levels = 'x', class = c('next_of_test', 'factor'))", "x"),
    ],
)
def test_a_method_may_go_on_to_the_next(with_methods, r, code, expected):
    assert same(r(f"function() {code}")(), expected)


def test_a_column_with_a_users_method(with_methods, r):
    make = "function() { d <- data.frame(n = 1); d$c <- structure(5, class = 'coin_of_test'); d }"
    assert isinstance(r(make)(), RObject)


# ---- data frames and sparse matrices -----------------------------------------------------------


def test_equal_names_of_columns_and_missing_ones():
    frame = _core.to_python(_core.evaluate("data.frame(a = 1, a = 2, check.names = FALSE)"))
    assert list(frame.columns) == ["a", "a"] and frame.to_numpy().tolist() == [[1.0, 2.0]]
    frame = _core.to_python(_core.evaluate("setNames(data.frame(1, 2), c('', NA))"))
    assert frame.columns[0] == "" and pd.isna(frame.columns[1])


def test_columns_of_every_kind():
    frame = _core.to_python(
        _core.evaluate(
            """
            local({
              d <- data.frame(r = as.raw(1:2), n = c(a = 1, b = 2))
              d$l <- list(1:2, NULL)
              d$lt <- as.POSIXlt(c("2024-01-01", "2024-01-02"), tz = "UTC")
              d$m <- structure(1:2, class = "mine")
              d$v <- numeric_version(c("1.2", "3"))
              d
            })
            """
        )
    )
    assert frame["r"].tolist() == [1, 2] and frame["n"].tolist() == [1.0, 2.0]
    assert frame["l"].tolist() == [[1, 2], None] and frame["m"].tolist() == [1, 2]
    assert frame["lt"].iloc[1] == pd.Timestamp("2024-01-02", tz="UTC")
    assert frame["v"].tolist() == [[1, 2], 3]


def test_the_frame_does_not_share_memory_with_r(r):
    frame = _core.to_python(value := _core.evaluate("data.frame(a = c(1, 2), b = 1:2)"))
    frame.loc[0, "a"] = 9.0
    frame.loc[0, "b"] = 9
    assert value == _core.evaluate("data.frame(a = c(1, 2), b = 1:2)")


def test_grouped_and_other_subclasses(r):
    frame = r("function() dplyr::group_by(tibble::tibble(a = 1:2, g = c('x', 'y')), g)")()
    assert type(frame) is pd.DataFrame and frame["g"].tolist() == ["x", "y"]


def test_without_pandas_a_dict_of_columns(r, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert r("function() data.frame(a = 1, b = factor('x'))")() == {"a": [1.0], "b": ["x"]}


def test_without_scipy_an_error_that_says_what_to_install(r, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r"ddiMatrix becomes one of scipy\.sparse.*no scipy"):
        r("function() Matrix::Diagonal(2)")()
    with pytest.raises(RError, match="pip install scipy"):
        r(
            "function(f) tryCatch(f(Matrix::Diagonal(2)), error = function(e)"
            " stop(conditionMessage(e)))"
        )(len)
