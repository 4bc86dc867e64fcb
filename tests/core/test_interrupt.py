"""Ctrl-C in R code: KeyboardInterrupt once, within a second, and R's own handlers run."""

from __future__ import annotations

import re
import textwrap

import pytest
from support.subprocesses import output_of, run_python

HARNESS = textwrap.dedent(
    """
    import faulthandler, os, signal, threading, time
    faulthandler.enable()
    import pyclass_bridge
    r = pyclass_bridge.r
    call = r("function(f) f()")

    def after(seconds, run, *also):
        '''What `run` gives or raises when SIGINT comes after so long; then what is pending.'''
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        start = time.monotonic()
        try:
            outcome = repr(run())
        except BaseException as error:
            outcome = type(error).__name__
        late = time.monotonic() - start - seconds
        try:
            time.sleep(0.15)
            r("for (i in 1:3000) i")
        except BaseException as error:
            outcome += f" and again {error!r}"
        return outcome if late < 1 else f"{outcome} after {late:.1f} s"
    """
)

SPIN = "repeat 1"


def outcome_of(code: str) -> str:
    return output_of(code, start=HARNESS, timeout=40).strip()


CASES = {
    "a loop": ("lambda: r('repeat 1')", "KeyboardInterrupt"),
    "Sys.sleep": ("lambda: r('Sys.sleep(30)')", "KeyboardInterrupt"),
    "tryCatch(interrupt=)": (
        "lambda: r('tryCatch(repeat 1, interrupt = function(i) \"caught\")')",
        "'caught'",
    ),
    "Python that R called": ("lambda: call(lambda: time.sleep(30))", "KeyboardInterrupt"),
    "R in Python in R": ("lambda: call(lambda: r('repeat 1'))", "KeyboardInterrupt"),
    "an outer tryCatch(interrupt=)": (
        "lambda: r('function(f) tryCatch(f(), interrupt = function(i) \"outer\")')"
        "(lambda: r('repeat 1'))",
        "'outer'",
    ),
    "an outer tryCatch(error=)": (
        "lambda: r('function(f) tryCatch(f(), error = function(i) \"wrong\")')"
        "(lambda: r('repeat 1'))",
        "KeyboardInterrupt",
    ),
    "a coroutine": (
        "lambda: r('py_await(import(\"asyncio\")$sleep(30))')",
        "KeyboardInterrupt",
    ),
    "R in a coroutine": (
        "lambda: r('py_await(r_to_py(async_method(function() repeat 1))())')",
        "KeyboardInterrupt",
    ),
    "R awaits where a loop runs": (
        "lambda: r('py_await(r_to_py(async_method(function() "
        'py_await(import("asyncio")$sleep(30))))())\')',
        "KeyboardInterrupt",
    ),
}


def test_interrupts():
    """All cases in one process: the next one shows that nothing is left of the one before."""
    code = "\n".join(f"print(after(0.2, {run}))" for run, _ in CASES.values())
    outcomes = outcome_of(code).splitlines()
    assert dict(zip(CASES, outcomes, strict=True)) == {
        name: expected for name, (_, expected) in CASES.items()
    }


def test_on_exit_and_finally_run():
    code = """
    print(after(0.2, lambda: r("f <- function() { on.exit(cat('on.exit\\\\n')); repeat 1 }; f()")))

    def work():
        try:
            r("repeat 1")
        finally:
            print("finally")

    print(after(0.2, lambda: call(work)))
    """
    assert outcome_of(code).split() == [
        "on.exit",
        "KeyboardInterrupt",
        "finally",
        "KeyboardInterrupt",
    ]


def test_while_waiting_for_r():
    code = """
    busy = threading.Thread(
        target=r, args=("{ t <- Sys.time() + 1.5; while (Sys.time() < t) 1 }",)
    )
    busy.start()
    time.sleep(0.2)

    def wait():
        try:
            r("1")
        finally:
            print(busy.is_alive())

    print(after(0.2, wait))
    busy.join()
    """
    assert outcome_of(code).split() == ["True", "KeyboardInterrupt"]


