"""The same calls where Python hosts R and where R hosts Python, each in its own process, in turns.

Hooks that Python calls as in hooks.py, what R code reads of a Python object, the definition of a
class, and the time until a session can be used.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import best_of, microseconds, per_call, table, times

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

ROUNDS = 3
CODE = """
Timed %py_class% {
  initialize <- function() private$n <- 0
  empty <- function(epoch, logs = NULL) NULL
  last <- function(epoch, logs = NULL) self$last_loss <- logs$loss
  count <- function(epoch, logs = NULL) private$n <- private$n + logs$loss
}
read <- compiler::cmpfun(function(object, n) {
  start <- proc.time()[["elapsed"]]
  for (i in seq_len(n)) object$n
  (proc.time()[["elapsed"]] - start) / n
})
call_back <- compiler::cmpfun(function(f, n) {
  start <- proc.time()[["elapsed"]]
  for (i in seq_len(n)) f(i)
  (proc.time()[["elapsed"]] - start) / n
})
define <- function(n) {
  start <- proc.time()[["elapsed"]]
  for (i in seq_len(n)) Four %py_class% {
    m1 <- function(x) x
    m2 <- function(x) x
    m3 <- function(x) x
    m4 <- function(x) x
  }
  (proc.time()[["elapsed"]] - start) / n
}
"""
READY = "import pyclass_bridge; pyclass_bridge.r('1 + 1')"


def measured() -> dict[str, float]:
    """Seconds of one call of each kind, in this process."""
    import pyclass_bridge

    pyclass_bridge.r(CODE)
    hooks = pyclass_bridge.r("Timed")()
    hooks.n = 1.5
    logs = {"loss": 0.5}
    own = pyclass_bridge.r("call_back")
    return {
        "hook empty": per_call(hooks.empty, 1, logs),
        "hook self$last": per_call(hooks.last, 1, logs),
        "hook private$n": per_call(hooks.count, 1, logs),
        "R reads object$n": best_of(lambda: pyclass_bridge.r("read")(hooks, 20000)),
        "R calls a Python function": best_of(lambda: own(lambda i: i, 20000)),
        "a class of 4 methods": best_of(lambda: pyclass_bridge.r("define")(20)),
    }


def in_python() -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "measure"], capture_output=True, text=True, check=True, cwd=HERE
    )
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", READY], check=True)
    return {**json.loads(done.stdout), "until it is ready": time.perf_counter() - start}


def in_r() -> dict[str, float]:
    from support.r_host import output_of, r_library

    r_library()
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        output_of(f"""
            py_run_string("
            import json, sys
            sys.path.insert(0, '{HERE}')
            import hosts
            with open('{file.name}', 'w') as file: json.dump(hosts.measured(), file)
            ")
        """)
        found = json.load(file)
    start = time.perf_counter()
    output_of("invisible(py_eval('1 + 1'))")
    return {**found, "until it is ready": time.perf_counter() - start}


def main() -> None:
    rounds = [(in_python(), in_r()) for _ in range(ROUNDS)]
    rows = []
    for name in rounds[0][0]:
        python, r = (min(found[i][name] for found in rounds) for i in (0, 1))
        rows.append((name, microseconds(python), microseconds(r), times(r / python), "<= 1.3x"))
    title = "The same calls where Python hosts R, and where R hosts Python"
    table(title, rows, header=("operation", "Python hosts", "R hosts", "ratio", "target"))


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(measured()))
    else:
        main()
