"""Objects that Python and R hold in a circle are freed, and nothing that is still in use.

Of: core/cycles.c, core/table.c.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import weakref

import pytest
from support.collecting import what_was_there_before  # noqa: F401

import pyclass_bridge
from pyclass_bridge import _core


def collect() -> None:
    for _ in range(3):
        gc.collect()


class Box:
    pass


# What `initialize` of a class does; each makes a circle of its own.
CIRCLES = {
    "function on self": "self$f <- function() self$n",
    "self in private": "private$me <- self",
    "function in private": "private$f <- function() self$n",
    "functions in a list": "self$l <- list(a = 1, list(function() self$n))",
    "a frame": "e <- environment(); self$e <- e; e$me <- self",
    "a bound method": "e <- new.env(); e$m <- self$get; self$e <- e",
    "super": "self$f <- function() super$get()",
    "a formula": "self$formula <- y ~ x",
    "a Python object between": "box <- Box(); box$of <- self; self$e <- list2env(list(b = box))",
    "two instances": "other <- Box(); other$f <- function() self; self$other <- other",
    "a Python list": "self$l <- r_to_py(list(self, function() self))",
    "a handler": "self$f <- tryCatch(stop('x'), error = function(e) function() list(e, self))",
    "a promise": "late <- function(x) function() x; self$f <- late(self); self$g <- late(self$n)",
    "an object of S3": "e <- new.env(); e$self <- self; class(e) <- 'stack'; self$s <- e",
    "private twice": "private$a <- new.env(); private$a$b <- private; private$a$me <- self",
    "a data frame": "d <- data.frame(x = 1); attr(d, 'of') <- environment(); self$d <- d",
    "an active binding": "makeActiveBinding('one', function() self$n, private)",
    "the class": "self$make <- function() A",
}


def instances(define, circle: str, n: int = 5, more: str = ""):
    cls = define(
        f"""
        A(Base) %py_class% {{
          private$step <- function() private$n
          initialize <- function() {{ self$n <- 1; private$n <- 2; {circle} }}
          get <- function() self$n + private$n
          {more}
        }}
        A
        """,
        Base=type("Base", (), {"get": lambda self: self}),
        Box=Box,
    )
    made = [cls() for _ in range(n)]
    for instance in made:
        assert instance.get() == 3
    return made


@pytest.mark.parametrize("circle", CIRCLES.values(), ids=CIRCLES)
def test_a_circle_is_freed(define, circle):
    made = instances(define, circle)
    references = [weakref.ref(instance) for instance in made]
    collect()
    assert all(reference() is not None for reference in references)
    kept = made.pop()
    del made[:]
    collect()
    assert [reference() for reference in references] == [None] * 4 + [kept]
    assert kept.get() == 3


def test_a_class_defined_in_a_frame_that_its_methods_see(define):
    references = []
    for _ in range(20):
        cls = define("make <- function() { A %py_class% { m <- function() A }; A }; make()")
        assert cls().m() is cls
        references.append(weakref.ref(cls))
        del cls
    collect()
    assert [reference() for reference in references] == [None] * 20


def test_chains_of_instances(define):
    """Each holds the next one through R, and the last one the first."""
    made = instances(define, "self$hold <- function(x) { self$f <- function() x; NULL }", n=50)
    for instance, other in zip(made, [*made[1:], made[0]], strict=True):
        instance.hold(other)
    references = [weakref.ref(instance) for instance in made]
    first = made[0]
    del made[:], instance, other
    collect()
    assert all(reference() is not None for reference in references)
    walk = first
    for _ in range(50):
        walk = walk.f()
    assert walk is first
    del first, walk
    collect()
    assert not any(reference() is not None for reference in references)


HOLDERS = {
    "an R variable": ("held <- a", "held <- NULL"),
    "an R function": ("held <- local({ x <- a; function() x })", "held <- NULL"),
    "what it made": ("held <- a$f", "held <- NULL"),
    "an R option": ("options(held = a)", "options(held = NULL)"),
    "an R list of lists": ("held <- list(list(a))", "held <- NULL"),
    "another Python object": ("box$of <- a", "box$of <- NULL"),
}


@pytest.mark.parametrize(("hold", "drop"), HOLDERS.values(), ids=HOLDERS)
def test_what_is_in_use_lives(define, hold, drop):
    made = instances(define, "{ self$f <- function() self$n; private$me <- self }", n=1)
    reference, box = weakref.ref(made[0]), Box()
    define("use <- function(a, box) { " + hold.replace("held <-", "held <<-") + "; NULL }; NULL")
    define("held <- NULL; use")(made.pop(), box)
    collect()
    assert reference() is not None and reference().f() == 1 and reference().get() == 3
    define("function(box) { " + drop.replace("held <-", "held <<-") + "; NULL }")(box)
    collect()
    assert reference() is None


def test_a_running_method_keeps_its_instance(define):
    (instance,) = instances(
        define, "self$f <- function() self$n", 1, "run <- function(g) { g(); self$n }"
    )
    reference = weakref.ref(instance)
    run = instance.run
    del instance
    assert run(collect) == 1
    del run
    collect()
    assert reference() is None


def test_finalizers_run_once_while_everything_is_whole(define):
    made = instances(
        define,
        "{ self$f <- function() self$n; private$me <- self }",
        more="finalize <- function() said <<- c(said, self$f() + private$me$get())",
    )
    define("said <- NULL")
    references = [weakref.ref(instance) for instance in made]
    del made
    collect()
    assert define("said") == [4.0] * 5
    assert not any(reference() is not None for reference in references)


def test_an_instance_that_its_finalizer_saves_lives(define):
    made = instances(
        define, "self$f <- function() self$n", 1, "finalize <- function() saved <<- self"
    )
    define("saved <- NULL")
    reference = weakref.ref(made.pop())
    collect()
    assert reference() is not None and reference().f() == 1
    define("rm(saved)")
    collect()
    assert reference() is None


def test_finalizers_of_r_run_only_for_garbage(define):
    (instance,) = instances(
        define,
        "e <- new.env(); e$me <- self; self$e <- e; reg.finalizer(e, \\(e) gone <<- gone + 1)",
        n=1,
    )
    define("gone <- 0")
    for _ in range(5):
        gc.collect()
    assert define("gone") == 0 and instance.get() == 3
    del instance
    collect()
    define("invisible(gc())")
    assert define("gone") == 1


def test_r_code_of_finalizers_sees_everything_in_place(define):
    """A finalizer of R that calls Python and R, and collects, runs after the search has decided."""
    made = instances(define, "self$f <- function() self$n", n=20)
    alive = made[:10]
    define(
        """
        function(seen) {
          for (i in 1:5) local({
            e <- new.env()
            reg.finalizer(e, function(e) { invisible(gc()); seen(i) })
          })
          NULL
        }
        """
    )(lambda i: collect() or counted.append([instance.f() for instance in alive]))
    counted: list = []
    del made
    for _ in range(3):
        collect()
    assert len(counted) == 5 and all(values == [1] * 10 for values in counted)


def test_many_circles_are_freed_without_being_asked(define):
    cls = define("A %py_class% { initialize <- function() { self$f <- function() self$n } }; A")
    references = []
    gc.disable()
    try:
        for _ in range(6000):
            references.append(weakref.ref(cls()))
        define("invisible(gc())")
        cls()
        alive = sum(reference() is not None for reference in references)
    finally:
        gc.enable()
    assert alive < 4000


def test_threads_use_what_others_collect(define):
    make = define(
        """
        A %py_class% {
          initialize <- function(n) { self$n <- n; self$f <- function() self$n; private$me <- self }
          get <- function() private$me$f()
        }
        A
        """
    )
    wrong: list = []

    def work(k: int) -> None:
        for i in range(150):
            instance = make(float(i))
            if instance.f() != i or instance.get() != i:
                wrong.append((k, i))
            if i % 10 == k:
                gc.collect(2)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_faults_of_memory_leave_everything_in_place(define, capfd):
    """Each allocation of R that the search makes fails once."""
    made = instances(define, "{ self$f <- function() self$n; private$me <- self }", n=8)
    references = [weakref.ref(instance) for instance in made]
    for at in range(1, 80):
        _core.set_fault(at)
        try:
            with contextlib.suppress(pyclass_bridge.RError):
                _core.collect_cycles()
        finally:
            _core.set_fault(0)
        assert [instance.f() + instance.get() for instance in made] == [4.0] * 8
    del made
    collect()
    assert not any(reference() is not None for reference in references)
    assert "injected fault" in capfd.readouterr().err


def test_a_training_that_its_callback_holds(define):
    """What an instance holds may be large: a graph of Python objects with values of R in it."""
    made = instances(define, "self$f <- function() self$n", n=1)
    nodes = [Box() for _ in range(20_000)]
    for node, after in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        node.after, node.owner = after, made[0]
    made[0].nodes = nodes[0]
    reference = weakref.ref(made.pop())
    del nodes, node, after
    collect()
    assert reference() is None
    assert pyclass_bridge.r("1") == 1


def test_a_collection_on_a_thread_that_can_not_run_r_is_silent(define):
    """Its stack is too small for R: the search is left to the next call of R."""
    made = instances(define, "self$f <- function() self$n", n=3)
    references = [weakref.ref(instance) for instance in made]
    told = []
    hook, sys.unraisablehook = sys.unraisablehook, told.append
    before = threading.stack_size(256 * 1024)
    try:
        del made
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
        sys.unraisablehook = hook
    assert told == []
    define("1")
    assert not any(reference() is not None for reference in references)
