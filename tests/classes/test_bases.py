"""Inheritance across the languages, and the Python classes that R classes inherit from."""

from __future__ import annotations

import abc
import dataclasses
import enum
import functools
import inspect
import typing

import pytest

from pyclass_bridge import RError

# ---- inheritance across the languages ----------------------------------------------------------


def test_a_python_class_inherits_from_an_r_class(define):
    parent = define(
        """
        R1 %py_class% {
          initialize <- function(x, scale = 2) { self$x <- x; private$scale <- scale }
          private$scale <- 0
          value <- function() self$x * private$scale
          show <- function() paste("shows", self$value())
        }
        R1
        """
    )

    class Child(parent):
        def __init__(self, x):
            super().__init__(x, scale=10)

        def value(self):
            return super().value() + 1

    child = Child(3)
    assert child.value() == 31.0
    assert child.show() == "shows 31"
    assert isinstance(child, parent) and Child.__mro__[1] is parent


def test_r_python_r_python_at_any_depth(define):
    first = define("R1 %py_class% { m <- function(x = 1) c('R1', x) }; R1")

    class Two(first):
        def m(self, x=2):
            return ["P2", *super().m(x)]

    third = define("R3(Two) %py_class% { m <- function(x = 3) c('R3', super$m(x)) }; R3", Two=Two)

    class Four(third):
        def m(self, x=4):
            return ["P4", *super().m(x)]

    fifth = define(
        "R5(Four) %py_class% { m <- function(x = 5) c('R5', super$m(x)) }; R5", Four=Four
    )
    assert fifth().m() == ["R5", "P4", "R3", "P2", "R1", "5"]
    assert fifth().m(9)[-1] == "9"
    assert len(fifth.__mro__) == 6


def test_cooperative_initialize(define):
    seen = []

    class Mixin:
        def __init__(self, *args, **kwargs):
            seen.append((args, kwargs))
            super().__init__()

    a, b = define(
        """
        A(Mixin) %py_class% {
          initialize <- function(x, ...) { self$a <- x; super$initialize(...) }
        }
        B(A) %py_class% {
          initialize <- function(...) { super()$`__init__`(1, ...); self$b <- 2 }
        }
        list(A, B)
        """,
        Mixin=Mixin,
    )
    instance = b("rest", key=3)
    assert (instance.a, instance.b) == (1.0, 2.0)
    assert seen == [(("rest",), {"key": 3})]
    assert issubclass(b, a)


def test_bases_from_factories_and_wrappers(define, keras):
    cls, stopper = define(
        """
        A %py_class% { initialize <- function(patience = 3) self$patience <- patience }
        B(A) %py_class% { }
        Stop(callback_early_stopping) %py_class% {
          initialize <- function(...) super$initialize(monitor = "loss", ...)
        }
        list(B, Stop)
        """
    )
    assert cls().patience == 3.0
    assert stopper.__bases__ == (keras.callbacks.EarlyStopping,)
    assert stopper(patience=2).patience == 2
    assert define("names(formals(B))") == "patience"


def test_the_factory_has_the_formals_of_initialize(define):
    define("S %py_class% { initialize <- function(patience = 0, wait.for = patience + 1) NULL }")
    assert define("names(formals(S))") == ["patience", "wait.for"]
    with pytest.raises(RError) as caught:
        define("S(patince = 3)")
    assert caught.value.message == "S() has no argument `patince`; did you mean `patience`?"
    assert "py_class_argument_error" in caught.value.r_class
    assert "unused argument" in define("tryCatch(S(patince = 3), error = conditionMessage)")
    with pytest.raises(TypeError, match="patince"):
        define("S")(patince=3)


# ---- what Python classes can be bases ----------------------------------------------------------


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...

    @property
    @abc.abstractmethod
    def name(self): ...


def error_of(work) -> tuple[type, str]:
    with pytest.raises(TypeError) as caught:
        work()
    return caught.type, str(caught.value)


def test_abstract_methods(define):
    part = define("Part(Shape) %py_class% { area <- function() 1 }; Part", Shape=Shape)
    assert inspect.isabstract(part) and part.__abstractmethods__ == {"name"}
    twin = type("Part", (Shape,), {"area": lambda self: 1.0})
    for work in (part, lambda: define("Part()")):
        assert error_of(work) == error_of(twin)
    whole = define("W(Part) %py_class% { name %<-active% function() 'W' }; W")
    assert (whole().area(), whole().name) == (1.0, "W")
    assert isinstance(whole(), Shape)


def test_abstract_methods_of_r(source):
    ns = source(
        """
        abc <- import("abc")
        A(abc$ABC) %py_class% { f <- abc$abstractmethod(function(self) 1) }
        """
    )
    with pytest.raises(TypeError, match="abstract"):
        ns.A()


def test_virtual_subclasses(define):
    cls = define("A %py_class% { area <- function() 1 }; A")
    Shape.register(cls)
    assert issubclass(cls, Shape) and isinstance(cls(), Shape)


def test_cached_property_on_a_base(define):
    class Base:
        calls = 0

        @functools.cached_property
        def costly(self):
            type(self).calls += 1
            return self.compute()

    a = define(
        "A(Base) %py_class% { compute <- function() 42L; twice <- function() 2L * self$costly };"
        " A()",
        Base=Base,
    )
    assert (a.twice(), a.costly, a.calls) == (84, 42, 1)


