"""`private`: one environment for each instance, hidden from Python, shared by its R classes."""

from __future__ import annotations

import copy
import gc
import threading
import weakref

import pytest

from pyclass_bridge import RError

COUNTER = """
Counter %py_class% {
  private$n <- 0
  private$step <- function(by = 1) { private$n <- private$n + by; invisible(self) }
  private$twice %<-active% function(value) {
    if (missing(value)) 2 * private$n else private$n <- value / 2
  }
  up <- function(by = 1) { private$step(by); private$n }
  doubled <- function() private$twice
  set_twice <- function(v) private$twice <- v
  chained <- function() private$step(1)$up(10)
}
"""


def test_per_instance_and_kept_between_calls(define):
    cls = define(COUNTER + "Counter")
    a, b = cls(), cls()
    assert [a.up(), a.up(2), b.up(), a.up()] == [1.0, 3.0, 1.0, 4.0]
    a.set_twice(20)
    assert (a.up(0), a.doubled(), b.doubled()) == (10.0, 20.0, 2.0)
    assert a.chained() == 21.0


def test_hidden_from_python(define):
    a = define(COUNTER + "Counter()")
    a.up()
    for where in (dir(a), vars(a), dir(type(a)), vars(type(a))):
        assert not {"private", "n", "step"} & set(where)
        assert not any("private" in name for name in where)
    assert not hasattr(a, "private") and not hasattr(a, "n")
    with pytest.raises(AttributeError):
        define("function(a) a$private")(a)


def test_shared_along_the_chain_of_r_classes(define):
    cls = define(
        """
        A %py_class% {
          private$x <- "A's x"
          private$only_a <- 1
          private$who <- function() "A"
          private$prop %<-active% function() "A prop"
          ask_a <- function() c(private$who(), private$x, private$prop)
          bump <- function() private$only_a <- private$only_a + 1
        }
        B(A) %py_class% {
          private$x <- "B's x"
          private$who <- function() "B"
          private$prop %<-active% function() "B prop"
          private$only_b <- function() private$only_a * 100
          ask_b <- function() c(private$who(), private$x, private$prop)
          seen <- function() { private$late <- "set in B"; private$only_b() }
          read_late <- function() private$late
        }
        C(B) %py_class% {
          private$who <- "a value now"
          last <- function() private$who
        }
        list(A, B, C)
        """
    )
    a, b, c = cls
    assert a().ask_a() == ["A", "A's x", "A prop"]
    instance = b()
    assert instance.ask_a() == instance.ask_b() == ["B", "B's x", "B prop"]
    instance.bump()
    assert instance.seen() == 200.0 and instance.read_late() == "set in B"
    assert c().last() == "a value now"


def test_shared_through_a_python_class_in_between(define):
    first = define("A %py_class% { private$n <- 1; get <- function() private$n }; A")

    class Middle(first):
        pass

    last = define(
        "B(Middle) %py_class% { up <- function() { private$n <- private$n + 1; self$get() } }; B",
        Middle=Middle,
    )
    assert last().up() == 2.0 and Middle().get() == 1.0

    class Bottom(last):
        def __init__(self):
            super().__init__()
            self.up()

    assert Bottom().up() == 3.0


def test_private_methods_see_their_own_class(define):
    b = define(
        """
        A %py_class% {
          tag <- "A"
          private$mine <- function() c(`__class__`$`__name__`, self$tag)
          a <- function() private$mine()
        }
        B(A) %py_class% {
          tag <- "B"
          private$other <- function() c(`__class__`$`__name__`, super$tag, private$mine())
          b <- function() private$other()
        }
        B()
        """
    )
    assert b.a() == ["A", "B"]
    assert b.b() == ["B", "A", "A", "B"]


def test_undeclared_names(define):
    a = define(
        """
        A %py_class% {
          set <- function(v) private$made_up <- v
          get <- function() private$made_up
          names <- function() sort(ls(private))
          brackets <- function() { private[["b"]] <- 2; private[["b"]] }
          is_env <- function() is.environment(private)
        }
        A()
        """
    )
    assert a.get() is None
    a.set("v")
    assert a.get() == "v" and a.brackets() == 2.0 and a.names() == ["b", "made_up"]
    assert a.is_env() is True


def test_values_in_private_are_lossless(define):
    assert (
        define(
            """
        A %py_class% {
          put <- function(v) private$v <- v
          same <- function(v) identical(private$v, v)
        }
        a <- A()
        same <- function(v) {
          A %py_class% {
            check <- function() { private$v <- v; self$again() }
            again <- function() identical(private$v, v)
          }
          A()$check()
        }
        vapply(list(factor("a"), data.frame(x = 1:2), NULL, list(), Sys.Date(), 1:3, NA, y ~ x,
                    function(x) x, quote(a + b)), same, NA)
        """
        )
        == [True] * 10
    )


