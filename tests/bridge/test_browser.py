"""R's browser: at a terminal it works; without one it is an error that reads nothing.

Of: core/output.c, bridge/output.py, R/bridge_condition.R.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap

import pytest
from support.notebooks import run_notebook

DEBUGGED = "local({ f <- function(x) { y <- x; y + 1 }; debug(f); f(2) })"
BROWSERS = {
    "browser()": "local({ f <- function(n) { browser(); n }; f(1) })",
    "at the top": "{ browser(); 5 }",
    "debug()": DEBUGGED,
    "debugonce()": DEBUGGED.replace("debug(", "debugonce("),
    "trace()": "{ t <- function(x) x; trace('t', browser, print = FALSE); t(1) }",
    "a recursion": "local({ f <- function(n) { browser(); f(n - 1) }; f(3) })",
    "a loop": "for (i in 1:1000) browser()",
    "in tryCatch()": "tryCatch(local({ browser(); 5 }), error = function(e) 'caught')",
    "recover": "local({ options(error = utils::recover); stop('an error') })",
}
RUN = """
import sys, threading
import pyclass_bridge

code, way = sys.argv[1:]
r = pyclass_bridge.r

def work():
    try:
        print("value", r(code))
    except pyclass_bridge.RError as error:
        print(type(error).__name__, error.message)

def nested():
    try:
        r("function(f) f()")(lambda: r(code))
    except pyclass_bridge.RError as error:
        print(type(error).__name__, error.message)

if way == "thread":
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
elif way == "nested":
    nested()
else:
    work()
print("works", r("1 + 1"))
if not sys.stdin.isatty():
    print("left", sys.stdin.read().split())
"""


def run(code: str, way: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", RUN, code, way],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        **options,
    )


CASES = [(name, "main") for name in BROWSERS]
CASES += [(name, way) for name in ("browser()", "debug()") for way in ("nested", "thread")]


@pytest.mark.parametrize(("name", "way"), CASES)
def test_without_a_terminal_it_is_an_error_that_reads_nothing(name, way):
    done = run(BROWSERS[name], way, input="c n Q\n1 2\n")
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) < 12, done.stdout
    assert lines[-2:] == ["works 2.0", "left ['c', 'n', 'Q', '1', '2']"]
    error = next(line for line in lines if line.startswith("RError"))
    assert error.endswith("an error" if name == "recover" else "and debug() by undebug()")
    assert "value" not in done.stdout


def test_with_nothing_to_read_it_is_the_same_error():
    done = run(DEBUGGED, "main", stdin=subprocess.DEVNULL)
    assert "need a terminal" in done.stdout
    assert "EOF" not in done.stdout
    assert done.stdout.endswith("works 2.0\nleft []\n")


def test_with_standard_input_closed():
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" <&-', sys.executable, "-c", RUN, DEBUGGED, "main"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "need a terminal" in done.stdout
    assert "works 2.0" in done.stdout


def test_r_code_still_reads_the_standard_input():
    done = run("readline('name? '); scan(file('stdin'), '', quiet = TRUE)", "main", input="a b\n")
    assert "['a', 'b']" in done.stdout


def test_at_a_terminal_it_answers():
    """An error at the prompt is shown at once, and the browser goes on."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", RUN, DEBUGGED, "main"], stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    seen = b""
    answers = [b"n\n", b"x * 21\n", b"no_such_name\n", b"y <- 10\n", b"c\n"]
    try:
        while data := os.read(master, 65536):
            seen += data
            while answers and seen.count(b"Browse[") > 5 - len(answers):
                os.write(master, answers.pop(0))
    except OSError:  # the child has closed its end
        pass
    os.close(master)
    assert child.wait(timeout=60) == 0
    text = seen.decode().replace("\r\n", "\n")
    assert "[1] 42\n" in text
    assert text.index("object 'no_such_name' not found") < text.index("y <- 10")
    assert "need a terminal" not in text
    assert "works 2.0" in text


def test_in_a_notebook(tmp_path):
    code = f"""
        import pyclass_bridge
        try:
            pyclass_bridge.r("{DEBUGGED}")
        except pyclass_bridge.RError as error:
            print("RError", error.message)
        print(pyclass_bridge.r("1 + 1"))
    """
    (cell,) = run_notebook(tmp_path, textwrap.dedent(code))
    said = "".join(output.get("text", "") for output in cell.outputs)
    assert "RError browser() and debug() need a terminal" in said
    assert said.endswith("2.0\n")
