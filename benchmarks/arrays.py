"""Matrices of R in NumPy and arrays of NumPy in R, beside rpy2's own conversion and reticulate's.

Each has a process of its own, all in one run, in turns. reticulate needs a Python whose NumPy it
knows (reticulate 1.28: NumPy 1), which RETICULATE_PYTHON names; without that it is left out.
Python's arrays are in the order of rows, as NumPy makes them, or of columns, which is R's order.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import microseconds, table, times

ROUNDS = 3
COLUMNS = 8
SIZES = {"8 kB": 2**13, "1 MB": 2**20, "100 MB": 100 * 2**20}
CODE = {
    "double": "matrix(as.double(seq_len({n})), ncol = {columns})",
    "integer": "matrix(seq_len({n}), ncol = {columns})",
    "logical": "matrix(rep(c(TRUE, FALSE), {n} / 2), ncol = {columns})",
}
BYTES = {"double": 8, "integer": 4, "logical": 4}
CASES = {
    (kind, label): CODE[kind].format(n=size // BYTES[kind], columns=COLUMNS)
    for kind in CODE
    for label, size in SIZES.items()
}
REPEATS = {"8 kB": 500, "1 MB": 300, "100 MB": 4}

RETICULATE = """
library(reticulate)
np <- import("numpy", convert = FALSE)
best <- function(f, n) {
  min(replicate(n, { start <- Sys.time(); f(); as.double(Sys.time()) - as.double(start) }))
}
best_of_many <- function(f, n) {
  # R's clock is too coarse for one short call.
  min(replicate(5, {
    start <- Sys.time()
    for (i in seq_len(n)) f()
    (as.double(Sys.time()) - as.double(start)) / n
  }))
}
measure <- function(x, n) {
  best <- if (n > 10) best_of_many else best
  theirs <- r_to_py(x)
  by_row <- np$array(theirs, order = "C")
  by_column <- np$array(theirs, order = "F")
  c(best(function() r_to_py(x), n), best(function() py_to_r(by_row), n),
    best(function() py_to_r(by_column), n))
}
"""


def least(f, given, n: int) -> float:
    """The least seconds of n calls `f(given)`; what they make is gone before the next."""
    best = float("inf")
    for _ in range(n):
        start = time.perf_counter()
        made = f(given)
        best = min(best, time.perf_counter() - start)
        del made
    return best


def measured(evaluate, to_numpy, to_r) -> list[list[float]]:
    """For each case the seconds to NumPy, to R from C's order, and to R from R's order."""
    import numpy as np

    found = []
    for (_, label), code in CASES.items():
        value, n = evaluate(code), REPEATS[label]
        array = np.array(to_numpy(value))
        calls = (
            (to_numpy, value),
            (to_r, np.ascontiguousarray(array)),
            (to_r, np.asfortranarray(array)),
        )
        found.append([least(f, given, n) for f, given in calls])
    return found


def ours() -> list[list[float]]:
    from pyclass_bridge import _core, r

    r("1")
    return measured(_core.evaluate, _core.to_python, _core.to_r)


def of_rpy2() -> list[list[float]]:
    import rpy2.rinterface as interface
    from rpy2.robjects import numpy2ri

    with numpy2ri.converter.context() as converter:
        return measured(interface.evalr, converter.rpy2py, converter.py2rpy)


def of_reticulate() -> list[list[float]] | None:
    if shutil.which("Rscript") is None or not os.environ.get("RETICULATE_PYTHON"):
        return None
    calls = [f"cat(measure({code}, {REPEATS[label]}), '\\n')" for (_, label), code in CASES.items()]
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "measure.R")
        script.write_text("\n".join([RETICULATE, *calls]))
        done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    return [[float(cell) for cell in line] for line in lines if line]


def in_process(what: str) -> list[list[float]]:
    done = subprocess.run(
        [sys.executable, __file__, what], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    rounds = [(in_process("ours"), in_process("rpy2"), of_reticulate()) for _ in range(ROUNDS)]

    def seconds(who: int, case: int, way: int) -> float | None:
        found = [one[who][case][way] for one in rounds if one[who] is not None]
        return min(found) if found else None

    for way, title in enumerate(
        ("R matrix -> NumPy", "NumPy -> R matrix", "NumPy -> R matrix, R's order")
    ):
        rows = []
        for case, (kind, label) in enumerate(CASES):
            own, *others = (seconds(who, case, way) for who in range(3))
            cells = [
                "" if theirs is None else f"{microseconds(theirs)}, {times(theirs / own)}"
                for theirs in others
            ]
            rows.append((f"{kind}, {label}", microseconds(own), *cells))
        table(title, rows, header=("value", "pyclass_bridge", "rpy2", "reticulate"))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps({"ours": ours, "rpy2": of_rpy2}[sys.argv[1]]()))
    else:
        main()
