"""Sixteen threads call R at once: how long does one of them wait for its turn?

    python tests/stress/waits.py [seconds of each load]

Prints for each load the longest wait of a call, the calls of the busiest and of the laziest thread;
status 1 if a call has waited for more than a second. A call's wait is its time without its own
stretches of R and Python, which last as long as the table says.
"""

from __future__ import annotations

import sys
import threading
import time

from report import figure, status

THREADS = 16
LIMIT = 1.0  # seconds

# R's stretch, Python's stretch in seconds and how often a call nests; by thread, 16 of them.
LOADS = {
    "short calls R -> Python -> R": [(0, 0, 1)] * THREADS,
    "four nested calls, short ones beside": [(0, 0, 4)] * 4 + [(0, 0, 0)] * (THREADS - 4),
    "stretches of 20 ms in two threads": [(0.02, 0.02, 1)] * 2 + [(0, 0.001, 1)] * (THREADS - 2),
}


def make_call(r, r_seconds: float, python_seconds: float, nested: int):
    """A call of R that works for `r_seconds`, calls Python, which works for `python_seconds`, and
    so on, and the seconds that it works."""
    call = r(
        """
        function(seconds, go_on) {
          end <- proc.time()[[3]] + seconds
          while (proc.time()[[3]] < end) NULL
          go_on()
        }
        """
    )

    def level(left: int):
        if left == 0:
            return True
        if python_seconds:
            time.sleep(python_seconds)
        return call(r_seconds, lambda: level(left - 1))

    return lambda: call(r_seconds, lambda: level(nested))


def run(load: list, seconds: float) -> tuple[float, list[int]]:
    """The longest wait, and the number of calls of each thread."""
    import pyclass_bridge

    longest = [0.0] * THREADS
    made = [0] * THREADS
    end = time.monotonic() + seconds

    def work(k: int) -> None:
        r_seconds, python_seconds, nested = load[k]
        call = make_call(pyclass_bridge.r, *load[k])
        own = r_seconds * (nested + 1) + python_seconds * nested
        while (start := time.monotonic()) < end:
            call()
            longest[k] = max(longest[k], time.monotonic() - start - own)
            made[k] += 1

    threads = [threading.Thread(target=work, args=(k,)) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(longest), made


if __name__ == "__main__":
    threading.stack_size(2 * 1024 * 1024)
    duration = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for name, load in LOADS.items():
        wait, made = run(load, duration)
        calls = f"{sum(made)} calls, {min(made)} to {max(made)} a thread, in {duration:g} s"
        seen = f"{wait:.3f} s; {calls}"
        figure(f"longest wait of 16 threads: {name}", f"<= {LIMIT:g} s", seen, wait <= LIMIT)
    sys.exit(status())
