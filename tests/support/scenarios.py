"""Crossings of every kind, for the tests that make R fail, collect or run out of memory in them.

Each scenario is a function without arguments that gives True or raises; it gives False for a wrong
result only. The R and Python definitions are made once, by `make_scenarios()`.
"""

from __future__ import annotations

import asyncio

import numpy as np

from pyclass_bridge import RError

DEFINITIONS = """
add <- function(a, b = 2, ...) a + b
anything <- function(...) list(...)
call_it <- function(f, ...) f(...)
wait_for <- function(f, ...) py_await(f(...))
catch_it <- function(f) tryCatch(f(), error = function(e) c(class(e)[[1L]], conditionMessage(e)))
fail <- function() stop("on purpose")
raw_list <- function() list(a = 1, b = "x", c = list(1L, NULL), d = c(TRUE, NA), m = diag(2))
names_of <- function(x) paste(names(x), collapse = " ")
get_it <- function(o) o$value
set_it <- function(o, v) { o$value <- v; o$value }
# The second array is an ALTREP vector, whose numbers another vector has.
arrays <- function() {
  shared <- as.double(1:100)
  x <- shared
  dim(x) <- c(20L, 5L)
  list(matrix(1:100 + 0, 20), x, matrix(1:100, 20))
}
call_many <- function(f) f(1, "a", 1:3, list(1, 2), TRUE, NULL, c(a = 1), x = 2, y = "b", z = 3L)

Base %py_class% {
  initialize <- function(n = 0) { self$n <- n; private$calls <- 0 }
  step <- function(by = 1) {
    private$calls <- private$calls + 1
    self$n <- self$n + by
    self$n
  }
  calls <- function() private$calls
  double <- active_property(function() 2 * self$n)
  make <- staticmethod(function(x) x * 10)
  keep <- function() { self$again <- function() self$n; NULL }
  later <- async_method(function(by = 1) { self$n <- self$n + by; self$n })
}
Derived(Base) %py_class% {
  step <- function(by = 1) super$step(by) + 100
}

Hooks <- Callback("Hooks",
  on_epoch_end = function(epoch, logs = NULL) {
    self$epoch <- epoch
    self$gap <- logs$val_loss - logs$loss
    list(gap = self$gap, names = paste(names(logs), collapse = " "))
  },
  on_train_end = function(logs = NULL) self$last <- logs
)
"""


class Thing:
    def __init__(self):
        self.value = 1.0


def make_scenarios(source) -> dict:
    """{name: function}; `source` makes a namespace of R code."""
    import pyclass_bridge

    ns = source(DEFINITIONS, "scenarios.R")
    thing, derived, hooks = Thing(), ns.Derived(1), ns.Hooks()

    def dict_to_r():
        logs = {"loss": 0.5, "val_loss": 1.5, "lr": np.float32(0.25), "more": [1, "a", {"b": None}]}
        return ns.names_of(logs) == "loss val_loss lr more"

    def hook():
        """Keras counts epochs from 0 and R from 1; what the hook gives joins the logs."""
        logs = {"loss": 0.5, "val_loss": 1.5}
        hooks.on_epoch_end(4, logs)
        merged = {"loss": 0.5, "val_loss": 1.5, "gap": 1.0, "names": "loss val_loss"}
        return (hooks.epoch, hooks.gap, logs) == (5, 1.0, merged)

    def hook_without_index():
        logs = {"loss": 0.5, "accuracy": 1.0}
        hooks.on_train_end(logs)
        return hooks.last == logs

    def arrays():
        """Read when R has no other use for their numbers; the views come back as R's arrays."""
        expected = np.arange(1, 101).reshape((20, 5), order="F")
        views = ns.arrays()
        back = ns.call_it(lambda *given: list(given), *views)
        return all(np.array_equal(view, expected) for view in [*views, *back])

    def fail_in_python():
        raise KeyError("on purpose")

    def define_class():
        return pyclass_bridge.r("Made %py_class% { x <- 1; m <- function(a = 1) a }; Made")

    def define_function():
        return pyclass_bridge.r("function(x, y = 1, ...) x")

    return {
        "numbers": lambda: ns.add(1, b=2.5) == 3.5,
        "arguments of every kind": lambda: (
            len(
                ns.anything(
                    None,
                    True,
                    1,
                    2.5,
                    "é",
                    1j,
                    b"x",
                    [1, 2],
                    [1, "a"],
                    {"a": [1.5], "b": {}},
                    (1, 2),
                    thing,
                    2**60,
                    np.arange(3),
                    np.float32(1),
                    fail_in_python,
                    ns.add,
                    x=1,
                    y="b",
                )
            )
            == 19
        ),
        "results of every kind": lambda: ns.raw_list()["c"] == [1, None],
        "a class": lambda: define_class().__name__ == "Made",
        "a function of R": lambda: define_function()(1) == 1,
        "a call from R": lambda: ns.call_it(lambda x: x + 1, 1) == 2,
        "a call from R with many arguments": lambda: (
            ns.call_many(lambda *a, **k: len(a) + len(k)) == 10
        ),
        "an attribute": lambda: ns.get_it(thing) == thing.value,
        "an assignment": lambda: ns.set_it(thing, [1, "a"]) == [1, "a"],
        "a method": lambda: derived.step(1) > 100 and derived.calls() > 0,
        "a property": lambda: derived.double == 2 * derived.n,
        "an async method": lambda: asyncio.run(derived.later(1)) == derived.n,
        "an await of R": lambda: ns.wait_for(derived.later, 1) == derived.n,
        "a static method": lambda: ns.Base.make(2) == 20,
        "an instance": lambda: ns.Derived(3).n == 3,
        "a method that R keeps": lambda: derived.keep() is None and derived.again() == derived.n,
        "views of arrays": arrays,
        "a dict": dict_to_r,
        "a hook": hook,
        "a hook without an index": hook_without_index,
        "an R error": lambda: raises(ns.fail, "on purpose"),
        "a Python error in R": lambda: caught(
            ns.catch_it(fail_in_python), "python.builtin.KeyError", "on purpose"
        ),
        "a Python error through R": lambda: raises(lambda: ns.call_it(fail_in_python), "purpose"),
        "an R error through both": lambda: raises(lambda: ns.call_it(ns.fail), "on purpose"),
        "an R error caught below Python": lambda: caught(
            ns.catch_it(lambda: ns.call_it(ns.fail)), "simpleError", "on purpose"
        ),
        "code": lambda: pyclass_bridge.r("x + 1", x=1) == 2,
    }


def raises(work, text: str) -> bool:
    try:
        work()
    except Exception as error:
        if text not in str(error):
            raise
        return True
    return False


def caught(condition, r_class: str, text: str) -> bool:
    """Was it the condition of this class that R caught? Another error that it met is raised."""
    found, message = condition
    if text not in message:
        raise RError(message)
    return found == r_class