def test_while_waiting_to_return_it_is_kept():
    """The thread above still needs R: the main thread goes back to R when that one is done."""
    code = """
    done = []

    def above():
        call(lambda: time.sleep(0.8))
        done.append("above")

    def work():
        thread = threading.Thread(target=above)
        thread.start()
        time.sleep(0.2)

    start = time.monotonic()
    try:
        os.environ["x"] = after(0.4, lambda: call(work))
    except KeyboardInterrupt:
        os.environ["x"] = "KeyboardInterrupt"
    print(os.environ["x"], done)
    """
    assert outcome_of(code) == "KeyboardInterrupt ['above']"


ABOVE = textwrap.dedent(
    """
    ended = []
    threading.excepthook = lambda args: ended.append(args.exc_type.__name__)

    def below(above, run=call, signals=1):
        '''What `run` gives on the main thread, which waits to return to it below `above`.'''

        def work():
            thread = threading.Thread(target=lambda: ended.append(above()))
            thread.start()
            for k in range(1, signals):
                threading.Timer(0.4 + 0.3 * k, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(0.2)

        outcome = after(0.4, lambda: run(work))
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()
        return outcome, *ended
    """
)


def lines_below(code: str) -> list[str]:
    return outcome_of(ABOVE + textwrap.dedent(code)).splitlines()


IN_THE_WAY = [
    "lambda: r('repeat 1')",
    "lambda: r('Sys.sleep(30)')",
    "lambda: r('f <- function(x) f(x); repeat tryCatch(f(1), error = identity)')",
    "lambda: call(lambda: r('repeat 1'))",
    "lambda: r('function(f) repeat f()')(lambda: None)",
    "lambda: r('function(f) repeat f()')(lambda: r('1'))",
    "lambda: r('function(f) repeat f()')(lambda: time.sleep(0.001))",
    "lambda: r('function(f) repeat tryCatch(f(), python.builtin.ValueError = identity)')"
    "(lambda: [].remove(1))",
]


def test_r_code_above_ends_too_while_the_main_thread_waits_to_return():
    """R's frames of the main thread can't end before those above."""
    code = f"""
    for above in [{", ".join(IN_THE_WAY)}]:
        ended.clear()
        print(*below(above))
    """
    assert lines_below(code) == ["KeyboardInterrupt KeyboardInterrupt"] * len(IN_THE_WAY)


def test_several_threads_above_end():
    code = """
    def both():
        other = threading.Thread(target=lambda: ended.append(r("repeat 1")))
        other.start()
        time.sleep(0.1)

    print(*below(lambda: r("function(f) { f(); repeat 1 }")(both)))
    """
    assert lines_below(code) == ["KeyboardInterrupt KeyboardInterrupt KeyboardInterrupt"]


def test_r_code_below_may_handle_the_interrupt():
    code = """
    catching = r("function(f) tryCatch(f(), interrupt = function(i) 'caught')")
    print(*below(lambda: r("repeat 1"), catching))

    def handler(number, frame):
        raise TimeoutError("mine")

    signal.signal(signal.SIGINT, handler)
    print(*below(lambda: r("repeat 1")))
    signal.signal(signal.SIGINT, lambda number, frame: ended.append("handled"))
    print(*below(lambda: r("{ t <- Sys.time() + 0.6; while (Sys.time() < t) 1; 'ran on' }")))
    """
    assert lines_below(code) == [
        "'caught' KeyboardInterrupt",
        "TimeoutError KeyboardInterrupt KeyboardInterrupt",
        "None KeyboardInterrupt KeyboardInterrupt handled ran on",
    ]


def test_an_exception_that_returns_meanwhile_is_the_context():
    code = """
    def fails(f):
        def work():
            f()
            raise ValueError("returns")
        call(work)

    def run(f):
        try:
            fails(f)
        except KeyboardInterrupt as error:
            return repr(error.__context__)

    print(*below(lambda: r("repeat 1"), run))
    """
    assert lines_below(code) == ["\"ValueError('returns')\" KeyboardInterrupt"]


def test_the_interrupt_of_the_python_code_that_returns():
    """It comes before the main thread waits to return."""
    code = """
    def work():
        thread = threading.Thread(target=lambda: ended.append(r("repeat 1")))
        thread.start()
        time.sleep(10)

    print(after(0.4, lambda: call(work)), *ended)
    """
    assert lines_below(code) == ["KeyboardInterrupt KeyboardInterrupt"]


