"""Every kind of crossing once, and the fast kinds often, while R collects at each tenth allocation.

    python tests/stress/gctorture.py [crossings]

A value of R's that Python or the core needs, and that R's collector may not see, is overwritten
soon. Prints the kinds and their counts; status 1 after a wrong result.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

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
)


def run(crossings: int) -> tuple[int, list]:
    """Crossings made and the scenarios that gave a wrong result."""
    from scenarios import make_scenarios

    import pyclass_bridge

    with tempfile.TemporaryDirectory() as directory:

        def source(code, name):
            path = Path(directory) / name
            path.write_text(code)
            return pyclass_bridge.source(path)

        scenarios = make_scenarios(source)
    fast = {name: run for name, run in scenarios.items() if name in FAST}
    for scenario in scenarios.values():
        scenario()
    torture = pyclass_bridge.r(f"function(on) gctorture2(if (on) {STEP}L else 0L)")
    made, wrong = 0, []
    torture(True)
    try:
        wrong.extend(name for name, scenario in scenarios.items() if scenario() is not True)
        while made < crossings:
            for name, scenario in fast.items():
                if scenario() is not True:
                    wrong.append(name)
            made += len(fast)
    finally:
        torture(False)
    return made, wrong


if __name__ == "__main__":
    import faulthandler

    faulthandler.enable()
    start = time.monotonic()
    count, failures = run(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    print(f"{count} crossings, {len(failures)} wrong, {time.monotonic() - start:.1f} s")
    print("\n".join(sorted(set(failures))), end="")
    sys.exit(1 if failures else 0)
