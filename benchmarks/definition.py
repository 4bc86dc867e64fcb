"""Defining a class: one callback with all hooks, from R code to the Python class."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import keras  # noqa: F401  the base must be there, importing it is not measured
from measure import table

import pyclass_bridge

HOOKS = [
    f"on_{phase}_{end}" for phase in ("train", "test", "predict") for end in ("begin", "end")
] + [
    f"on_{what}_{end}"
    for what in ("epoch", "train_batch", "test_batch", "predict_batch")
    for end in ("begin", "end")
]
INDEXED = ("epoch", "batch")


def code(name: str) -> str:
    members = [
        f"  {hook} = function({'index, ' if any(w in hook for w in INDEXED) else ''}logs = NULL)"
        " { private$n <- private$n + 1 }"
        for hook in HOOKS
    ]
    return f'{name} <- Callback("{name}",\n' + ",\n".join(members) + ")"


def main() -> None:
    took = []
    for i in range(40):
        text = code(f"Defined{i}")
        start = time.perf_counter()
        pyclass_bridge.r(text)
        took.append(time.perf_counter() - start)
    took = sorted(took[5:])
    median = took[len(took) // 2]
    table(
        "Defining a callback class with 14 hooks",
        [("definition (median of 35)", f"{median * 1e3:.2f} ms", "", "<= 5 ms")],
    )


if __name__ == "__main__":
    main()
