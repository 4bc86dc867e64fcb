"""A pandas data frame of 100 MB becomes R's data.frame, against what no crossing can do without:
pandas' own `to_numpy()` of the columns and R's allocation of the vectors, together.

The memory is new in each run, as it is for a user, and R's collector runs outside of the times.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from measure import table, times

import pyclass_bridge

ROWS = 13_000_000
COLUMNS = {
    "double": lambda: np.random.default_rng(0).random(ROWS),
    "int64, double in R": lambda: np.arange(ROWS),
    "int32, integer in R": lambda: np.arange(2 * ROWS, dtype="int32"),
    "bool, logical in R": lambda: np.arange(2 * ROWS) % 2 == 0,
}
ALLOCATE = """
function(type, n) {
  vector(type, n)
  NULL
}
"""
R_TYPE = "function(x) typeof(x[[1]])"


def measured(work) -> float:
    took = []
    for _ in range(5):
        pyclass_bridge.r("invisible(gc())")
        start = time.perf_counter()
        held = work()
        took.append(time.perf_counter() - start)
        del held
    return min(took)


def row(name: str, frame: pd.DataFrame):
    allocate, r_type = pyclass_bridge.r(ALLOCATE), pyclass_bridge.r(R_TYPE)(frame.head())
    needed = measured(lambda: (frame["x"].to_numpy(copy=True), allocate(r_type, len(frame))))
    crossing = measured(lambda: pyclass_bridge.to_r(frame))
    return name, f"{crossing * 1e3:.0f} ms", times(crossing / needed), "<= 1.5x"


def texts():
    """R keeps each different text once, so a text costs a look-up, not memory."""
    n = 1_000_000
    frame = pd.DataFrame({"x": [f"level {i % 1000}" for i in range(n)]})
    took = measured(lambda: pyclass_bridge.to_r(frame))
    return "a text, of 1000 different", f"{took / n * 1e9:.0f} ns", "", ""


def main() -> None:
    rows = [row(name, pd.DataFrame({"x": make()})) for name, make in COLUMNS.items()]
    table("A pandas data frame of 100 MB becomes R's", [*rows, texts()])


if __name__ == "__main__":
    main()
