"""`convert = FALSE`: methods see Python objects, unconverted."""

from __future__ import annotations

import pytest
from support.r_scope import RScope


@pytest.fixture
def define():
    scope = RScope()
    yield scope
    scope.close()


def test_convert_false_is_honoured(define):
    cls = define(
        """
        Raw(convert = FALSE) %py_class% {
          initialize <- function(x) self$x <- x
          given <- function(x) class(x)[[1]]
          own <- function() class(self$x)[[1]]
          called <- function() class(self$give())[[1]]
          give <- function() 3L
          from_super <- function() class(super$`__repr__`())[[1]]
          through <- function(x) x
          keyword <- function(..., y) class(y)[[1]]
          none <- function(x = 5) is.null(x)
          prop %<-active% function() class(self$x)[[1]]
          make <- classmethod(function(x) list(class(x)[[1]], class(cls$attribute)[[1]]))
          fixed <- staticmethod(function(x) class(x)[[1]])
          attribute <- 1L
          converted <- function(x) py_to_r(x) + 1
        }
        Raw
        """
    )
    instance = cls(2)
    assert instance.given([1]) == "python.builtin.list"
    assert instance.given("a") == "python.builtin.str"
    assert instance.own() == "python.builtin.int"
    assert instance.called() == "python.builtin.int"
    assert instance.from_super() == "python.builtin.str"
    assert instance.keyword(y=1.5) == "python.builtin.float"
    assert instance.none() is False and instance.none(None) is True
    assert instance.prop == "python.builtin.int"
    assert cls.make(1) == ["python.builtin.int", "python.builtin.int"]
    assert cls.fixed(1) == "python.builtin.int"
    marker = object()
    assert instance.through(marker) is marker
    assert instance.converted(41) == 42
