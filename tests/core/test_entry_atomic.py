"""What may not come between R's own steps: other threads, lost interrupts and exceptions.

Of: core/entry.c, core/preserve.c.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import pyclass_bridge
from pyclass_bridge import _core


def beside(work, other):
    """`work()` on this thread while another calls `other()` over and over."""
    stop = threading.Event()

    def loop():
        while not stop.is_set():
            other()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        return work()
    finally:
        stop.set()
        thread.join()


def test_r_code_that_calls_no_python_is_not_interleaved(r):
    write = r("function() cat('other\\n')")
    capture = r(
        "function() capture.output({ t <- Sys.time(); while (Sys.time() - t < 1) cat('own\\n') })"
    )
    assert set(beside(capture, write)) == {"own"}


def test_printing_keeps_its_state(r):
    plain = r("function() print(c(NA, 1))")
    shown = r("function() print(list(a = list(b = c(NA, 1))), na.print = '@@')")
    printed = []

    class Stream:
        def write(self, text):
            time.sleep(0)  # lets the other thread run
            printed.append((threading.get_ident(), text))

        def flush(self):
            pass

    before, sys.stdout = sys.stdout, Stream()
    try:
        beside(lambda: [shown() for _ in range(100)], plain)
    finally:
        sys.stdout = before
    own = "".join(text for thread, text in printed if thread == threading.get_ident())
    assert own.count("$a$b\n") == 100
    assert own.count("@@") == 100
    assert "NA" not in own


def test_ctrl_c_reaches_the_main_thread(r):
    """Another thread pushes entries all the time, and still gets no interrupt of the main one's."""
    spin = r("function() { t <- Sys.time(); while (Sys.time() - t < 20) 1 }")
    one = r("function() 1")
    wrong = []

    def other():
        try:
            one()
        except BaseException as error:
            wrong.append(error)

    for _ in range(5):
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            beside(spin, other)
    assert wrong == []


def test_exceptions_of_signal_handlers_while_r_prints(r):
    class Late(Exception):
        pass

    def handler(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Late):
            r("t <- Sys.time(); while (Sys.time() - t < 20) cat('')")
    finally:
        signal.signal(signal.SIGALRM, before)


def test_an_exception_outlives_a_long_wait_for_the_return(r, capfd):
    """The report of the wait runs Python code while the exception is set."""
    hold = r("function() Sys.sleep(11)")

    def fail():
        thread = threading.Thread(target=hold)
        thread.start()
        while _core.is_free():
            time.sleep(0.01)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        r("function(f) f()")(fail)


def test_what_r_has_dropped_is_given_up_within_one_entry(r):
    class Big:
        alive = 0

        def __init__(self):
            Big.alive += 1

        def __del__(self):
            Big.alive -= 1

    loop = r("function(make, n) { for (i in seq_len(n)) { x <- make(); gc() }; make }")
    most = []

    def make():
        most.append(Big.alive)
        return Big()

    loop(make, 50)
    assert max(most) < 10


def test_values_given_to_python_are_given_up_within_one_entry(r):
    live = []

    def take(value):
        live.append(_core.counters()["handles"])

    r("function(f) for (i in 1:200) f(factor('a'))")(take)
    assert live[-1] - live[0] < 10


def test_one_private_environment_whatever_the_threads(source):
    ns = source("""
    Shared %py_class% {
      initialize <- function() NULL
      add <- function(k) { private[[paste0("k", k)]] <- k; NULL }
      count <- function() length(ls(private))
    }
    """)

    class Fresh(ns.Shared):
        def __init__(self):
            pass

    for _ in range(200):
        o = Fresh()
        barrier = threading.Barrier(2)

        def work(k, o=o, barrier=barrier):
            barrier.wait()
            o.add(k)

        threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert o.count() == 2


IMPORTED_BY_A_THREAD = """
import os, signal, threading, time
thread = threading.Thread(target=lambda: __import__("pyclass_bridge"))
thread.start(); thread.join()
import pyclass_bridge
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    pyclass_bridge.r("t <- Sys.time(); while (Sys.time() - t < 60) 1")
except KeyboardInterrupt:
    print("interrupted")
"""

R_FORKS = """
import threading, pyclass_bridge
busy = threading.Thread(target=lambda: [i for i in iter(int, 1)], daemon=True)
busy.start()
both = pyclass_bridge.r("function(f) unlist(parallel::mclapply(1:2, function(i) f(i)))")
print(both(lambda x: x + 1))
"""


@pytest.mark.parametrize(
    ("code", "printed"), [(IMPORTED_BY_A_THREAD, "interrupted"), (R_FORKS, "[2, 3]")]
)
def test_in_a_process_of_its_own(code, printed):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=Path(pyclass_bridge.__file__).parent.parent,
    )
    assert printed in done.stdout, done.stderr[-3000:]
