"""The end of the process: R works as long as it can, then one error says so, and nobody waits long.

`tests/stress/exits.py` has many more ways to end.

Of: core/entry.c, bridge/rpy2_edge.py, bridge/r_functions.py.
"""

from __future__ import annotations

import re
import time

from support.subprocesses import run_python

START = """
import atexit, builtins, codecs, sys, threading, time
import pyclass_bridge
r = pyclass_bridge.r
Bye = r("Bye %py_class% { finalize <- function() cat('bye\\n') }; Bye")

class Fails:
    def __del__(self, r=r):
        r("stop('no')")
"""


def ended(code: str):
    start = time.monotonic()
    done = run_python(code, start=START, timeout=40)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start < 20
    return done


def test_objects_that_die_late_use_r():
    """In a cycle, or after Python has removed what can be imported."""
    done = ended("a = Bye(); a.me = a; builtins.b = Bye()")
    assert (done.stdout, done.stderr) == ("bye\nbye\n", "")


def test_an_error_of_r_then_is_that_error():
    done = ended("builtins.a = Fails()")
    assert done.stderr.count("Exception ignored") == 1
    assert done.stderr.endswith("pyclass_bridge.RError: Error: no\n")


def test_what_comes_later_is_told_so():
    done = ended("codecs.a = Fails()")
    assert done.stderr.count("Exception ignored") == 1
    assert done.stderr.endswith(
        "RuntimeError: R can't be used any more, since Python has shut down: end what needs R "
        "before, as by atexit.register()\n"
    )


def test_a_daemon_that_never_leaves_r_keeps_nobody():
    code = """
    threading.Thread(target=r, args=("repeat 1",), daemon=True).start()
    time.sleep(0.2)
    atexit.register(lambda: r("1"))
    """
    done = ended(code)
    assert re.search(r"RuntimeError: Python is shutting down while another .* R\n\Z", done.stderr)


def test_a_thread_that_is_no_daemon_is_waited_for():
    """Also if it needs R for long: the functions of atexit come after it."""
    code = """
    atexit.register(lambda: print(r("2")))
    threading.Thread(target=r, args=("{ Sys.sleep(3); cat('1\\n') }",)).start()
    """
    done = ended(code)
    assert (done.stdout, done.stderr) == ("1\n2.0\n", "")


def test_the_package_may_be_imported_at_the_end():
    code = "import atexit\natexit.register(lambda: print(__import__('pyclass_bridge').r('1 + 1')))"
    done = run_python(code, start="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2.0\n", "")
