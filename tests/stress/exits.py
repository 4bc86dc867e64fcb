"""Fifty ways to end a process in which R runs: the status, and what is printed, are as they should
be, and none takes longer than five seconds.

    python tests/stress/exits.py [scripts, spread over all]

Two run at a time; all of them take a minute.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import report

LIMIT = 5.0  # seconds; on a busy machine 4 times what an empty script takes

START = """
import atexit, builtins, gc, os, signal, sys, threading, time, weakref
import pyclass_bridge
r = pyclass_bridge.r
call = r("function(f) f()")

class A:
    def __del__(self, r=r):
        print(r("1 + 1"))

def Bye(member="finalize"):
    return r("function(member) PyClass('Bye', setNames(list(function(self) cat('bye\\\\n')), member))")(member)

def daemon(run, *args):
    threading.Thread(target=run, args=args, daemon=True).start()
    time.sleep(0.2)

def calls_for_ever():
    while True:
        call(lambda: r("1"))
"""  # noqa: E501


class Exit(NamedTuple):
    """A script, with what it prints, a pattern of what it says on stderr, and its status."""

    code: str
    out: str = ""
    err: str = ""
    status: int = 0


ENDS = r"Exception ignored in: .*RuntimeError: Python is shutting down while another thread is .*\n"
GONE = r"Exception ignored in: .*RuntimeError: R can't be used any more, since Python has shut .*\n"
NO_MORE = r"(?s).*RuntimeError: Python is shutting down while another thread is using R\n"

EXITS = [
    # nothing special, and objects that are alive at the end
    Exit("r('1')"),
    Exit("x = r('list(1, function() 2)')"),
    Exit("x = r('new.env()'); y = call; builtins.z = [x, y]"),
    Exit("a = A()", "2.0\n"),
    Exit("a = A(); a.me = a", "2.0\n"),
    Exit("builtins.a = A()", "2.0\n"),
    Exit("local = threading.local(); local.a = A()", "2.0\n"),
    Exit("a = A(); x = r('list')(a)", "2.0\n"),
    Exit("import codecs; codecs.a = A()", "", GONE),
    Exit("a = Bye()()", "bye\n"),
    Exit("a = Bye('__del__')()", "bye\n"),
    Exit("a = Bye()(); a.me = a", "bye\n"),
    Exit("builtins.a = Bye()()", "bye\n"),
    Exit("a = [Bye()() for _ in range(100)]", "bye\n" * 100),
    Exit("r('A %py_class% { finalize <- function() cat(1) }; a <- A()')"),
    Exit("class B(Bye()): pass\na = B()", "bye\n"),
    Exit("a = A(); r('function(x) kept <<- x')(a)"),
    Exit("weakref.finalize(A, lambda: print(r('1 + 1')))", "2.0\n"),
    Exit("def g():\n    try: yield 1\n    finally: print(r('3'))\nx = g(); next(x)", "3.0\n"),
    Exit(
        "class C:\n    def __del__(self, r=r): r('stop(\"no\")')\nc = C()",
        "",
        r"Exception ignored in: .*RError: Error: no\n",
    ),
    # what R does at its end
    Exit("r('invisible(reg.finalizer(globalenv(), function(e) cat(4), onexit = TRUE))')", "4"),
    Exit(
        "r('function(f) reg.finalizer(globalenv(), function(e) f(5), onexit = TRUE)')(print)",
        "5.0\n",
    ),
    Exit("r('.Last <- function() cat(6)')", "6"),
    Exit(
        "r('invisible(reg.finalizer(globalenv(), function(e) stop(7), onexit = TRUE))')",
        "",
        r"(Error.*\n)?",
    ),
    Exit("d = r('tempdir()'); weakref.finalize(A, lambda: print(os.path.isdir(d)))", "True\n"),
    # functions of atexit, before and after the import's own
    Exit("atexit.register(lambda: print(r('8')))", "8.0\n"),
    Exit("atexit.register(lambda: r('stop(\"no\")'))", "", r"(?s)Exception ignored .*Error: no\n"),
    Exit("atexit.register(lambda: print(call(lambda: r('9'))))", "9.0\n"),
    Exit("atexit.register(lambda: sys.exit(3))", "", r"(?s)(Exception|Error).*SystemExit: 3\n"),
    # other threads
    Exit("threading.Thread(target=lambda: (time.sleep(0.5), print(r('10')))).start()", "10.0\n"),
    Exit("threading.Thread(target=r, args=('{ Sys.sleep(0.5); cat(11) }',)).start()", "11"),
    Exit("daemon(r, 'repeat 1')"),
    Exit("daemon(r, 'Sys.sleep(60)')"),
    Exit("daemon(call, lambda: time.sleep(60))"),
    Exit("daemon(calls_for_ever)"),
    Exit("[daemon(calls_for_ever) for _ in range(5)]"),
    Exit("daemon(r, 'repeat 1'); a = A()", "", ENDS),
    Exit("daemon(r, 'repeat 1'); atexit.register(lambda: r('1'))", "", NO_MORE),
    Exit("daemon(call, lambda: time.sleep(60)); a = A()"),  # Python does not call its __del__
    Exit("daemon(call, lambda: time.sleep(60)); atexit.register(lambda: print(r('12')))", "12.0\n"),
    # exits of all kinds
    Exit("sys.exit(13)", status=13),
    Exit("r('import(\"sys\")$exit(14L)')", status=14),
    Exit("call(lambda: r('import(\"sys\")$exit(15L)'))", status=15),
    Exit('r(\'tryCatch(import("sys")$exit(16L), finally = cat("on exit"))\')', "on exit", "", 16),
    Exit("r('import(\"os\")$`_exit`(17L)')", status=17),
    Exit("call(lambda: os._exit(18))", status=18),
    Exit("r('q(status = 19)')", "", r"(?s)Traceback.*RError: Error: q\(\) would end .*\n", 1),
    Exit("sys.excepthook = lambda *args: print(r('20')); raise ValueError", "20.0\n", "", 1),
    Exit("r('stop(\"no\")')", "", r"(?s)Traceback.*RError: Error: no\n", 1),
    Exit("call(lambda: os.kill(os.getpid(), signal.SIGTERM)); time.sleep(1)", status=-15),
]


def run(exit: Exit, limit: float) -> str:
    """What is wrong with the script's end; "" if nothing is."""
    start = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-c", START + exit.code],
            capture_output=True, text=True, timeout=3 * limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "it does not end"
    seconds = time.monotonic() - start
    if done.returncode != exit.status:
        return f"status {done.returncode}: {done.stderr[-300:]}"
    if done.stdout != exit.out:
        return f"it prints {done.stdout!r}"
    if not re.fullmatch(exit.err, done.stderr, re.DOTALL):
        return f"it says {done.stderr!r}"
    return f"it takes {seconds:.1f} s" if seconds > limit else ""


def seconds_of_nothing() -> float:
    """How long a script takes that only starts R."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", START], capture_output=True, check=True)
    return time.monotonic() - start


def main(number: int) -> int:
    step = max(1, len(EXITS) // number)
    chosen = EXITS[::step][:number]
    limit = max(LIMIT, 4 * seconds_of_nothing())
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(run, chosen, [limit] * len(chosen)))
    # Once more and alone, if only the time is wrong: another program may have had the processors.
    again = [
        run(exit, limit) if "it takes" in text else text
        for exit, text in zip(chosen, said, strict=True)
    ]
    wrong = [(exit, text) for exit, text in zip(chosen, again, strict=True) if text]
    for exit, said in wrong:
        print(f"{exit.code!r}: {said}")
    seen = f"{len(chosen) - len(wrong)} of {len(chosen)}"
    report.figure("50 exit scripts", f"all clean, each under {limit:.0f} s", seen, not wrong)
    return report.status()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else len(EXITS)))
