"""Errors that leave frames of both languages: one that is caught at once, and what an R method that
calls itself through Python pays for each level that the error leaves."""

from __future__ import annotations

import contextlib

from measure import microseconds, per_call, table, times

import pyclass_bridge

CODE = """
Deep %py_class% {
  step <- function(k, last) if (k > 0) self$step(k - 1, last) else last()
}
"""


def ignoring(kind, f):
    def run():
        with contextlib.suppress(kind):
            f()

    return run


def fail():
    raise KeyError("k")


def main() -> None:
    r = pyclass_bridge.r
    step = r(CODE + "Deep")().step
    stops = r("function() stop('x')")
    catch = r("function(f) tryCatch(f(), error = function(e) NULL)")
    own = r("function() tryCatch(stop('x'), error = function(e) NULL)")
    call = r("function(f) f()")
    error = pyclass_bridge.RError
    at_once = {
        "R's own, caught in R": own,
        "R's, caught in Python": ignoring(error, stops),
        "R's through Python, caught in R": lambda: catch(lambda: stops()),
        "Python's, caught in R": lambda: catch(fail),
        "Python's through R, caught in Python": ignoring(KeyError, lambda: call(fail)),
    }
    seconds = {name: per_call(f, n=200) for name, f in at_once.items()}
    first = seconds["R's own, caught in R"]
    table(
        "An error that is caught",
        [(name, microseconds(s), times(s / first), "2 ms") for name, s in seconds.items()],
    )
    for name, kind, last in (("R", error, stops), ("Python", KeyError, fail)):
        levels = {
            k: per_call(ignoring(kind, lambda k=k: step(k, last)), n=2, rounds=3) / k  # noqa: B023
            for k in (10, 50, 100, 200)
        }
        table(
            f"An error of {name} through levels of both languages, for each level",
            [
                (f"{k} levels", microseconds(s), times(s / levels[10]), "about 1x")
                for k, s in levels.items()
            ],
        )


if __name__ == "__main__":
    main()
