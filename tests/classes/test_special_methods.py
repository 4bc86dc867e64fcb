"""Special methods in R, S3 methods for instances, help(), and what Python tools do with them.

Of: classes/builder.py, classes/results.py.
"""

from __future__ import annotations

import inspect
import pickle
import pydoc

import pytest

from pyclass_bridge import RError

# ---- special methods ---------------------------------------------------------------------------


def test_operators(define):
    cls = define(
        """
        V %py_class% {
          initialize <- function(x) self$x <- as.list(x)
          `__len__` <- function() length(self$x)
          `__getitem__` <- function(i) {
            if (i >= length(self$x)) py_raise(import_builtins()$IndexError("end"))
            self$x[[i + 1]]
          }
          `__setitem__` <- function(i, value) {
            x <- self$x
            x[[i + 1]] <- value
            self$x <- as.list(x)
          }
          `__contains__` <- function(v) v %in% unlist(self$x)
          `__add__` <- function(other) {
            V(unlist(self$x) + if (is_py_object(other)) unlist(other$x) else other)
          }
          `__radd__` <- function(other) self + other
          `__neg__` <- function() V(-unlist(self$x))
          `__eq__` <- function(other) {
            is_py_object(other) && identical(as.numeric(self$x), as.numeric(other$x))
          }
          `__hash__` <- function() length(self$x)
          `__lt__` <- function(other) sum(unlist(self$x)) < sum(unlist(other$x))
          `__bool__` <- function() length(self$x) > 0
          `__repr__` <- function() paste0("V(", paste(unlist(self$x), collapse = ", "), ")")
          `__call__` <- function(f, ...) sapply(unlist(self$x), f, ...)
          `__enter__` <- function() { self$open <- TRUE; self }
          `__exit__` <- function(type, value, traceback) { self$open <- FALSE; TRUE }
          `__iter__` <- function() as_iterator(self$x)
          `__matmul__` <- function(other) sum(unlist(self$x) * unlist(other$x))
          `__int__` <- function() 5L
          `__format__` <- function(spec) paste("as", spec)
        }
        V
        """
    )
    v = cls([1.0, 2.0, 3.0])
    assert len(v) == 3 and v[1] == 2.0 and 3.0 in v and 9.0 not in v
    v[0] = 10.0
    assert list(v) == [10.0, 2.0, 3.0]
    assert (
        repr(v + 1) == "V(11, 3, 4)"
        and repr(1 + v) == "V(11, 3, 4)"
        and repr(v + v) == "V(20, 4, 6)"
    )
    assert repr(-v) == "V(-10, -2, -3)"
    assert v == cls([10.0, 2.0, 3.0]) and v != cls([1.0, 1.0]) and v != "x"
    assert hash(v) == 3 and len({v, cls([10.0, 2.0, 3.0])}) == 1
    assert cls([1.0, 1.0]) < v and sorted([v, cls([0.0, 1.0])])[1] is v
    assert bool(v) and not cls([])
    assert v(lambda x: x * 2) == [20.0, 4.0, 6.0]
    with v as opened:
        assert opened is v and v.open is True
        raise ValueError("swallowed")
    assert v.open is False
    assert v @ v == 113.0 and int(v) == 5 and f"{v:wide}" == "as wide"
    out = define(
        """
        function(v) list(v + 1 == v + 1, length(v), with(v, 3), v(function(x) x + 1),
          iterate(v, function(x) x * 2), format(v))
        """
    )(v)
    assert out == [True, 3, 3.0, [11.0, 3.0, 4.0], [20.0, 4.0, 6.0], "V(10, 2, 3)"]


def test_attribute_hooks(define):
    a = define(
        """
        A %py_class% {
          `__getattr__` <- function(name) paste("made up", name)
          `__setattr__` <- function(name, value) super$`__setattr__`(name, toupper(value))
          `__delattr__` <- function(name) super$`__delattr__`(name)
        }
        A()
        """
    )
    assert a.anything == "made up anything"
    a.x = "v"
    assert a.x == "V"
    del a.x
    assert a.x == "made up x"


