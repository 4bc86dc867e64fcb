"""Recursions without end, of three kinds on four stacks: each ends in an error, and R works on.

    python tests/stress/recursion.py [seconds that one may take]

The kinds are R alone, R and Python in turn, and a method that calls `self$m`; the stacks are those
of threads with 1, 8 and 32 MB and of the main thread. Takes 80 seconds at most.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time

from report import figure, status

SECONDS = 10.0  # of the processor
THREADS = []  # all that were started: at the depth's limit Python can't forget one, and says so
STACKS = (1, 8, 32, None)  # MB of a thread; None: the main thread
CLASS = """
Endless %py_class% {
  m <- function(k) self$m(k + 1)
}
Endless
"""


def kinds() -> dict:
    from pyclass_bridge import r

    alone = r("function(k) { f <- function(k) f(k + 1); f(k) }")
    turn = r("function(go_on, k) go_on(k + 1)")
    instance = r(CLASS)()

    def go_on(k):
        return turn(go_on, k)

    return {
        "R alone": lambda: alone(1.0),
        "R and Python in turn": lambda: go_on(1.0),
        "a method that calls self$m": lambda: instance.m(1.0),
    }


def failing(work, seconds: float) -> str | None:
    """What is wrong; None if the recursion ends in one error in time, and R works afterwards."""
    from pyclass_bridge import RError, r

    start = time.process_time()  # other programs may have the processors
    try:
        work()
        return "no error"
    except (RError, RecursionError, MemoryError) as error:
        text = f"{type(error).__name__}: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    taken = time.process_time() - start
    if taken > seconds:
        return f"{taken:.1f} s"
    words = ("infinite recursion", "C stack usage", "recursion depth", "stack")
    if not any(word in text for word in words):
        return text[:200]
    if r("f <- function(n) if (n > 0) f(n - 1) else 1; f(50)") != 1.0:
        return "R does not work afterwards"
    return None


def on_stack(size: int | None, work):
    """`work()` on a new thread with a stack of `size` MB, or here."""
    if size is None:
        return work()
    results = []
    before = threading.stack_size(size * 1024 * 1024)
    try:
        thread = threading.Thread(target=lambda: results.append(work()))
        THREADS.append(thread)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    return results[0] if results else "the thread has ended without a result"


def run_here(names: list[str], seconds: float) -> None:
    """Prints a line for each recursion of these kinds that does not end as it must, and `done`."""
    works = kinds()
    gc.disable()  # nor can it call what is called after a collection
    for limit in (sys.getrecursionlimit(), 100_000):  # so that R's stack is full before Python's
        sys.setrecursionlimit(limit)
        for name in names:
            for size in STACKS:
                wrong = on_stack(size, lambda: failing(works[name], seconds))  # noqa: B023
                stack = "the main thread" if size is None else f"{size} MB"
                print(f"{name}, {stack}, limit {limit}: {wrong or 'right'}", flush=True)


def run_apart(names: list[str], seconds: float) -> tuple[int, str]:
    """The number of right ones, and what else a process for these kinds has printed."""
    words = [sys.executable, __file__, str(seconds), *names]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        timer = threading.Timer(30 * seconds, child.kill)
        timer.start()
        said = child.stdout.read().decode()
        timer.cancel()
    lines = said.splitlines()
    return sum(line.endswith(": right") for line in lines), "\n".join(
        line for line in lines if not line.endswith(": right")
    )


def main(seconds: float) -> int:
    names = ["R alone", "R and Python in turn", "a method that calls self$m"]
    each = 2 * len(STACKS)
    found = [run_apart([name], seconds) for name in names]
    right, other = sum(number for number, _ in found), "\n".join(text for _, text in found).strip()
    aim = each * len(names)
    figure("Recursion: 3 kinds on 4 stacks", f"{aim} of {aim}", f"{right} of {aim}", right == aim)
    lines = len(other.splitlines())
    figure("Recursion: printed besides", "0 lines", f"{lines} lines", not lines)
    after, more = run_apart(names, seconds)
    item = "Recursion: all kinds in one process"
    figure(item, f"{aim} of {aim}", f"{after} of {aim}", after == aim)
    print("\n".join(filter(None, (other, more)))[:2000])
    return status()


if __name__ == "__main__":
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    if len(sys.argv) > 2:
        run_here(sys.argv[2:], limit)
        sys.exit()
    sys.exit(main(limit))
