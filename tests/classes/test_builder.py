"""The live class made of a spec: its methods and their scope, its instances, its attributes."""

from __future__ import annotations

import inspect

import pytest


def test_the_class_in_its_methods(define):
    cls = define(
        """
        A %py_class% {
          again <- function() A()
          own <- function() `__class__`
          nested <- function() sapply(1, function(i) `__class__`$`__name__`)
          replaced <- function() { A <- 1; A }
        }
        A
        """
    )
    a = cls()
    assert type(a.again()) is cls
    assert a.own() is cls
    assert a.nested() == "A"
    assert a.replaced() == 1.0


def test_dunder_class_is_the_class_that_defines_the_method(define):
    _, child = define(
        """
        A %py_class% { own <- function() `__class__`$`__name__` }
        B(A) %py_class% { mine <- function() `__class__`$`__name__` }
        list(A, B)
        """
    )
    assert (child().own(), child().mine()) == ("A", "B")


def test_identity_of_self(define):
    a = define(
        "A %py_class% { initialize <- function() self$me <- self; it <- function() self }; A()"
    )
    assert a.me is a and a.it() is a
    a.me = None


def test_initialize_and_finalize(define):
    gone = []
    cls = define(
        """
        A %py_class% {
          initialize <- function(note) { self$note <- note; "ignored" }
          finalize <- function() self$note("gone")
        }
        A
        """
    )
    a = cls(gone.append)
    assert hasattr(cls, "__init__") and hasattr(cls, "__del__")
    del a
    assert gone == ["gone"]
    explicit = define("A %py_class% { `__init__` <- function(x) self$x <- x }; A(4)")
    assert explicit.x == 4.0


def test_static_and_class_methods(define):
    cls, child = define(
        """
        P %py_class% {
          initialize <- function(x = 0) self$x <- x
          distance <- staticmethod(function(a, b = 2) abs(a - b))
          origin <- classmethod(function(cls, x = 9) cls(x))
          implicit <- classmethod(function() cls$`__name__`)
          from_config <- function(cls, config) do.call(cls, config)
          use <- function() self$distance(self$x, b = 1) + P$distance(0)
          helper <- staticmethod(function() P$`__name__`)
        }
        Q(P) %py_class% { }
        list(P, Q)
        """
    )
    assert cls.distance(1, 4) == 3.0 and cls().distance(5) == 3.0
    assert isinstance(inspect.getattr_static(cls, "distance"), staticmethod)
    assert isinstance(inspect.getattr_static(cls, "origin"), classmethod)
    assert child.origin().x == 9.0 and type(child.origin()) is child
    assert (cls.implicit(), child().implicit()) == ("P", "Q")
    assert type(child.from_config({"x": 3})) is child
    assert cls(5).use() == 6.0
    assert cls.helper() == "P"
    assert str(inspect.signature(cls.distance)) == "(a, b=2.0)"
    assert str(inspect.signature(cls.origin)) == "(x=9.0)"


def test_calls_of_methods_from_r(define):
    out = define(
        """
        A %py_class% {
          initialize <- function(start = 1) self$start <- start
          m <- function(a, b = 2, ..., na.rm = FALSE) {
            list(self$start, a, b, ...length(), na.rm)
          }
        }
        a <- A(10)
        m <- a$m
        list(a$m(1), a$m(b = 1, a = 5), a$m(1, 2, 3, 4), a$m(1, na_rm = TRUE), m(7),
             do.call(m, list(8, b = 9)), A$m(a, 3), vapply(1:2, function(i) m(i)[[2]], 1))
        """
    )
    assert out == [
        [10.0, 1.0, 2.0, 0, False],
        [10.0, 5.0, 1.0, 0, False],
        [10.0, 1.0, 2.0, 2, False],
        [10.0, 1.0, 2.0, 0, True],
        [10.0, 7.0, 2.0, 0, False],
        [10.0, 8.0, 9.0, 0, False],
        [10.0, 3.0, 2.0, 0, False],
        [1.0, 2.0],
    ]


def test_attributes_can_be_set_on_the_class(define):
    cls = define("A %py_class% { x <- 1; get <- function() self$x }; A$x <- 5; A$y <- 'new'; A")
    assert (cls.x, cls.y, cls().get()) == (5.0, "new", 5.0)
    define("function(A) { A$late <- function(self) paste('late', self$x); NULL }")(cls)
    assert cls().late() == "late 5"
    cls.get = lambda self: "python"
    assert cls().get() == "python"


def test_a_class_can_be_defined_again(define):
    old, new, seen = define(
        """
        A %py_class% { m <- function() "old"; own <- function() A }
        Old <- A
        a <- A()
        A %py_class% { m <- function() "new"; own <- function() A }
        list(Old, A, c(a$m(), A()$m(), a$own()()$m()))
        """
    )
    assert old is not new
    assert seen == ["old", "new", "old"]


def test_replacement_of_a_read_only_property(define):
    class Base:
        @property
        def model(self):
            return self._model

    out = define(
        """
        A(Base) %py_class% {
          initialize <- function(model) self$`_model` <- model
          stop <- function() { self$model$stop_training <- TRUE; self$model$deep$x <- 5 }
          other <- function() self$model <- 3
          kept <- function() {
            tryCatch(self$other(), python.builtin.AttributeError = conditionMessage)
          }
        }
        A
        """,
        Base=Base,
    )

    class Model:
        pass

    model = Model()
    model.deep = Model()
    a = out(model)
    a.stop()
    assert model.stop_training is True and model.deep.x == 5.0
    assert "model" in a.kept()
    with pytest.raises(AttributeError):
        a.other()


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