def test_descriptors_and_init_subclass(define):
    out = []
    cls = define(
        """
        Typed %py_class% {
          `__set_name__` <- function(owner, name) note(paste("named", name))
          `__get__` <- function(instance, owner) if (is.null(instance)) self else "got"
          `__set__` <- function(instance, value) note(paste("set", value))
        }
        Base %py_class% {
          `__init_subclass__` <- classmethod(function(...) note(paste("subclass", cls$`__name__`)))
          `__class_getitem__` <- classmethod(function(item) paste(cls$`__name__`, item))
        }
        Child(Base) %py_class% { x <- Typed() }
        Child
        """,
        note=out.append,
    )
    child = cls()
    assert child.x == "got"
    child.x = 5
    assert cls["int"] == "Child int"
    assert out == ["named x", "subclass Child", "set 5"]


def test_new_is_a_static_method(define):
    cls = define(
        """
        Even(int) %py_class% {
          `__new__` <- staticmethod(function(cls, value) {
            py_super(Even, cls)$`__new__`(cls, value * 2L)
          })
        }
        Even
        """,
        int=int,
    )
    assert cls(4) == 8 and type(cls(4)) is cls


def test_whole_numbers_from_special_methods(source):
    ns = source(
        """
        A %py_class% {
          `__len__` <- function() ceiling(2.5)
          `__bool__` <- function() 1
          `__hash__` <- function() 12
          `__init_subclass__` <- function(cls, ...) NULL
        }
        """
    )

    class Sub(ns.A):
        pass

    assert (len(Sub()), bool(Sub()), hash(Sub())) == (3, True, 12)


# ---- S3 ----------------------------------------------------------------------------------------


def test_s3_methods_of_a_user(source):
    ns = source(
        """
        Animal %py_class% { initialize <- function(name) self$name <- name }
        Dog(Animal) %py_class% { }
        print.zoo.Animal <- function(x, ...) cat("<animal", x$name, ">")
        describe <- function(x) UseMethod("describe")
        describe.zoo.Dog <- function(x) paste("dog,", NextMethod())
        describe.zoo.Animal <- function(x) paste("animal", x$name)
        describe.default <- function(x) "thing"
        classes <- function(x) class(x)
        shown <- function(x) capture.output(print(x))
        """,
        name="zoo.R",
    )
    dog = ns.Dog("Rex")
    assert ns.classes(dog) == ["zoo.Dog", "zoo.Animal", "python.builtin.object"]
    assert ns.describe(dog) == "dog, animal Rex"
    assert ns.describe(ns.Animal("Tom")) == "animal Tom"
    assert ns.describe(1) == "thing"
    assert ns.shown(dog) == "<animal Rex >"


# ---- docs --------------------------------------------------------------------------------------


def test_help_shows_signatures_and_docstrings(define):
    cls = define(
        """
        Circle %py_class% {
          "A circle."
          initialize <- function(r = 1) { "Give the radius."; self$r <- r }
          grow <- function(by, ..., times = 2L) { "Grow it."; self$r <- self$r + by }
          area %<-active% function() { "Its area."; pi * self$r^2 }
          unit <- staticmethod(function() { "One."; Circle() })
        }
        Circle
        """
    )
    text = pydoc.render_doc(cls, renderer=pydoc.plaintext)
    for line in (
        "class Circle(builtins.object)",
        "Circle(r=1.0)",
        "A circle.",
        "__init__(self, r=1.0)",
        "Give the radius.",
        "grow(self, by, *args, times=2, **kwargs)",
        "Grow it.",
        "Its area.",
        "One.",
    ):
        assert line in text
    assert inspect.getdoc(cls.grow) == "Grow it."
    assert inspect.getdoc(cls.area) == "Its area."
    assert "RClassInfo" not in text


# ---- copies ------------------------------------------------------------------------------------


def test_pickle_of_an_instance(define):
    a = define("A %py_class% { initialize <- function() self$x <- 1 }; A()")
    again = pickle.loads(pickle.dumps(a))
    assert type(again) is type(a) and again is not a and again.x == 1


def test_errors_name_the_class_and_the_member(define):
    cls = define("A %py_class% { m <- function(x) stop('bad ', x) }; A")
    with pytest.raises(RError, match="bad 3") as caught:
        cls().m(3)
    assert (caught.value.class_name, caught.value.member) == ("A", "m")
    assert "in `m` of the R class `A`" in caught.value.__notes__
