"""The stack of entries: any thread may use R, on its own C stack; returns are last in, first out.

One deadlock is left to the user, as in any design with one stack (rule E9 of the core): a thread
that R called must not wait for what another thread does only after its own return to R.

Also of: core/door.c, core/c_stack.c.
"""

from __future__ import annotations

import contextvars
import gc
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.paths import TESTS
from support.subprocesses import output_of, run_python

from pyclass_bridge import RError, _core

sys.path.insert(0, str(TESTS / "stress"))

CALL = "function(f) f()"


def in_thread(work, stack_kb: int = 0):
    """What `work()` gives or raises on a thread with this much stack."""
    before = threading.stack_size(stack_kb * 1024)
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result(timeout=30)
    finally:
        threading.stack_size(before)


def spin(seconds: float) -> str:
    return f"{{ t <- Sys.time() + {seconds}; while (Sys.time() < t) 1; 'done' }}"


def test_any_thread_may_use_r(r):
    assert in_thread(lambda: r("1 + 1")) == 2.0


def test_threads_use_r_while_the_main_thread_is_suspended_in_it(r):
    assert r(CALL)(lambda: in_thread(lambda: r("20 + 1"))) == 21.0


def test_nested_suspensions_of_three_threads(r):
    call = r("function(f) f() + 1")
    assert call(lambda: in_thread(lambda: call(lambda: in_thread(lambda: r("1"))))) == 3.0


def test_a_callback_in_a_thread_may_use_r_on_the_main_threads_entry(r):
    apply = r("function(f, x) vapply(x, f, 0)")
    double = r("function(x) x * 2")
    results = r(CALL)(lambda: in_thread(lambda: apply(lambda x: double(x) + 1, [1.0, 2.0])))
    assert results == [3.0, 5.0]


def test_returns_are_last_in_first_out(r):
    """The thread below can't return before the one above has."""
    order = []
    above_is_in, below_may_go = threading.Event(), threading.Event()

    def below():
        def wait():
            below_may_go.wait(10)
            order.append("below left Python")

        r(CALL)(wait)
        order.append("below returned")

    def above():
        def hold():
            above_is_in.set()
            below_may_go.set()
            time.sleep(0.1)
            order.append("above leaves Python")

        r(CALL)(hold)
        order.append("above returned")

    first = threading.Thread(target=below)
    first.start()
    while not _core.is_free():
        time.sleep(0.001)
    second = threading.Thread(target=above)
    second.start()
    assert above_is_in.wait(10)
    first.join(10)
    second.join(10)
    assert order.index("above leaves Python") < order.index("below returned")
    assert order[0] == "below left Python"


def test_a_running_thread_is_waited_for(r):
    started = time.monotonic()
    thread = threading.Thread(target=lambda: r(spin(0.3)))
    thread.start()
    time.sleep(0.1)
    assert r("1") == 1.0
    assert time.monotonic() - started >= 0.3
    thread.join()


def test_a_thread_with_a_small_stack_is_refused(r):
    with pytest.raises(RuntimeError, match=r"256 kB.*512 kB.*threading.stack_size"):
        in_thread(lambda: r("1"), 256)
    assert in_thread(lambda: r("1"), 512) == 1.0


@pytest.mark.parametrize("stack_kb", [512, 1024, 4096])
def test_a_full_stack_of_a_thread_is_an_error(r, stack_kb):
    with pytest.raises(RError, match=r"C stack usage|infinite recursion"):
        in_thread(lambda: r("f <- function(n) f(n + 1); f(1)"), stack_kb)
    assert in_thread(lambda: r("1"), stack_kb) == 1.0
    assert r("g <- function(n) if (n == 0) 0 else g(n - 1); g(400)") == 0.0


def test_stacks_of_several_sizes_take_turns(r):
    depth = "h <- function(n) if (n == 0) 0 else h(n - 1); h(30)"
    for stack_kb in (512, 8192, 512, 1024, 16384, 512):
        assert in_thread(lambda: r(depth), stack_kb) == 0.0


