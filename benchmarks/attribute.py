"""R reads an attribute of a Python object: against a bare `.Call` of two arguments that gives a
number (a sum for tests in stats, here of one number), and through `$`, whose S3 dispatch is R's own
cost."""

from __future__ import annotations

from measure import best_of, table, times

import pyclass_bridge

CODE = """
local({
  timed <- function(f) compiler::cmpfun(function(n) {
    start <- proc.time()[["elapsed"]]
    f(n)
    (proc.time()[["elapsed"]] - start) / n
  })
  ns <- asNamespace("pyclassbridge")
  bare <- stats:::C_pp_sum
  get <- ns$core_get_attr
  plain <- structure(list(), class = "plain_with_dollar")
  registerS3method("$", "plain_with_dollar", function(x, name) NULL, envir = baseenv())
  list(
    bare = timed(compiler::cmpfun(function(n) for (i in 1:n) .Call(bare, 1.5, 0L))),
    read = timed(compiler::cmpfun(function(n) for (i in 1:n) .Call(get, object, "x"))),
    dispatch = timed(compiler::cmpfun(function(n) for (i in 1:n) plain$x)),
    dollar = timed(compiler::cmpfun(function(n) for (i in 1:n) object$x))
  )
})
"""


class Holder:
    x = 1.5


def main() -> None:
    pyclass_bridge.r("function(x) { object <<- x; NULL }")(Holder())
    functions = pyclass_bridge.r(CODE)
    took = {name: best_of(lambda f=f: f(1_000_000)) for name, f in functions.items()}
    nano = {name: f"{seconds * 1e9:.0f} ns" for name, seconds in took.items()}
    table(
        "R reads a Python attribute",
        [
            ("bare .Call", nano["bare"], "1.00x", ""),
            ("attribute read", nano["read"], times(took["read"] / took["bare"]), "<= 2x"),
            ("S3 `$` that does nothing", nano["dispatch"], "1.00x", ""),
            ("object$x", nano["dollar"], times(took["dollar"] / took["dispatch"]), ""),
        ],
    )


if __name__ == "__main__":
    main()
