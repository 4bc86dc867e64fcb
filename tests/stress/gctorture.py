"""Every kind of crossing once, and the fast kinds often, while R collects at each tenth allocation.

    python tests/stress/gctorture.py [crossings]

A value of R's that Python or the core needs, and that R's collector may not see, is overwritten
soon. Prints how many crossings there were and the kinds that went wrong; status 1 after a wrong
result.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from report import figure, status

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("KERAS_BACKEND", "numpy")  # callbacks without tensors: the fastest to import

STEP = 10
FAST = (
    "numbers",
    "results of every kind",
    "a call from R",
    "a call from R with many arguments",
    "an attribute",
    "an assignment",
    "a method",
    "a property",
    "a static method",
    "a method that R keeps",
    "views of arrays",
    "a dict",
    "a hook",
    "a hook without an index",
)


def run(crossings: int) -> list:
    """The scenarios that gave a wrong result, of each once and this many of the fast ones."""
    from support.scenarios import make_scenarios

    import pyclass_bridge

    with tempfile.TemporaryDirectory() as directory:

        def source(code, name):
            path = Path(directory) / name
            path.write_text(code)
            return pyclass_bridge.source(path)

        scenarios = make_scenarios(source)
    fast = cycle((name, scenarios[name]) for name in FAST)
    for scenario in scenarios.values():
        scenario()
    torture = pyclass_bridge.r(f"function(on) gctorture2(if (on) {STEP}L else 0L)")
    wrong = []
    torture(True)
    try:
        wrong.extend(name for name, scenario in scenarios.items() if scenario() is not True)
        wrong.extend(name for name, scenario in islice(fast, crossings) if scenario() is not True)
    finally:
        torture(False)
    return wrong


if __name__ == "__main__":
    import faulthandler

    faulthandler.enable()
    start = time.monotonic()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    failures = run(count)
    seen = f"{count} crossings, {len(failures)} wrong, {time.monotonic() - start:.1f} s"
    print("\n".join(sorted(set(failures))), end="")
    figure("R collecting all the time (gctorture)", "0 wrong", seen, not failures)
    sys.exit(status())