def test_an_error_ends_only_its_own_threads_entry(r):
    """The main thread's tryCatch() is below a stranger's entry and must not see its error."""

    def stranger():
        with pytest.raises(RError, match="mine"):
            r("stop('mine')")
        return "seen here"

    outer = r("function(f) tryCatch(f(), error = function(e) 'seen there')")
    assert outer(lambda: in_thread(stranger)) == "seen here"


def test_a_restart_of_another_thread_is_out_of_reach(r):
    outer = r("function(f) withRestarts(f(), mine = function() 'taken')")

    def stranger():
        with pytest.raises(RError, match="of another thread's R code"):
            r("invokeRestart('mine')")
        return "kept"

    assert outer(lambda: in_thread(stranger)) == "kept"


def test_an_error_of_a_future_goes_on_in_the_caller(r):
    """The exception crosses threads as an object; R's condition keeps its class."""
    outer = r("function(f) tryCatch(f(), mine = function(e) paste('caught', conditionMessage(e)))")
    raising = "stop(structure(class = c('mine', 'error', 'condition'), list(message = 'm')))"
    assert outer(lambda: in_thread(lambda: r(raising))) == "caught m"


def test_destructors_on_other_threads_never_wait(r, tmp_path):
    """The other thread's R code leaves R when it sees a file that is written after the destructors
    have ended: one that waited for R would wait until that code gives up."""
    counter = r("Counter %py_class% { step <- function() self$n <- 1 }; Counter")()
    counter.step()
    values = [r(code) for code in ("function(x) x", "factor('a')", "new.env()") for _ in range(20)]
    values += [counter.step, counter]
    del counter
    in_r, ended = tmp_path / "in R", tmp_path / "ended"
    code = """
      function(in_r, ended) {
        file.create(in_r)
        give_up <- Sys.time() + 10
        while (!file.exists(ended) && Sys.time() < give_up) Sys.sleep(0.01)
        file.exists(ended)
      }
    """
    hold = r(code)
    with ThreadPoolExecutor(1) as pool:
        saw_them_end = pool.submit(hold, str(in_r), str(ended))
        while not in_r.exists():
            time.sleep(0.001)
        values.clear()
        gc.collect(0)
        ended.touch()
        assert saw_them_end.result() is True


def test_destructors_may_use_r(r):
    seen = []

    class Loud:
        def __del__(self):
            seen.append(r("1 + 1"))

    hold = r("function(x) { invisible(x); NULL }")
    hold(Loud())
    r("invisible(gc())")
    r("NULL")
    assert seen == [2.0]


def test_mixed_calls_of_eight_threads():
    import threads

    made, wrong, seconds = threads.run(10_000)
    assert wrong == []
    assert made == 80_000
    assert seconds < 60


# ---- rpy2 --------------------------------------------------------------------------------------


def test_rpy2_in_a_thread_while_the_main_thread_is_suspended(r):
    from rpy2 import robjects

    context = contextvars.copy_context()
    in_r = r(CALL)
    assert in_r(lambda: in_thread(lambda: context.run(lambda: robjects.r("6 * 7")[0]))) == 42.0


def test_rpy2_calls_without_its_lock_are_entries_too(r):
    """Elements, attributes and destructors of rpy2's objects, while another thread allocates."""
    from rpy2 import rinterface

    stop = threading.Event()

    def allocate():
        while not stop.is_set():
            r("for (i in 1:2000) list(i, paste(i))")

    thread = threading.Thread(target=allocate)
    thread.start()
    try:
        for i in range(300):
            vector = rinterface.IntSexpVector([i, i + 1])
            vector.do_slot_assign("names", rinterface.StrSexpVector(["a", f"b{i}"]))
            assert list(vector) == [i, i + 1]
            assert vector.do_slot("names")[1] == f"b{i}"
            del vector
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "code", ["c(1, 2, 3) + 0", "list(a = 1, b = 'x')", "function(x) x", "as.character(1:3)"]
)
def test_what_rpy2_has_got_outlives_a_collection_before_it_is_held(r, monkeypatch, code):
    """Another thread may use R between the end of rpy2's lock and the object for the result."""
    from rpy2 import robjects
    from rpy2.rinterface_lib import _rinterface_capi

    hold = _rinterface_capi.SexpCapsule.__init__

    def collect_before(capsule, cdata):
        r("{ for (i in 1:50) lapply(1:20, function(i) c(9, 9, i)); gc(); NULL }")
        hold(capsule, cdata)

    monkeypatch.setattr(_rinterface_capi.SexpCapsule, "__init__", collect_before)
    for _ in range(5):
        made = robjects.r(code)
        assert r("identical")(made, r(code)) or "function" in code