def test_slots_on_a_base(define):
    class Slotted:
        __slots__ = ("x",)

    a = define(
        "A(Slotted) %py_class% { initialize <- function(x) { self$x <- x; self$y <- 2 } }; A(1)",
        Slotted=Slotted,
    )
    assert (a.x, a.y) == (1.0, 2.0)
    assert vars(a) == {"y": 2.0}


def test_a_class_with_slots_of_its_own(define):
    cls = define(
        """
        A %py_class% {
          `__slots__` <- tuple("x", "__weakref__")
          private$n <- 0
          up <- function() { private$n <- private$n + 1; self$x <- private$n; self$x }
          fail <- function() self$y <- 1
        }
        A
        """
    )
    a, b = cls(), cls()
    assert [a.up(), a.up(), b.up()] == [1.0, 2.0, 1.0]
    assert not hasattr(a, "__dict__")
    with pytest.raises(AttributeError):
        a.fail()


def test_dataclass_base(define):
    @dataclasses.dataclass
    class Point:
        x: float
        y: float = 0.0

    cls = define(
        """
        P(Point) %py_class% {
          norm <- function() sqrt(self$x^2 + self$y^2)
        }
        P
        """,
        Point=Point,
    )
    p = cls(3.0, y=4.0)
    assert p.norm() == 5.0
    assert p == cls(3.0, 4.0) and dataclasses.asdict(p) == {"x": 3.0, "y": 4.0}
    assert dataclasses.replace(p, x=0.0).norm() == 4.0


def test_enum_base(define):
    color = define(
        """
        Color(Enum) %py_class% {
          RED <- 1L
          GREEN <- 2L
          label <- function() tolower(self$name)
        }
        Color
        """,
        Enum=enum.Enum,
    )
    assert [c.name for c in color] == ["RED", "GREEN"]
    assert color(2) is color.GREEN and color.RED.label() == "red"
    assert define("Color$GREEN$value") == 2


@pytest.mark.parametrize(
    ("base", "value"),
    [
        (int, 5),
        (str, "ab"),
        (float, 1.5),
        (tuple, (1, 2)),
        (list, [1, 2]),
        (dict, {"a": 1}),
        (set, {1}),
    ],
)
def test_subclasses_of_builtins(define, base, value):
    cls = define(
        """
        V(base) %py_class% {
          private$n <- 0
          up <- function() { private$n <- private$n + 1; private$n }
          length <- function() super$`__len__`()
          me <- function() self
          set <- function(v) py_set_attr(self, "extra", v)
        }
        V
        """,
        base=base,
    )
    v, w = cls(value), cls(value)
    assert v == value and isinstance(v, base)
    assert [v.up(), v.up(), w.up()] == [1.0, 2.0, 1.0]
    assert v.me() is v
    v.set("kept")
    assert v.extra == "kept"
    if hasattr(base, "__len__"):
        assert v.length() == len(value)


def test_exception_subclasses(define):
    cls = define(
        """
        Problem(ValueErr) %py_class% {
          initialize <- function(code, ...) { super$initialize(...); self$code <- code }
          `__str__` <- function() paste("problem", self$code)
        }
        raises <- function(code) {
          py_raise(Problem(code, "text"))
        }
        Problem
        """,
        ValueErr=ValueError,
    )
    with pytest.raises(cls) as caught:
        raise cls(3, "text")
    assert caught.value.args == ("text",) and str(caught.value) == "problem 3"
    with pytest.raises(cls) as caught:
        define("raises(7L)")
    assert caught.value.code == 7
    assert (
        define("tryCatch(raises(8L), python.builtin.ValueError = function(e) e$py_object$code)")
        == 8
    )
    assert "r_globalenv.Problem" in define("tryCatch(raises(1L), error = class)")


def test_py_raise(define):
    cls = define("Oops(E) %py_class% { code <- 3 }; Oops", E=Exception)
    with pytest.raises(cls) as caught:
        define("py_raise(Oops('text'))")
    assert caught.value.args == ("text",)
    assert define("tryCatch(py_raise(Oops), error = function(e) class(e)[[1]])").endswith("Oops")
    with pytest.raises(KeyboardInterrupt):
        define("py_raise(stop_now)", stop_now=KeyboardInterrupt)
    with pytest.raises(RError, match=r"py_raise.. needs a Python exception, not the value 3"):
        define("py_raise(3)")
    with pytest.raises(StopIteration):
        next(
            define(
                "Once %py_class% { `__next__` <- function() py_raise(stop) }; Once()",
                stop=StopIteration,
            )
        )


def test_generic_and_protocol(define):
    item = typing.TypeVar("item")

    class Box(typing.Generic[item]):
        def __init__(self, content):
            self.content = content

    @typing.runtime_checkable
    class Closes(typing.Protocol):
        def close(self): ...

    box = define("B(Box) %py_class% { get <- function() self$content }; B", Box=Box[item])
    assert box(3).get() == 3 and isinstance(box[int]("x"), box)
    assert box.__bases__ == (Box,) and box.__orig_bases__ == (Box[item],)
    closes = define("C %py_class% { close <- function() TRUE }; C")
    assert isinstance(closes(), Closes) and not isinstance(box(1), Closes)


def test_a_base_that_can_not_be_one(define):
    with pytest.raises(TypeError, match="not an acceptable base type"):
        define("A(bool) %py_class% { }", bool=bool)
    with pytest.raises(TypeError, match=r"MRO|method resolution"):
        define("A(o, b) %py_class% { }", o=object, b=int)
