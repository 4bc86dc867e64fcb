"""Ten million crossings: how much the process's resident memory grows after a warm-up."""

from __future__ import annotations

import gc
import statistics
import sys
from pathlib import Path

from measure import table

import pyclass_bridge

CLASS = """
Crossing %py_class% {
  initialize <- function() private$n <- 0
  hook <- function(epoch, logs = NULL) {
    self$last <- logs$loss
    private$n <- private$n + epoch
    list(text = "a", epoch = epoch)
  }
}
"""


def resident_megabytes() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell the resident memory")


def cross(hook, crossings: int) -> None:
    """Each call of the hook is two crossings: Python to R, and R to Python for `self$last`."""
    logs = {"loss": 0.5}
    for i in range(crossings // 2):
        hook(i, logs)


def settled(hook, clean) -> float:
    """The median of seven readings: R's heap swings by some MB from collection to collection."""
    readings = []
    for _ in range(7):
        cross(hook, 200_000)
        gc.collect(), clean()
        readings.append(resident_megabytes())
    return statistics.median(readings)


def main(crossings: int = 10_000_000) -> None:
    pyclass_bridge.r(CLASS)
    hook = pyclass_bridge.r("Crossing")().hook
    clean = pyclass_bridge.r("function() invisible(gc())")
    before = settled(hook, clean)
    cross(hook, crossings)
    grown = settled(hook, clean) - before
    table(
        f"{crossings:,} crossings",
        [("resident memory", f"{before:.0f} MB", f"+{grown:.2f} MB", "< 5 MB")],
        header=("what", "before", "growth", "target"),
    )


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
