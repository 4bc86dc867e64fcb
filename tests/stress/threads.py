"""Eight threads use R at once while the main thread is suspended inside R: nothing may be wrong.

    python tests/stress/threads.py [calls per thread]

Prints what went wrong, how many calls there were and how long they took; status 1 after a wrong
result. The main thread's R function calls Python, which waits for the threads, so every call of
theirs is an entry above another thread's.
"""

from __future__ import annotations

import sys
import threading
import time

from report import figure, status

THREADS = 8


def make_kinds(r) -> list:
    """Functions of a number that give True when R's answer is right."""
    import pyclass_bridge

    add = r("function(a, b = 1) a + b")
    named = r("function(...) list(...)")
    apply = r("function(f, x) f(x) + 1")
    fails = r("function(i) stop('no ', i)")
    catches = r("function(f) tryCatch(f(), error = function(e) conditionMessage(e))")
    allocates = r("function(n) sum(as.numeric(seq_len(n)))")
    counter = r(
        """
        Counter %py_class% {
          initialize <- function() { self$n <- 0; private$steps <- 0 }
          step <- function(by) {
            private$steps <- private$steps + 1
            self$n <- self$n + by
            private$steps
          }
        }
        Counter
        """
    )
    local = threading.local()

    def method(i):
        if not hasattr(local, "counter"):
            local.counter, local.sum, local.steps = counter(), 0.0, 0
        local.sum += i
        local.steps += 1
        return local.counter.step(i) == local.steps and local.counter.n == local.sum

    def error(i):
        try:
            fails(i)
        except pyclass_bridge.RError as caught:
            return caught.message == f"no {i}"
        return False

    def python_error(i):
        def fail():
            raise KeyError(i)

        return catches(fail) == f"KeyError: {i}"

    return [
        lambda i: add(i) == i + 1,
        lambda i: add(i, b=0.5) == i + 0.5,
        lambda i: named(a=i, b=[i, "x"]) == {"a": i, "b": [i, "x"]},
        lambda i: apply(lambda x: x * 2, i) == 2 * i + 1,
        method,
        lambda i: allocates(i % 500) == (i % 500) * (i % 500 + 1) / 2,
        lambda i: i % 10 != 0 or error(i),
        lambda i: i % 10 != 0 or python_error(i),
    ]


def run(calls: int) -> tuple[int, list, float]:
    """Calls made, what went wrong, and seconds."""
    import pyclass_bridge

    kinds = make_kinds(pyclass_bridge.r)
    wrong: list = []
    done = [0] * THREADS

    def work(thread: int) -> None:
        for i in range(calls):
            try:
                answer = kinds[i % len(kinds)](i + thread)
            except BaseException as error:
                answer = repr(error)
            if answer is not True:
                wrong.append((thread, i, answer))
            done[thread] += 1

    def wait_for_threads() -> bool:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return True

    start = time.monotonic()
    if pyclass_bridge.r("function(f) f()")(wait_for_threads) is not True:
        wrong.append("the suspended call gave another value")
    return sum(done), wrong, time.monotonic() - start


if __name__ == "__main__":
    import faulthandler

    faulthandler.enable()
    threading.stack_size(2 * 1024 * 1024)
    made, failures, seconds = run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    for failure in failures[:20]:
        print("wrong:", failure)
    seen = f"{made} calls in {THREADS} threads, {len(failures)} wrong, {seconds:.1f} s"
    figure("calls of eight threads above a suspended one", "0 wrong", seen, not failures)
    print(seen)
    sys.exit(status())
