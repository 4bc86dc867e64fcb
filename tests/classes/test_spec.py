"""A class spec comes to Python in one crossing, as plain data."""

from __future__ import annotations

import pytest

from pyclass_bridge.bridge import r_functions
from pyclass_bridge.classes import builder


@pytest.fixture
def calls(monkeypatch):
    """The functions of R that Python calls for a class, in their order."""
    called = []

    def counted(look_up):
        def named(name):
            called.append(name)
            return look_up(name)

        return named

    monkeypatch.setattr(builder, "r_handle", counted(builder.r_handle))
    for name in ("r_function", "r_handle"):
        monkeypatch.setattr(r_functions, name, counted(getattr(r_functions, name)))
    return called


def test_python_calls_r_back_once_for_a_class(define, calls):
    cls = define(
        """
        A %py_class% {
          "Doc of A."
          n <- 7
          m <- function(x, y = 2, ...) { "Doc of m."; x }
          size %<-active% function() 1
          private$k <- 3
        }
        A
        """
    )
    assert calls == ["class_env_of"]
    assert (cls.__doc__, cls.m.__doc__, cls.n, cls().size) == ("Doc of A.", "Doc of m.", 7.0, 1.0)


def test_a_method_with_an_environment_of_its_own_needs_one_call_more(define, calls):
    define("PyClass('A', list(m = function(self) 1))")
    assert calls == ["class_env_of", "class_env_around"]


def test_fields_come_back_to_r_as_they_were(define):
    cls = define("A %py_class% { f <- factor('a'); d <- as.Date('2020-01-01'); l <- list(1L) }; A")
    assert define("function(A) identical(A$f, factor('a'))")(cls) is True
    assert define("function(A) identical(A$d, as.Date('2020-01-01'))")(cls) is True
    assert define("function(A) identical(A$l, list(1L))")(cls) is True
