"""Turns: a thread that waits to return to R goes before the new entries of other threads.

Of: core/entry.c.
"""

from __future__ import annotations

import threading
import time

from support.subprocesses import output_of

EVERYONE = """
import threading, time
import pyclass_bridge

threading.stack_size(2 * 1024 * 1024)
call = pyclass_bridge.r("function(f) f()")
least = pyclass_bridge.r("function(n) n")
calls = [{calls}]
made = [0] * 16
end = time.monotonic() + 60

def work(k):
    while min(made) < 5 and time.monotonic() < end:
        calls[k % len(calls)]()
        made[k] += 1

threads = [threading.Thread(target=work, args=(k,)) for k in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("everyone" if min(made) >= 5 else sorted(made))
"""


def everyone(calls: str) -> str:
    return output_of(EVERYONE.format(calls=calls)).strip()


def test_short_calls_of_sixteen_threads_all_return():
    assert everyone("lambda: call(lambda: call(lambda: 1))") == "everyone"


def test_calls_that_do_not_come_back_to_python_let_the_others_return():
    assert everyone("lambda: call(lambda: least(1)), lambda: least(2)") == "everyone"


BELOW = """
import threading, time
import pyclass_bridge

threading.stack_size(2 * 1024 * 1024)
call = pyclass_bridge.r("function(f) f()")
are_in = threading.Barrier(9)
end = time.monotonic() + 30
is_back = threading.Event()

def below():
    are_in.wait()
    while not is_back.is_set() and time.monotonic() < end:
        call(lambda: time.sleep(0.01))

threads = [threading.Thread(target=call, args=(below,)) for _ in range(8)]
for thread in threads: thread.start()
are_in.wait()
for _ in range(5):
    call(lambda: time.sleep(0.05))
print("back" if time.monotonic() < end else "late")
is_back.set()
for thread in threads: thread.join()
"""


def test_threads_with_entries_below_let_it_return():
    assert output_of(BELOW).strip() == "back"


def test_a_return_waits_for_a_thread_above_that_needs_a_new_entry(r):
    """The thread above waits for what a third one does in R, which has to get in although the
    thread below waits to return."""
    call, add = r("function(f) f()"), r("function(x) x + 1")
    above_is_in, third = threading.Event(), threading.Event()
    order, sums = [], []

    def below():
        call(above_is_in.wait)
        order.append("below")

    def above():
        def hold():
            above_is_in.set()
            third.wait(30)

        call(hold)
        order.append("above")

    def work():
        above_is_in.wait()
        time.sleep(0.5)  # the thread below waits by then
        for i in range(200):
            sums.append(add(float(i)))
        third.set()

    threads = [threading.Thread(target=f) for f in (below, above, work)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join(60)
    assert sums == [i + 1.0 for i in range(200)]
    assert order == ["above", "below"]


def test_a_long_call_above_does_not_keep_new_entries_out(r):
    """As when one thread trains with hooks in R while another waits to return: a third gets in."""
    call, add = r("function(f) f()"), r("function(x) x + 1")
    above_is_in, is_done = threading.Event(), threading.Event()
    made = []

    def above():
        def train():
            above_is_in.set()
            while not is_done.is_set():
                add(1.0)

        call(train)

    def below():
        call(above_is_in.wait)

    threads = [threading.Thread(target=f) for f in (below, above)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    # How many get in within a second depends on the load of the machine.
    end = time.monotonic() + 60
    while len(made) < 50 and time.monotonic() < end:
        made.append(add(1.0))
    is_done.set()
    for thread in threads:
        thread.join(60)
    assert made == [2.0] * 50
