"""Active bindings are Python properties: one R function reads and assigns, `missing()` tells."""

from __future__ import annotations

import inspect

import pytest

from pyclass_bridge import RError

FORMS = {
    "%<-active%": "p %<-active% {}",
    "active_property": "p <- active_property({})",
    "mark_active": "p <- mark_active({})",
    "string": "'p' %<-active% {}",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_missing_tells_reading_from_assigning(define, form):
    member = form.format("function(value) if (missing(value)) self$kept else self$kept <- value")
    cls = define(f"A %py_class% {{ kept <- 0; {member} }}; A")
    a = cls()
    for value in (1.0, 2.0, 3.0, 4.0):
        a.p = value
        assert a.p == value
    assert isinstance(inspect.getattr_static(cls, "p"), property)
    assert cls().p == 0.0


def test_assigning_none_is_not_reading(define):
    a = define(
        """
        A %py_class% {
          p %<-active% function(value) {
            if (missing(value)) self$log else self$log <- list(value)
          }
          q %<-active% function(value = NULL) {
            if (missing(value)) "read" else if (is.null(value)) self$got <- "NULL" else 1
          }
          q2 %<-active% function(v = 5) { if (missing(v)) paste("default", v) else self$got <- v }
        }
        A()
        """
    )
    a.p = None
    assert a.p == [None]
    assert a.q == "read"
    a.q = None
    assert a.got == "NULL"
    assert a.q2 == "default 5"
    a.q2 = 5.0
    assert a.got == 5.0


def test_read_only(define):
    a = define("A %py_class% { p %<-active% function() { 'Doc of p.'; 42L } }; A()")
    assert a.p == 42 and type(a).p.__doc__ == "Doc of p."
    with pytest.raises(AttributeError, match=r"no setter|can't set"):
        a.p = 1
    with pytest.raises(AttributeError):
        define("function(a) a$p <- 3")(a)
    with pytest.raises(AttributeError):
        del a.p


def test_from_r(define):
    out = define(
        """
        A %py_class% {
          x <- 1
          p %<-active% function(value) if (missing(value)) self$x * 2 else self$x <- value / 2
          deep %<-active% function() self$box
        }
        a <- A()
        a$p <- 10
        a$box <- py_eval("__import__('types').SimpleNamespace()")
        a$deep$y <- 3
        list(a$p, a$x, a[["p"]], a$box$y, a$deep$y, sapply(1:2, function(i) a$p))
        """
    )
    assert out == [10.0, 5.0, 10.0, 3.0, 3.0, [10.0, 10.0]]


def test_inheritance(define):
    class Base:
        @property
        def size(self):
            return self._size

        @size.setter
        def size(self, value):
            self._size = value

    a, b = define(
        """
        A(Base) %py_class% {
          size %<-active% function(value) {
            if (missing(value)) super$size + 100 else self$`_size` <- value
          }
        }
        B(A) %py_class% { size %<-active% function() super$size + 1000 }
        list(A(), B())
        """,
        Base=Base,
    )
    a.size = 1
    assert a.size == 101.0
    b._size = 1
    assert b.size == 1101.0

    class Child(type(a)):
        @property
        def size(self):
            return super().size * 2

    child = Child()
    child._size = 3
    assert child.size == 206.0


def test_errors_go_on_as_themselves(define):
    a = define(
        """
        A %py_class% {
          p %<-active% function(value) if (missing(value)) stop("unread") else stop("unset")
          missing_one %<-active% function() self$nothing
        }
        A()
        """
    )
    with pytest.raises(RError, match="unread") as caught:
        _ = a.p
    assert (caught.value.class_name, caught.value.member) == ("A", "p")
    with pytest.raises(RError, match="unset"):
        a.p = 1
    with pytest.raises(AttributeError, match="nothing"):
        _ = a.missing_one
    assert hasattr(a, "missing_one") is False


def test_in_pyclass_and_the_constructors(define, keras):
    a = define("PyClass('P', list(p = active_property(function(self, v) 5)))()")
    assert a.p == 5.0
    with pytest.raises(AttributeError):
        define("PyClass('Q', list(p = active_property(function(self) 5)))()").p = 1
    cb = define(
        """
        Callback("C", initialize = function() private$n <- 3,
          public = list(count = mark_active(function(v) {
            if (missing(v)) private$n else private$n <- v
          })),
          private = list(n = 0))()
        """
    )
    assert cb.count == 3.0
    cb.count = 7
    assert cb.count == 7


def test_metaclasses_and_abstract_properties_see_a_property(define):
    seen = {}

    class Meta(type):
        def __new__(mcs, name, bases, namespace):
            seen.update({k: type(v) for k, v in namespace.items() if not k.startswith("__")})
            return super().__new__(mcs, name, bases, namespace)

    define(
        "A(metaclass = Meta) %py_class% { p %<-active% function() 1; m <- function() 1 }", Meta=Meta
    )
    assert seen["p"] is property and seen["m"].__name__ == "function"
