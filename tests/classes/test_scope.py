"""The scope of a method after the call: what R code has captured stays as it was."""

from __future__ import annotations

CALLS = 6  # the third call compiles


def test_captured_self_and_environments(define):
    cls = define(
        """
        A %py_class% {
          initialize <- function(n) self$n <- n
          closure <- function() function() self$n
          env <- function() environment()
          frame <- function() parent.frame()
          lazy <- function(x) function() x
          own <- function() sys.function()
          supers <- function() super
          private_env <- function() { private$v <- self$n; private }
        }
        A
        """
    )
    made = [(cls(n).closure(), n) for n in range(CALLS)]
    assert [f() for f, _ in made] == [n for _, n in made]
    assert define("function(e) get('self', envir = e)$n")(cls(5).env()) == 5
    envs = [cls(n).env() for n in range(CALLS)]
    get = define("function(e) c(get('self', envir = e)$n, exists('private', envir = e))")
    assert [get(e)[0] for e in envs] == list(range(CALLS))
    assert [cls(n).lazy(n + 1)() for n in range(CALLS)] == [n + 1 for n in range(CALLS)]
    supers = [cls(n).supers() for n in range(CALLS)]
    name = define("function(s) s$`__class__`$`__name__`")
    assert {name(s) for s in supers} == {"super"}
    frames = [cls(n).frame() for n in range(CALLS)]
    assert {f.typeof for f in frames} == {"environment"}
    private = [cls(n).private_env() for n in range(CALLS)]
    assert [define("function(e) e$v")(e) for e in private] == list(range(CALLS))
    assert [define("function(f) is.function(f)")(cls(n).own()) for n in range(3)] == [True] * 3


def test_super_arrow_on_the_scope_does_not_outlive_the_call(define):
    cls = define(
        """
        A %py_class% {
          initialize <- function(n) self$n <- n
          spoil <- function() { self <<- "spoilt"; private <<- NULL; self }
          fresh <- function() { made_up <<- 5; exists("made_up") }
          m <- function() { out <- self$n; self <<- 0; out }
        }
        A
        """
    )
    a, b = cls(1), cls(2)
    for _ in range(CALLS):
        assert a.spoil() == "spoilt"
        assert (a.m(), b.m()) == (1, 2)
        assert a.fresh() is True


def test_double_arrow_on_variables_outside(define):
    a, total = define(
        "total <- 0; A %py_class% { m <- function(x) total <<- total + x };"
        " list(A(), function() total)"
    )
    for _ in range(CALLS):
        a.m(2)
    assert total() == 2.0 * CALLS


def test_restarts_and_returns_across_methods(define):
    a = define(
        """
        A %py_class% {
          inner <- function(f) { self$depth <- 1; f(); "not reached" }
          outer <- function() {
            callCC(function(k) self$inner(function() k("escaped")))
          }
          restarts <- function() withRestarts(self$inner(function() invokeRestart("mine")),
                                              mine = function() "restarted")
        }
        A()
        """
    )
    for _ in range(CALLS):
        assert a.outer() == "escaped" and a.restarts() == "restarted"