def test_python_code_above_ends_at_the_second_signal():
    """Python leaves threads alone at a Ctrl-C; a sentence says what the main thread waits for."""
    code = """
    def loop():
        end = time.monotonic() + 20
        while time.monotonic() < end:
            time.sleep(0.01)

    print(*below(lambda: call(loop), signals=2))
    ended.clear()
    print(*below(lambda: call(lambda: time.sleep(1.7))))
    """
    done = run_python(HARNESS + ABOVE + textwrap.dedent(code), start="", timeout=40)
    first, second = done.stdout.splitlines()
    assert first == "KeyboardInterrupt KeyboardInterrupt"
    assert re.fullmatch(r"KeyboardInterrupt after 1\.\d s None", second)
    assert "waited for R for 1 s, and ends by the interrupt when it has it" in done.stderr


def test_python_handlers_of_a_program_are_kept():
    code = """
    def handler(number, frame):
        raise TimeoutError("mine")

    signal.signal(signal.SIGINT, handler)
    print(after(0.2, lambda: r("repeat 1")))
    print(after(0.2, lambda: call(lambda: r("Sys.sleep(30)"))))
    seen = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(r("2 + 2")))
    print(after(0.2, lambda: r("{ t <- Sys.time() + 0.6; while (Sys.time() < t) 1; 'ran on' }")))
    print(seen)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print(after(0.2, lambda: r("{ t <- Sys.time() + 0.4; while (Sys.time() < t) 1; 'ignored' }")))
    """
    assert outcome_of(code).splitlines() == [
        "TimeoutError",
        "TimeoutError",
        "'ran on'",
        "[4.0]",
        "'ignored'",
    ]


def test_another_thread_sleeps_in_r():
    """The system gives the signal to the main thread, which has nothing to do with R's sleep."""
    code = """
    slept = []
    thread = threading.Thread(target=lambda: slept.append(r("{ Sys.sleep(0.8); 'slept' }")))
    thread.start()
    time.sleep(0.2)
    print(after(0.1, lambda: time.sleep(30)))
    thread.join()
    print(slept)
    """
    assert outcome_of(code).splitlines() == ["KeyboardInterrupt", "['slept']"]


def test_sleep_is_rs():
    code = """
    start = time.monotonic()
    assert r("{ Sys.sleep(0.1); Sys.sleep(0L); is.null(Sys.sleep(0)) }")
    assert time.monotonic() - start >= 0.1
    for bad in ("-1", "NA", "'a'"):
        try:
            r(f"suppressWarnings(Sys.sleep({bad}))")
        except pyclass_bridge.RError as error:
            print(error.message)
    """
    assert outcome_of(code).splitlines() == ["invalid 'time' value"] * 3


def test_other_signals():
    code = """
    def handler(number, frame):
        raise TimeoutError("alarm")

    signal.signal(signal.SIGALRM, handler)
    for code in ("repeat 1", "suspendInterrupts(for (i in 1:3e7) i)"):
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            r(code)
            time.sleep(0.1)
            print("nothing")
        except TimeoutError as error:
            print(error)
    """
    assert outcome_of(code).split() == ["alarm", "alarm"]


def test_an_interrupt_is_never_lost_at_the_end_of_r_code():
    """It comes while R is about to return: it is raised by that call or right after it."""
    code = """
    caught = 0
    for i in range(40):
        try:
            timer = threading.Timer(0.002 * (i % 10), os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            for _ in range(3):
                r("for (i in 1:40000) i")
            timer.join()
            time.sleep(0.02)
        except KeyboardInterrupt:
            caught += 1
        finally:
            timer.join()
    print(caught)
    """
    assert outcome_of(code) == "40"


@pytest.mark.parametrize("name", ["suspendInterrupts", "allowInterrupts"])
def test_suspended_interrupts_come_later(name):
    code = f"""
    print(after(0.1, lambda: r("{name}({{ for (i in 1:1e7) i; 1 }}); repeat 1")))
    """
    assert outcome_of(code) == "KeyboardInterrupt"
