"""Timing for the benchmarks: best of several rounds, a table of ratios, a child process.

Machines are noisy: figures are compared only when one run has measured them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def per_call(f, *args, n: int = 100_000, rounds: int = 7) -> float:
    """Seconds for one call `f(*args)` in a Python loop: the best of `rounds` rounds."""
    best = float("inf")
    calls = range(n)
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in calls:
            f(*args)
        best = min(best, time.perf_counter() - start)
    return best / n


def best_of(f, rounds: int = 7) -> float:
    """The least value that `f()` gives in `rounds` rounds."""
    return min(f() for _ in range(rounds))


def in_child(module: str) -> dict:
    """What a benchmark module prints as JSON when it runs in a process of its own."""
    path = Path(__file__).with_name(f"{module}.py")
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=True, cwd=path.parent
    )
    return json.loads(done.stdout.splitlines()[-1])


def table(title: str, rows, header=("operation", "time", "ratio", "target")) -> None:
    """Print rows of text, aligned, under a title; figures.py takes them from the file it names."""
    rows = [header, *[[str(cell) for cell in row] for row in rows]]
    if os.environ.get("PYCLASS_BRIDGE_FIGURES"):
        with open(os.environ["PYCLASS_BRIDGE_FIGURES"], "a") as file:
            print(json.dumps({"title": title, "rows": rows}), file=file)
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    print(f"\n{title}")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} us"


def times(ratio: float) -> str:
    return f"{ratio:.2f}x"
