"""The forms of a class definition in R: bases, keywords, bodies; and PyClass().

Also of: R/classes_spec.R.
"""

from __future__ import annotations

import inspect

import pytest


def test_no_base(define):
    cls = define("A %py_class% { x <- 1; get <- function() self$x }; A")
    assert isinstance(cls, type)
    assert cls.__bases__ == (object,)
    assert (cls.__name__, cls.__qualname__, cls.__module__) == ("A", "A", "r_globalenv")
    assert cls.x == 1.0
    assert cls().get() == 1.0


def test_one_base(define):
    class Base:
        def who(self):
            return "base"

    cls = define("A(Base) %py_class% { get <- function() paste('R of', self$who()) }; A", Base=Base)
    assert cls.__mro__ == (cls, Base, object)
    assert cls().get() == "R of base"
    assert issubclass(cls, Base) and isinstance(cls(), Base)


def test_several_bases_keep_their_order(define):
    class One:
        def who(self):
            return "one"

    class Two:
        def who(self):
            return "two"

        def only(self):
            return "two only"

    cls = define("A(One, Two) %py_class% { }; A", One=One, Two=Two)
    assert cls.__bases__ == (One, Two)
    assert (cls().who(), cls().only()) == ("one", "two only")


class Meta(type):
    def __new__(mcs, name, bases, namespace, **keywords):
        cls = super().__new__(mcs, name, bases, namespace)
        cls.keywords = keywords
        return cls

    def __init__(cls, name, bases, namespace, **keywords):
        super().__init__(name, bases, namespace)


def test_a_lone_metaclass_is_no_base(define):
    cls = define("A(metaclass = Meta) %py_class% { }; A", Meta=Meta)
    assert type(cls) is Meta
    assert cls.__bases__ == (object,)
    assert cls.keywords == {}


def test_metaclass_bases_and_keywords(define):
    class Base:
        pass

    cls = define(
        "A(Base, metaclass = Meta, key = 1 + 1, `in` = 'x') %py_class% { m <- 3 }; A",
        Base=Base,
        Meta=Meta,
    )
    assert type(cls) is Meta and cls.__bases__ == (Base,)
    assert cls.keywords == {"key": 2.0, "in": "x"}
    assert cls.m == 3.0


def test_keywords_reach_init_subclass(define):
    class Base:
        def __init_subclass__(cls, tag=None, **keywords):
            super().__init_subclass__(**keywords)
            cls.tag = tag

    assert define("A(Base, tag = 'blue') %py_class% { }; A", Base=Base).tag == "blue"
    with pytest.raises(TypeError):
        define("B(Base, colour = 1) %py_class% { }", Base=Base)


def test_prepare_of_a_metaclass_is_used(define):
    class Upper(type):
        @classmethod
        def __prepare__(mcs, name, bases, **keywords):
            return {"prepared": name}

    assert define("A(metaclass = Upper) %py_class% { }; A", Upper=Upper).prepared == "A"


def test_an_empty_body_and_a_body_of_one_string(define):
    assert define("A %py_class% { }; A").__doc__ is None
    cls = define("A %py_class% { 'Only a doc.' }; A")
    assert cls.__doc__ == "Only a doc."
    assert isinstance(cls(), cls)


def test_a_method_whose_body_is_one_string(define):
    a = define("A %py_class% { m <- function() 'value'; n <- function() { 'both' } }; A()")
    assert a.m() == "value"
    assert a.n() == "both"
    assert type(a).n.__doc__ == "both"


def test_class_attributes(define):
    cls = define("A %py_class% { n <- NULL; d <- list(a = 1); f <- factor('x'); v <- c(1, 2) }; A")
    assert cls.n is None
    assert cls.d == {"a": 1.0}
    assert cls.v == [1.0, 2.0]
    assert cls.f.r_class == ("factor",)


def test_delay_load_builds_on_first_use(define):
    built = []

    class Base:
        def __init_subclass__(cls):
            built.append(cls.__name__)

    define("Late(Base, delay_load = TRUE) %py_class% { }; invisible()", Base=Base)
    assert built == []
    define(
        "First(Base, delay_load = TRUE) %py_class% { m <- function() 1 }; First()$m()", Base=Base
    )
    assert built == ["First"]


def test_the_body_sees_where_it_is_written(define):
    value = define(
        """
        make <- function(step) {
          Counter %py_class% {
            n <- step * 10
            up <- function(by = 1) self$n + step * by
          }
          Counter
        }
        list(make(2)()$up(), make(3)()$up(2), make(2)$`__name__`)
        """
    )
    assert value == [22.0, 36.0, "Counter"]


def test_pyclass(define):
    cls = define(
        """
        secret <- 41
        PyClass("Person", list(
          name = NULL,
          `__doc__` = "A person.",
          `__init__` = function(self, name = "Ada", ...) self$name <- name,
          greet = function(self, greeting) paste0(greeting, ", ", self$name),
          env = function(self) secret + 1,
          upper = active_property(function(self) toupper(self$name)),
          plain = function() self$name
        ))
        """
    )
    person = cls(name="Bob")
    assert person.greet("Hi") == "Hi, Bob"
    assert (person.env(), person.upper, person.plain()) == (42.0, "BOB", "Bob")
    assert cls.__doc__ == "A person."
    assert str(inspect.signature(cls)) == "(name='Ada', *args, **kwargs)"


def test_pyclass_keeps_the_environment_of_each_method(define):
    values = define(
        """
        counter <- function(start) {
          n <- start
          list(up = function(self) { n <<- n + 1; n }, peek = function(self) n)
        }
        one <- counter(10)
        P <- PyClass("P", c(one, list(other = counter(100)$up, own = function(self) P$`__name__`)))
        p <- P()
        c(p$up(), p$up(), p$other(), p$peek(), one$peek(NULL), P()$up())
        """
    )
    assert values == [11.0, 12.0, 101.0, 12.0, 12.0, 13.0]


def test_pyclass_inherits(define):
    class One:
        def who(self):
            return "one"

    class Two:
        def what(self):
            return "two"

    p = define(
        """
        PyClass("P", list(who = function(self) paste("R", super()$who())), list(One, Two))()
        """,
        One=One,
        Two=Two,
    )
    assert (p.who(), p.what()) == ("R one", "two")
    assert define("PyClass('Q', inherit = One)()$who()", One=One) == "one"
    assert define("PyClass('Q', inherit = quote(One))()$who()", One=One) == "one"


def test_class_attributes_come_back_identical(source):
    ns = source(
        """
        A %py_class% {
          at <- matrix(1:4, 2, dimnames = list(c("a", "b"), c("x", "y")))
          parts <- list("a", "b")
          same <- function() {
            identical(self$parts, list("a", "b")) && identical(dimnames(self$at)[[2]], c("x", "y"))
          }
        }
        """
    )
    assert ns.A().same() is True
