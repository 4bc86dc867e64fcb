"""The first use of each wrapper in a process that has imported Keras: seconds by name, as JSON."""

from __future__ import annotations

import gc
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Processor time, which other processes do not add to; the clock of R is too coarse.
FIRST_USE = """
function(name, clock) {
  started <- clock()
  force(get(name, envir = asNamespace("pyclassbridge")))
  clock() - started
}
"""


def main() -> None:
    import pyclass_bridge

    pyclass_bridge.r("pyclassbridge:::surface_module()")  # imports Keras
    first_use = pyclass_bridge.r(FIRST_USE)
    first_use("py_eval", time.thread_time)
    first_use("py_call", time.thread_time)
    known = set(pyclass_bridge.r("pyclassbridge:::surface_module()$names()"))
    gc.disable()  # a collection of all of Keras' objects would fall on any name
    names = [name for name in pyclass_bridge.r("pyclassbridge:::surface_names()") if name in known]
    print(json.dumps({name: first_use(name, time.thread_time) for name in names}))


if __name__ == "__main__":
    main()
