"""A data frame of R in Python, beside pandas' own construction from one copy of its columns."""

from __future__ import annotations

import functools
import time

from measure import table, times

import pyclass_bridge

ROWS = 1_000_000
ROUNDS = 9
FRAMES = {
    "doubles": "as.data.frame(matrix(runif(n * 12), n))",
    "integers": "as.data.frame(matrix(sample.int(n * 24L), n))",
    "doubles, integers, a factor": (
        "data.frame(matrix(runif(n * 10), n), matrix(sample.int(n * 4L), n),"
        " factor(sample(letters, n, TRUE)))"
    ),
}
TARGET = 1.5


def seconds(f) -> float:
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


def by_pandas(frame):
    """pandas' construction of the same frame, from a copy of each column."""
    import pandas

    columns = {name: frame[name].array for name in frame}
    return pandas.DataFrame({name: column.copy() for name, column in columns.items()}, copy=False)


def main() -> None:
    rows = []
    for name, code in FRAMES.items():
        give = pyclass_bridge.r(f"local({{ n <- {ROWS}L; x <- {code}; function() x }})")
        frame = give()
        size = frame.memory_usage(index=False).sum() / 2**20
        own_way = functools.partial(by_pandas, frame)
        pairs = [(seconds(give), seconds(own_way)) for _ in range(ROUNDS)]
        ours, own = map(min, zip(*pairs, strict=True))
        rows.append((f"pandas' own, {name}, {size:.0f} MB", f"{own * 1e3:.0f} ms", times(1), ""))
        rows.append(("  from R", f"{ours * 1e3:.0f} ms", times(ours / own), f"<= {TARGET}x"))
    table("A data frame of R in Python", rows)


if __name__ == "__main__":
    main()
