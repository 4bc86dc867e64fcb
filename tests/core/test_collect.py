"""What Python drops is collected: instances, and classes that nothing holds.

R gives up what it has held when it collects, so a test collects on both sides.

Of: core/pointer.c, core/visit.c.
"""

from __future__ import annotations

import gc
import weakref

import pytest
from support.collecting import what_was_there_before  # noqa: F401

import pyclass_bridge
from pyclass_bridge import _core


def collect() -> None:
    for _ in range(2):
        gc.collect()
        pyclass_bridge.r("invisible(gc())")


def survivors(make, use=lambda instance: None, n=6) -> int:
    """How many of n instances are alive after use and collection."""
    references = []
    for _ in range(n):
        instance = make()
        use(instance)
        references.append(weakref.ref(instance))
        del instance
    collect()
    return sum(reference() is not None for reference in references)


class Base:
    def who(self, *args):
        return self

    @property
    def prop(self):
        return self


BODIES = {
    "nothing": "NULL",
    "self": "self",
    "self attribute": "{ self$x <- 1; self$x }",
    "self in itself": "{ self$me <- self; NULL }",
    "own method": "self$other()",
    "method in a variable": "{ f <- self$other; f(); f }",
    "private": "{ private$n <- private$n + 1; private$n }",
    "private method": "private$step()",
    "private active": "private$twice",
    "active": "{ self$p; self$p <- 3 }",
    "super": "super$who()",
    "super with self": "super()$who(self)",
    "explicit super": "super(A, self)$who()",
    "super property": "super$prop",
    "class": "{ `__class__`; A }",
    "R objects": "{ self$df <- data.frame(x = 1); self$f <- factor('a'); self$e <- globalenv() }",
    "lists": "{ self$l <- list(1, 'a', list(NULL)); self$d <- list(a = 1:3) }",
    "own function": "{ f <- function() self; f() }",
    "sapply": "sapply(1:3, function(i) self$other())",
    "tryCatch": "tryCatch(stop('x'), error = function(e) self)",
    "Python error": "tryCatch(self$nothing, error = function(e) py_clear_last_error())",
    "on.exit": "{ on.exit(self$x <- 1); self }",
    "local": "local({ a <- self; a$x <- 1 })",
    "returned closure": "function() self",
    "returned environment": "environment()",
    "kept function of no method": "{ self$f <- sum; self$g <- identity }",
    "iterator": "{ self$it <- as_iterator(list(1, 2)); NULL }",
    "string": "paste(format(self), class(self)[[1]])",
    "error": "tryCatch(self$fail(), error = function(e) NULL)",
    "double arrow": "{ self <<- NULL; NULL }",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("calls", [1, 5], ids=["written", "compiled"])
def test_instances(define, body, calls):
    cls = define(
        f"""
        A(Base) %py_class% {{
          private$n <- 0
          private$step <- function() {{ private$n <- private$n + 1; super$who() }}
          private$twice %<-active% function() {{ self$x <- 2; private$n }}
          initialize <- function() {{ super$initialize(); self$x <- 0 }}
          p %<-active% function(value) if (missing(value)) private$n else private$n <- value
          other <- function() self$x
          fail <- function() stop("failed")
          m <- function() {body}
        }}
        A
        """,
        Base=Base,
    )

    def use(instance):
        for _ in range(calls):
            instance.m()

    assert survivors(cls, use) == 0


def test_dead_at_once_when_r_has_kept_nothing(define):
    cls = define(
        "A %py_class% { private$n <- 0; m <- function(x) { self$x <- x;"
        " private$n <- private$n + 1; self$x } }; A"
    )
    for _ in range(6):
        instance = cls()
        for x in range(4):
            instance.m(x)
        reference = weakref.ref(instance)
        del instance
        assert reference() is None


def test_what_r_holds_lives(define):
    define("A %py_class% { m <- function() self }; held <- A()")
    reference = weakref.ref(define("held"))
    collect()
    assert reference() is not None and reference().m() is reference()
    define("rm(held)")
    collect()
    assert reference() is None


def test_a_closure_keeps_its_instance_as_long_as_it_lives(define):
    f = define("A %py_class% { x <- 5; later <- function() function() self$x }; A()$later()")
    collect()
    assert f() == 5.0
    reference = weakref.ref(define("function(f) get('self', environment(f))")(f))
    collect()
    assert reference() is not None and f() == 5.0
    del f
    collect()
    assert reference() is None


def test_a_closure_kept_on_its_own_instance(define):
    """The closure holds the frame it was made in, and `self` with it: a cycle of the user's that
    runs through both languages, which no collector sees. Removing the attribute ends it."""
    cls = define("A %py_class% { x <- 5; m <- function() self$f <- function() self$x }; A")
    instance = cls()
    instance.m()
    assert instance.f() == 5.0
    reference = weakref.ref(instance)
    del instance.f, instance
    collect()
    assert reference() is None


def test_cycles_of_python_through_r_instances(define):
    cls = define("A %py_class% { initialize <- function(other = NULL) self$other <- other }; A")

    def pair():
        one = cls()
        one.other = cls(one)
        return one

    assert survivors(pair) == 0


def test_private_goes_with_its_instance(define):
    from pyclass_bridge.bridge import private

    cls = define("A %py_class% { m <- function(x) private$big <- x }; A")
    collect()
    before = len(private.table)
    kept = [cls() for _ in range(5)]
    for instance in kept:
        instance.m([1.0, 2.0])
    assert len(private.table) == before + 5
    kept.clear()
    del instance
    collect()
    assert len(private.table) == before


def test_finalize_runs_once_with_scope(define):
    seen = []
    cls = define(
        """
        A %py_class% {
          private$tag <- "private"
          initialize <- function(n) self$n <- n
          finalize <- function() note(list(self$n, private$tag, `__class__`$`__name__`))
        }
        A
        """,
        note=seen.append,
    )
    for n in range(4):
        cls(n)
    assert seen == [[n, "private", "A"] for n in range(4)]
    cycle = cls(9)
    cycle.me = cycle
    del cycle
    collect()
    assert [row[0] for row in seen] == [0, 1, 2, 3, 9]


def test_weakref_finalizers_run(define):
    cls = define("A %py_class% { m <- function() super$`__repr__`() }; A")
    seen = []
    instance = cls()
    instance.m()
    weakref.finalize(instance, seen.append, "gone")
    del instance
    collect()
    assert seen == ["gone"]


def test_an_error_gives_its_instance_up(define):
    cls = define("A %py_class% { m <- function() stop('x') }; A")

    def use(instance):
        with pytest.raises(pyclass_bridge.RError):
            instance.m()

    assert survivors(cls, use) == 0


def test_arguments_are_given_up_when_a_later_one_fails(define):
    """An R jump, such as an error of a user's method, ends the call of Python from R."""
    call = define(
        """
        r_to_py.bad_of_collect <- function(x, convert = FALSE) stop("no value")
        registerS3method("r_to_py", "bad_of_collect", r_to_py.bad_of_collect,
                         envir = asNamespace("pyclassbridge"))
        bad <- structure(1, class = "bad_of_collect")
        function(f, x) tryCatch(f(x, bad), error = conditionMessage)
        """
    )

    def use(instance):
        assert call(print, instance) == "no value"

    assert survivors(Base, use) == 0


def test_a_class_that_its_environment_has_let_go(define):
    class_reference = weakref.ref(
        define(
            "A(Base) %py_class% { private$n <- 1; p %<-active% function() 1;"
            " m <- function() { super$who(); private$n } }; A()$m(); A",
            Base=Base,
        )
    )
    define("rm(A)")
    collect()
    assert class_reference() is None


def test_a_class_defined_again_gives_the_old_one_up(define):
    references = [
        weakref.ref(
            define("A %py_class% { m <- function() A; s <- staticmethod(function() 1) }; A")
        )
        for _ in range(4)
    ]
    collect()
    assert [reference() is not None for reference in references] == [False, False, False, True]


def test_no_proxies_are_left(define):
    def count():
        collect()
        return _core.counters()["proxies"]

    cls = define(
        "A(Base) %py_class% { m <- function(x) { super$who(x); self$x <- x; self$x } }; A",
        Base=Base,
    )
    cls().m([1, 2])
    before = count()
    for _ in range(5):
        instance = cls()
        instance.m(object())
        instance.m({"a": object()})
    del instance
    assert count() == before
