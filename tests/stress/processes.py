"""Processes that use R: forked, spawned, by a fork server, by mclapply(). Is each call right?

    python tests/stress/processes.py [calls of each kind]

A call computes in R, through Python and back, catches an error, and draws a random number that no
other call may have drawn. 100 calls of each kind, the default, take a minute on an idle machine.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import sys
import threading

import report

import pyclass_bridge

CODE = """
local({
  Adder <- PyClass("Adder", list(add = function(self, x) self$base + x))
  function(i, twice) {
    adder <- Adder()
    adder$base <- i
    caught <- tryCatch(stop("no ", i), error = conditionMessage)
    sum <- sum(vapply(1:20, function(k) twice(k) + adder$add(k), 0))
    list(sum = sum, caught = caught, number = runif(1), process = Sys.getpid())
  }
})
"""

_work: list = []


def call(i: int) -> dict:
    """One call, in whichever process."""
    if not _work:
        _work.append(pyclass_bridge.r(CODE))
    result = _work[0](float(i), lambda k: 2.0 * k)
    return {name: result[name] for name in ("sum", "caught", "number", "process")}


def is_right(i: int, result: dict | None) -> bool:
    expected = {"sum": 3.0 * 210 + 20 * i, "caught": f"no {i}"}
    return result is not None and all(result[name] == expected[name] for name in expected)


def by_fork(n: int) -> list:
    """A child of its own for each call, four at a time."""
    results = []
    for begin in range(0, n, 4):
        results += [_read(child) for child in map(_forked, range(begin, min(n, begin + 4)))]
    return results


def _forked(i: int) -> tuple[int, int]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.write(writer, repr(call(i)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    return pid, reader


def _read(child: tuple[int, int]) -> dict | None:
    pid, reader = child
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    return eval(text) if os.waitpid(pid, 0)[1] == 0 else None


def by_fork_in_r(n: int) -> list:
    """os.fork() in Python code that R called."""
    return pyclass_bridge.r("function(f) f()")(lambda: by_fork(n))


def by_pool(kind: str, n: int) -> list:
    """A worker lives for some calls only."""
    context = multiprocessing.get_context(kind)
    if kind == "forkserver":
        context.set_forkserver_preload(["processes"])
    lives = {"fork": 1, "forkserver": 2, "spawn": 34}[kind]
    with context.Pool(3, maxtasksperchild=lives) as pool:
        return pool.map(call, range(n), chunksize=1)


def by_executor(n: int) -> list:
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        return list(pool.map(call, range(n)))


def by_thread(n: int) -> list:
    """The parent forks on a thread of its own, while no other is in R."""
    results: list = []
    thread = threading.Thread(target=lambda: results.extend(by_fork(n)))
    thread.start()
    thread.join()
    return results


def by_mclapply(n: int) -> list:
    """R's own forks; the children call Python."""
    lapply = pyclass_bridge.r(
        "function(n, f) parallel::mclapply(seq_len(n) - 1, f, mc.cores = 2, mc.preschedule = FALSE)"
    )
    return list(lapply(n, lambda i: call(int(i))))


KINDS = {
    "os.fork()": by_fork,
    "os.fork() in R": by_fork_in_r,
    "os.fork() on a thread": by_thread,
    "fork": lambda n: by_pool("fork", n),
    "forkserver": lambda n: by_pool("forkserver", n),
    "spawn": lambda n: by_pool("spawn", n),
    "ProcessPoolExecutor": by_executor,
    "mclapply": by_mclapply,
}


def main(n: int) -> int:
    threading.stack_size(2 * 1024 * 1024)
    for name, run in KINDS.items():
        try:
            results = run(n)
        except Exception as error:
            results = []
            print(f"{name}: {type(error).__name__}: {error}")
        right = sum(is_right(i, result) for i, result in enumerate(results))
        numbers = len({result["number"] for result in results if result})
        own = len({result["process"] for result in results if result} - {float(os.getpid())})
        holds = right == n and numbers == n and own > 0
        seen = f"{right} of {n}, {numbers} different random numbers, {own} processes"
        report.figure(f"processes: {name}", f"{n} of {n} right", seen, holds)
    return report.status()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
