"""A hook that Python calls: empty, with `self$last <- logs$loss`, with `private$n <- ...`.

The measure is R's own call of a closure with the same formals, by R's evaluator, as code at top
level runs, and in a byte-compiled loop. R is lazy: an empty closure's `list(loss = loss)` is never
made, while a hook's logs are. So the call of a closure that looks at its arguments is there, too,
and a hook that does.
"""

from __future__ import annotations

from measure import best_of, in_child, microseconds, per_call, table, times

import pyclass_bridge

CLASSES = """
Hooks %py_class% {
  initialize <- function() private$n <- 0
  empty <- function(epoch, logs = NULL) NULL
  looking <- function(epoch, logs = NULL) {
    epoch
    logs
    NULL
  }
  bare <- function() NULL
  last <- function(epoch, logs = NULL) self$last_loss <- logs$loss
  count <- function(epoch, logs = NULL) private$n <- private$n + logs$loss
}
closure <- function(epoch, logs = NULL) NULL
looking <- function(epoch, logs = NULL) {
  epoch
  logs
  NULL
}
loop <- function(n, closure) {
  loss <- 0.5
  for (i in seq_len(n)) closure(i, list(loss = loss))
}
evaluated <- local({
  previous <- compiler::enableJIT(0L)
  function(n, f = closure) {
    start <- proc.time()[["elapsed"]]
    loop(n, f)
    (proc.time()[["elapsed"]] - start) / n
  }
})
compiled_loop <- compiler::cmpfun(loop)
compiled <- function(n) {
  start <- proc.time()[["elapsed"]]
  compiled_loop(n, closure)
  (proc.time()[["elapsed"]] - start) / n
}
"""
# The hook of a name here is measured against the closure; those by hand have the same names.
TARGETS = {"empty": ("empty", 3), "self$last": ("last", 8), "private$n": ("count", 6)}


def main() -> None:
    pyclass_bridge.r(CLASSES)
    hooks = pyclass_bridge.r("Hooks")()
    own = best_of(lambda: pyclass_bridge.r("evaluated(300000)"))
    looking = best_of(lambda: pyclass_bridge.r("evaluated(300000, looking)"))
    compiled = best_of(lambda: pyclass_bridge.r("compiled(300000)"))
    by_hand = in_child("by_hand_rpy2")
    rows = [
        ("R's closure call, evaluated", microseconds(own), "1.00x", ""),
        ("  that looks at its arguments", microseconds(looking), times(looking / own), ""),
        ("R's closure call, compiled loop", microseconds(compiled), times(compiled / own), ""),
    ]
    for name, (method, target) in TARGETS.items():
        took = per_call(getattr(hooks, method), 1, {"loss": 0.5})
        rows.append((f"hook {name}", microseconds(took), times(took / own), f"<= {target}x"))
        rows.append(
            (
                f"  by hand over rpy2 / hook {name}",
                microseconds(by_hand[name]),
                times(by_hand[name] / took),
                ">= 10x",
            )
        )
    took = per_call(hooks.looking, 1, {"loss": 0.5})
    rows.append(("hook / closure, that look", microseconds(took), times(took / looking), ""))
    took = per_call(hooks.bare)
    rows.append(("hook without arguments", microseconds(took), times(took / own), ""))
    table("Python calls an R hook", rows)


if __name__ == "__main__":
    main()
