"""Start: `import pyclass_bridge` and a first R value in a new process, Keras not imported."""

from __future__ import annotations

import subprocess
import sys
import time

from measure import table

CODE = (
    "import sys, pyclass_bridge; assert pyclass_bridge.r('1 + 1') == 2;"
    "assert 'keras' not in sys.modules"
)


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    own = min(seconds(CODE) for _ in range(5))
    python = min(seconds("pass") for _ in range(5))
    table(
        "A new process",
        [
            ("python -c pass", f"{python:.2f} s", "", ""),
            ("import pyclass_bridge, first R value", f"{own:.2f} s", "", "<= 1 s"),
        ],
    )


if __name__ == "__main__":
    main()
