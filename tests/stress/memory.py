"""Resident memory while Python and R call each other: it must not grow with the calls.

    python tests/stress/memory.py [crossings]

Prints the growth after the first crossings; status 1 if it is 5 MB or more.
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time

from report import figure, status

LIMIT_MB = 5.0
PARTS = 4


def resident_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def make_round():
    """Ten crossings: calls both ways, attributes, values of several kinds, a method."""
    from pyclass_bridge import r

    both_ways = r("function(f, x) f(x) + f(x)")
    lists = r("function(x) list(a = x, b = 'text')")
    attribute = r("function(o) { o$n <- o$n + 1; NULL }")
    counter = r(
        """
        Counter %py_class% {
          initialize <- function() self$n <- 0
          step <- function(logs) { self$n <- self$n + logs$loss; NULL }
        }
        Counter
        """
    )()

    def identity(x):
        return x

    def one_round():
        both_ways(identity, 1.5)
        lists([1, 2, 3])
        attribute(counter)
        counter.step({"loss": 0.5})

    return one_round


def run(crossings: int) -> tuple[float, dict, dict]:
    """Growth in MB and the counters before and after.

    A leak grows in each part of the run, R's heap by a step in one of them: the least growth of a
    part counts, as often as there are parts.
    """
    from pyclass_bridge import _core, r

    one_round = make_round()

    def rounds(n: int):
        for _ in range(n // 10):
            one_round()
        r("invisible(gc())")
        gc.collect()
        r("NULL")
        return resident_mb(), _core.counters()

    rounds(200_000)
    marks = [rounds(crossings // PARTS) for _ in range(PARTS + 1)]
    growths = [after[0] - before[0] for before, after in itertools.pairwise(marks)]
    return PARTS * max(min(growths), 0.0), marks[0][1], marks[-1][1]


if __name__ == "__main__":
    start = time.monotonic()
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    growth, first, last = run(asked)
    seconds = time.monotonic() - start
    print(f"{asked} crossings in {seconds:.0f} s: {growth:+.2f} MB, {first}, {last}")
    seen = f"{growth:+.2f} MB after {asked} crossings"
    figure("growth of memory with crossings", f"< {LIMIT_MB:g} MB", seen, growth < LIMIT_MB)
    alive = {name: last[name] - first[name] for name in last}
    seen = ", ".join(f"{number:+d} {name}" for name, number in alive.items())
    figure("R values and Python objects after crossings", "as many as before", seen, first == last)
    sys.exit(status())
