"""The Keras surface: binding all its names, and the first use of each wrapper after the import of
Keras; the best of three processes, for each name."""

from __future__ import annotations

from measure import best_of, in_child, table

import pyclass_bridge

BIND = """
function() {
  env <- new.env()
  started <- proc.time()[["elapsed"]]
  for (i in 1:5) {
    for (name in pyclassbridge:::surface_names()) pyclassbridge:::bind_surface(name, env)
    rm(list = ls(env), envir = env)
  }
  (proc.time()[["elapsed"]] - started) / 5
}
"""


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def main() -> None:
    binding = best_of(pyclass_bridge.r(BIND))
    rounds = [in_child("surface_first_use") for _ in range(3)]
    took = {name: min(each[name] for each in rounds) for name in rounds[0]}
    seconds = sorted(took.values())
    slowest = max(took, key=took.get)
    table(
        f"The Keras surface, {len(took)} wrappers",
        [
            ("bind all names", milliseconds(binding), "", "<= 50 ms"),
            ("first use, median", milliseconds(seconds[len(seconds) // 2]), "", ""),
            (f"first use, slowest ({slowest})", milliseconds(seconds[-1]), "", "<= 5 ms"),
        ],
    )


if __name__ == "__main__":
    main()
