"""The first use of each wrapper in a process that has imported Keras: seconds by name, as JSON."""

from __future__ import annotations

import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The clock of R counts milliseconds at best, so Python's is asked.
FIRST_USE = """
function(name, clock) {
  started <- clock()
  force(get(name, envir = asNamespace("pyclassbridge")))
  clock() - started
}
"""


def main() -> None:
    import pyclass_bridge

    pyclass_bridge.r("pyclassbridge:::surface_side()")  # imports Keras
    first_use = pyclass_bridge.r(FIRST_USE)
    first_use("py_eval", time.perf_counter)
    first_use("py_call", time.perf_counter)
    known = set(pyclass_bridge.r("pyclassbridge:::surface_side()$names()"))
    names = [name for name in pyclass_bridge.r("pyclassbridge:::surface_names()") if name in known]
    print(json.dumps({name: first_use(name, time.perf_counter) for name in names}))


if __name__ == "__main__":
    main()
