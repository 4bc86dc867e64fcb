"""SIGINT in eight situations: does each end what runs, as KeyboardInterrupt, within a second?

    python tests/stress/sigint.py [signals in each situation]

After each signal R must work, and no second interrupt may come. 25 signals in each situation, the
default, take a minute.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import report

LIMIT = 1.0  # seconds from the signal to the exception

OTHERS = [
    "py_await(import('asyncio')$sleep(60))",
    "py_await(r_to_py(async_method(function() repeat 1))())",
    "{ A %py_class% { go <- function() repeat self$x <- 1 }; A()$go() }",
    "tryCatch(stop('x'), error = function(e) repeat 1)",
    "f <- function() { on.exit(repeat 1); 1 }; f()",
]

# A model of its own each time: on JAX, Keras takes the variables' values away while it trains.
# The signal comes while its callback runs: Keras, where it builds a model, and NumPy, in np.array()
# of an array of JAX, swallow the exceptions of signal handlers.
TRAINING = """
local({
  x <- matrix(as.double(1:64), 16)
  Count <- Callback("Count", on_batch_end = function(batch, logs = NULL) {
    begin()
    end <- proc.time()[[3]] + 0.5
    while (proc.time()[[3]] < end) NULL
  })
  function(epochs) {
    model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
    compile(model, "sgd", "mse")
    fit(model, x, x[, 1], epochs = epochs, verbose = 0, callbacks = list(Count()))
  }
})
"""


class Situation(NamedTuple):
    """`run` lasts until it is interrupted."""

    name: str
    run: Callable
    begins_itself: bool = False  # it sets `begun`


begun = threading.Event()


def situations(r) -> list[Situation]:
    call, for_ever = r("function(f) f()"), r("function(f) repeat f()")
    train = r("function(begin) " + TRAINING)(begun.set)
    train(2)

    def sleep_in_steps():
        while True:
            time.sleep(0.001)

    def wait_for_r():
        in_thread("{ end <- proc.time()[[3]] + 0.4; while (proc.time()[[3]] < end) NULL }")
        while True:
            r("1")

    def nest(depth: int):
        return call(lambda: nest(depth - 1)) if depth else r("repeat 1")

    def in_thread(code: str):
        """Starts a thread that is in R when this returns."""
        is_in, run = threading.Event(), r(f"function(begin) {{ begin(); {code} }}")
        threading.Thread(target=lambda: run(is_in.set)).start()
        is_in.wait()
        begun.set()

    turns = [lambda: nest(5), lambda: for_ever(lambda: r("1"))]

    def wait_to_return():
        in_thread("repeat 1")

    return [
        Situation("a loop of R", lambda: r("repeat 1")),
        Situation("Sys.sleep()", lambda: r("Sys.sleep(60)")),
        Situation("Python code that R called", lambda: call(sleep_in_steps)),
        Situation("R and Python in turns", lambda: random.choice(turns)()),
        Situation("waiting for R", wait_for_r, begins_itself=True),
        Situation("waiting to return to R", lambda: call(wait_to_return), begins_itself=True),
        Situation("fit() with a callback of R", lambda: train(1e6), begins_itself=True),
        Situation("coroutines, methods, handlers", lambda: r(random.choice(OTHERS))),
    ]


def end_of(situation: Situation) -> str:
    """How it ends by a signal: "" if as it should, else what is wrong."""
    sent, ended = [], threading.Event()

    def send():
        """Once more every 5 s, so that a lost signal does not end in waiting for ever."""
        begun.wait()
        wait = random.uniform(0.05, 0.15)
        while not ended.wait(wait):
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
            wait = 5

    begun.clear()
    sender = threading.Thread(target=send)
    try:
        sender.start()
        if not situation.begins_itself:
            begun.set()
        situation.run()
        return "it ended without an exception"
    except KeyboardInterrupt:
        late = time.monotonic() - sent[0]
        return f"{late:.1f} s late" if late > LIMIT else ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        ended.set()
        begun.set()
        sender.join()


def state_after(r) -> str:
    """What is wrong with R and the threads after a signal."""
    try:
        for thread in threading.enumerate():
            if thread.name.startswith("Thread-"):
                thread.join(10)
        return "" if r("{ for (i in 1:3000) i; 1 + 1 }") == 2 else "R gives something else"
    except BaseException as error:
        return f"afterwards {error!r}"


def main(signals: int) -> int:
    import pyclass_bridge

    threading.excepthook = lambda args: None  # the threads in the way are interrupted, too
    right = total = 0
    wrong = []
    for situation in situations(pyclass_bridge.r):
        for _ in range(signals):
            said = end_of(situation) or state_after(pyclass_bridge.r)
            total += 1
            right += not said
            if said:
                wrong.append(f"{situation.name}: {said}")
                print(wrong[-1])
    seen = f"{right} of {total}" + (f" ({wrong[0]})" if wrong else "")
    report.figure("SIGINT in 8 situations", "all, each within 1 s", seen, not wrong)
    return report.status()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