def test_rpy2_and_the_bridge_on_four_threads_at_once(r):
    from rpy2 import robjects

    context, wrong = contextvars.copy_context(), []

    def work(k):
        for i in range(150):
            if k % 2:
                r("for (j in 1:30) list(j, paste(j))")
            elif (got := list(robjects.r(f"c({k}, {i}, 3) + 0"))) != [k, i, 3]:
                wrong.append((k, i, got))

    threads = [threading.Thread(target=context.copy().run, args=(work, k)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_rpy2_callback_may_use_the_bridge(r):
    from rpy2 import rinterface, robjects

    @rinterface.rternalize(signature=False)
    def back(x):
        return rinterface.FloatSexpVector([r("function(v) v + 1")(x[0])])

    assert robjects.r("function(f) f(1) * 10")(back)[0] == 20.0


def test_the_lock_of_rpy2_is_not_released_by_a_stranger():
    from rpy2.rinterface_lib import openrlib

    with pytest.raises(RuntimeError, match="does not hold it"):
        openrlib.rlock.release()


# ---- long waits and the end of the process -----------------------------------------------------


WAITS = {
    "to_enter": """
        first = threading.Thread(target=holder_of_r)
        first.start()
        time.sleep(0.3)
        assert r("1") == 1.0
        first.join()
    """,
    "to_return": """
        def wait_to_return():
            second = threading.Thread(target=lambda: r("function(f) f()")(slow_python))
            second.start()
            time.sleep(0.5)

        r("function(f) f()")(wait_to_return)
    """,
}


def test_long_waits_are_reported_and_go_on():
    """Who has R, with its Python frames and R calls."""
    start = textwrap.dedent(
        """
        import threading, time, pyclass_bridge
        r = pyclass_bridge.r

        def holder_of_r():
            r("t <- Sys.time() + 12.8; while (Sys.time() < t) 1")

        def slow_python():
            time.sleep(13)
        """
    )
    with ThreadPoolExecutor(2) as pool:
        runs = {name: pool.submit(run_python, code, start=start) for name, code in WAITS.items()}
    reports = {name: run.result() for name, run in runs.items()}
    for report in reports.values():
        assert report.returncode == 0, report.stderr
        assert report.stderr.count("pyclass_bridge: a thread has waited for R for 10 s") == 1
    assert "in holder_of_r" in reports["to_enter"].stderr
    assert "R itself is running" in reports["to_enter"].stderr
    assert "which called Python" in reports["to_return"].stderr
    assert "in slow_python" in reports["to_return"].stderr
    assert "R calls:\n" in reports["to_return"].stderr
    assert "  f()\n" in reports["to_return"].stderr


def test_a_daemon_thread_in_r_does_not_keep_the_process():
    output = output_of(
        """
        import pyclass_bridge
        thread = threading.Thread(
            target=lambda: pyclass_bridge.r("repeat Sys.sleep(0.01)"), daemon=True
        )
        thread.start()
        time.sleep(0.3)
        print("end")
        """,
        timeout=20,
    )
    assert output == "end\n"


def test_the_first_thread_may_be_any():
    assert (
        output_of(
            """
            def first():
                import pyclass_bridge
                print(pyclass_bridge.r("1"))
            thread = threading.Thread(target=first)
            thread.start()
            thread.join()
            import pyclass_bridge
            print(pyclass_bridge.r("2"))
            """
        )
        == "1.0\n2.0\n"
    )