def test_nested_closures_see_private(define):
    a = define(
        """
        A %py_class% {
          private$n <- 0
          many <- function(k) {
            sapply(seq_len(k), function(i) private$n <- private$n + i)
            private$n
          }
          caught <- function() tryCatch(stop("x"), error = function(e) private$n <- -1)
          leaving <- function() { on.exit(private$n <- 99); private$n }
          inner <- function() local({ private$n <- 5; private$n })
          get <- function() private$n
        }
        A()
        """
    )
    assert a.many(4) == 10.0
    a.caught()
    assert a.get() == -1.0 and a.leaving() == -1.0 and a.get() == 99.0
    assert a.inner() == 5.0


def test_in_initialize_finalize_and_active(define):
    out = []
    cls = define(
        """
        A %py_class% {
          private$log <- NULL
          initialize <- function(x) { super$initialize(); private$x <- x }
          finalize <- function() note(private$x)
          x %<-active% function(value) {
            if (missing(value)) return(private$x)
            private$x <- value
          }
        }
        A
        """,
        note=out.append,
    )
    a = cls("first")
    assert a.x == "first"
    a.x = "second"
    assert a.x == "second"
    del a
    define("gc()")  # `super$initialize` is a Python method, which R has held
    assert out == ["second"]


def test_class_and_static_methods_have_none(define):
    cls = define(
        """
        A %py_class% {
          made <- classmethod(function() exists("private", inherits = TRUE))
          plain <- staticmethod(function() c(exists("private"), exists("self"), exists("super")))
        }
        A
        """
    )
    assert cls.made() is False
    assert cls.plain() == [False, False, False]


def test_threads_see_their_instances(define):
    cls = define(COUNTER + "Counter")
    counters = [cls() for _ in range(4)]
    threads = [threading.Thread(target=lambda c=c: [c.up() for _ in range(50)]) for c in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [c.up(0) for c in counters] == [50.0] * 4


def test_a_recycled_id_is_another_instance(define):
    cls = define(COUNTER + "Counter")
    for _ in range(50):
        assert cls().up() == 1.0


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy])
def test_a_copy_has_a_private_of_its_own_with_the_same_contents(define, how):
    cls = define(
        """
        Base %py_class% { private$list <- list(1) }
        A(Base) %py_class% {
          private$n <- 0
          private$get <- function() private$n
          private$double %<-active% function() 2 * private$n
          up <- function() { private$n <- private$n + 1; private$own <- "o"; private$get() }
          state <- function() list(private$get(), private$double, private$own, private$list)
          is_mine <- function() { private$check <- function() self; private$n }
          who <- function() private$itself()
          private$itself <- function() self
        }
        A
        """
    )
    a = cls()
    a.extra = [1]
    a.up()
    a.up()
    b = how(a)
    assert type(b) is cls and b is not a
    assert b.state() == [2.0, 4.0, "o", [1.0]] == a.state()
    assert (b.extra is a.extra) == (how is copy.copy)
    b.up()
    assert (a.up(), b.up(), b.up()) == (3.0, 4.0, 5.0)
    assert b.who() is b and a.who() is a
    fresh = how(cls())
    assert fresh.up() == 1.0


def test_the_copy_methods_of_a_base_are_kept(define):
    class Base:
        def __copy__(self):
            made = type(self)()
            made.copied = True
            return made

    cls = define(
        "A(Base) %py_class% { private$n <- 1; up <- function() private$n <- private$n + 1;"
        " get <- function() private$n }; A",
        Base=Base,
    )
    a = cls()
    a.up()
    b = copy.copy(a)
    assert b.copied is True


def test_slots_without_weak_references(define):
    cls = define(
        """
        A %py_class% {
          `__slots__` <- list("x")
          private$n <- 1
          get <- function() private$n
        }
        A
        """
    )
    with pytest.raises(TypeError, match=r"`A` .*`__weakref__`"):
        cls().get()
    plain = define(
        """
        B %py_class% {
          `__slots__` <- list("x")
          initialize <- function() self$x <- 5
          get <- function() self$x
          fail <- function() private$n <- 1
        }
        B
        """
    )
    assert plain().get() == 5.0
    with pytest.raises(RError, match="locked"):
        plain().fail()


def test_errors_name_the_private_member(define):
    a = define(
        "A %py_class% { private$p <- function() stop('inside'); m <- function() private$p() }; A()"
    )
    with pytest.raises(RError, match="inside") as caught:
        a.m()
    assert caught.value.call == "private$p()"


def test_what_is_private_goes_with_its_instance(define, r):
    class Held:
        pass

    keep = define("A %py_class% { keep <- function(x) { private$x <- x; invisible() } }; A")
    held, instance = Held(), keep()
    instance.keep(held)
    gone = weakref.ref(held)
    del held, instance
    # R's collector finds the environment, the next entry lets the object go.
    for _ in range(2):
        gc.collect()
        r("invisible(gc())")
    assert gone() is None
