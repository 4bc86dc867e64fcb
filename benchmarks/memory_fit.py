"""How much memory `fit()` on a large matrix of R needs beside the matrix: the peak of the process's
resident memory in `fit()`, above what it was with the matrix made. Each backend of Keras has a
process of its own.

    python benchmarks/memory_fit.py [megabytes of the matrix] [backend ...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from measure import table, times

BACKENDS = ("tensorflow", "jax")
COLUMNS = 128
TARGET = 1.2
MODEL = f"""
model <- keras_model_sequential(input_shape = {COLUMNS}) |> layer_dense(1)
model |> compile(optimizer = "sgd", loss = "mse")
small <- matrix(rnorm(64 * {COLUMNS}), 64)
fit(model, small, rowSums(small), epochs = 1, verbose = 0)
"""


def megabytes(key: str) -> float:
    """What this process's status says of its memory: VmRSS, or VmHWM, the highest since reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"this system does not tell {key}")


def measured(size: int) -> dict[str, float]:
    """MB of the process with a matrix of `size` MB, and the peak above it in `fit()`."""
    import pyclass_bridge

    pyclass_bridge.r(MODEL)
    rows = size * 2**20 // 8 // COLUMNS
    pyclass_bridge.r(f"x <- matrix(runif({rows} * {COLUMNS}), {rows}); y <- x[, 1L]; gc()")
    Path("/proc/self/clear_refs").write_text("5")  # the highest is the present one again
    before = megabytes("VmRSS")
    pyclass_bridge.r("fit(model, x, y, epochs = 2, batch_size = 1024, verbose = 0)")
    return {"before": before, "above": megabytes("VmHWM") - before}


def main(size: int = 1024, *backends: str) -> None:
    rows = []
    for backend in backends or BACKENDS:
        done = subprocess.run(
            [sys.executable, __file__, "measure", str(size)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        found = json.loads(done.stdout.splitlines()[-1])
        ratio = times(found["above"] / size)
        cells = (f"{found['before']:.0f} MB", f"+{found['above']:.0f} MB", ratio, f"< {TARGET}x")
        rows.append((backend, *cells))
    header = ("backend", "before", "peak above", "of the matrix", "target")
    table(f"fit() on a matrix of {size} MB", rows, header=header)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measured(int(sys.argv[2]))))
    else:
        main(*map(int, sys.argv[1:2]), *sys.argv[2:])
