"""Where R hosts, R stays R's: console, errors, Ctrl-C, threads at the prompt, the end.

Of: core/host.c, bridge/host.py, R/bridge_host.R, start/hosted.py.
"""

from __future__ import annotations

import signal
import time

import pytest
from support.r_host import Terminal, output_of, run_rscript

CALL = """py_run_string("
import sys, threading, time
def call(f, *args):
    try:
        return f(*args)
    finally:
        print('finally')
def catch(f):
    try:
        f()
    except Exception as error:
        return type(error).__name__ + ': ' + str(error)
")
"""


@pytest.fixture(scope="module")
def terminal():
    r = Terminal()
    r.ask(CALL.replace("\n", "\\n").replace('("\\n', '("').removesuffix("\\n"))
    yield r
    assert r.quit() == 0


# ---- the console -------------------------------------------------------------------------------


def test_what_python_prints_goes_through_rs_console():
    out = output_of("""
        cat("1\\n")
        py_run_string("print(2)")
        cat("3\\n")
        file <- tempfile()
        sink(file)
        py_run_string("import sys; print('sunk', 'ä', 'a\\\\0b', '\\\\udc80')")
        py_run_string("sys.stdout.buffer.write(b'bytes')")
        sink()
        writeLines(toupper(readLines(file, warn = FALSE)))
        writeLines(rev(capture.output(py_run_string("print('x', end='\\\\n'); print('y')"))))
        py_run_string("print('open', end='')")
    """)
    assert out == "1\n2\n3\nSUNK Ä A\\0B \\UDC80\nBYTES\ny\nx\nopen"


def test_standard_error_goes_through_rs_console():
    done = run_rscript("""
        con <- file(file <- tempfile(), "w")
        sink(con, type = "message")
        py_run_string("import sys, warnings; print('said', file=sys.stderr); warnings.warn('why')")
        sink(type = "message")
        close(con)
        writeLines(sub(".*UserWarning", "UserWarning", readLines(file)))
        py_run_string("print('plain', file=sys.stderr)")
    """)
    assert done.stdout.splitlines()[:2] == ["said", "UserWarning: why"]
    assert done.stderr == "plain\n"


def test_what_a_thread_prints_is_in_order_and_whole():
    out = output_of("""
        py_run_string("
        import threading
        threads = [threading.Thread(target=lambda i=i: [print(f'{i}:{k}') for k in range(200)])
                   for i in range(4)]
        for t in threads: t.start()
        for t in threads: t.join()
        ")
        text <- "the end"
        cat(text, "\\n")
    """)
    lines = out.split()
    assert len(lines) == 802
    assert lines[-2:] == ["the", "end"]
    for i in range(4):
        assert [x for x in lines if x.startswith(f"{i}:")] == [f"{i}:{k}" for k in range(200)]


def test_a_thread_prints_while_r_sleeps_and_at_the_end():
    out = output_of("""
        py_run_string("
        import threading, time
        def talk():
            time.sleep(0.2); print('first'); time.sleep(0.6); print('never')
        threading.Thread(target=talk).start()
        ")
        Sys.sleep(0.5)
        cat("second\\n")
    """)
    assert out == "first\nsecond\n"


def test_a_progress_bar_is_not_drawn_over_again_in_a_script():
    out = output_of('py_run_string("import sys; print(sys.stdout.isatty(), sys.stdout.encoding)")')
    assert out == "False utf-8\n"


def test_python_reads_at_rs_prompt(terminal):
    terminal.ask("py_run_string('name = input(\"name? \")')", r"name\? $")
    terminal.ask("Ann")
    assert terminal.ask("py$name") == '[1] "Ann"'


def test_a_script_reads_its_own_standard_input():
    out = output_of("""
        py_run_string("import sys; line = sys.stdin.readline()")
        print(py$line)
    """)
    assert out == '[1] ""\n'


# ---- errors and warnings -----------------------------------------------------------------------


def test_an_error_that_nobody_takes_ends_a_script_as_rs_own_does():
    done = run_rscript(CALL + "f <- function() stop('oh no')\npy$call(f)\ncat('not reached')\n")
    assert done.returncode == 1
    assert done.stdout == "finally\n"
    assert "Error in f() : oh no\n" in done.stderr
    assert done.stderr.endswith("Execution halted\n")


def test_python_takes_an_error_of_r():
    assert output_of(CALL + "print(py$catch(function() stop('taken')))") == (
        '[1] "RError: Error in r_function() : taken"\n'
    )


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_a_handler_of_the_script_takes_it_after_python(levels):
    out = output_of(
        CALL
        + f"""
        f <- function() stop(structure(class = c("mine", "error", "condition"),
          list(message = "m", call = NULL, data = 1:3)))
        for (level in seq_len({levels})) f <- local({{ inner <- f; function() py$call(inner) }})
        seen <- 0
        count <- function(e) seen <<- seen + 1
        got <- withCallingHandlers(tryCatch(f(), mine = identity), mine = count)
        print(list(class(got)[[1]], got$data, seen))
        print(inherits(try(f(), silent = TRUE), "try-error"))
        """
    )
    assert '"mine"' in out and "1 2 3" in out
    assert out.count("finally") == 2 * levels
    assert out.endswith("[1] TRUE\n")


def test_a_calling_handler_sees_an_error_that_nobody_takes_once():
    done = run_rscript(
        CALL
        + """
        n <- 0
        withCallingHandlers(py$call(function() stop("e")), error = function(e) {
          n <<- n + 1
          cat("seen", n, "\\n")
        })
        """
    )
    assert done.stdout == "seen 1 \nfinally\n"
    assert done.returncode == 1


def test_the_option_error_runs_once_with_rs_frames():
    done = run_rscript(
        CALL
        + """
        options(error = function() {
          cat("option:", deparse(sys.calls()[[1]]), "\\n")
          q(status = 7)
        })
        outer <- function() py$call(function() stop("e"))
        outer()
        """
    )
    assert done.stdout == "finally\noption: outer() \n"
    assert done.returncode == 7


def test_traceback_shows_the_users_calls(terminal):
    terminal.ask("f <- function() py$call(function() stop('deep'))")
    assert terminal.ask("f()") == "finally\nError in r_function() : deep"
    calls = [line for line in terminal.ask("traceback()").splitlines() if line[:1].isdigit()]
    assert calls[-1].startswith("1: f()") and len(calls) == 2


def test_a_python_exception_is_an_error_of_r(terminal):
    assert "ZeroDivisionError: division by zero" in terminal.ask("py_eval('1 / 0')")
    got = terminal.ask("tryCatch(py_eval('{}[1]'), python.builtin.KeyError = function(e) 'key')")
    assert got == '[1] "key"'


EXITS = {"SystemExit: 3": "sys.exit(3)", "GeneratorExit: g": "raise GeneratorExit('g')"}


@pytest.mark.parametrize("says, code", EXITS.items(), ids=["SystemExit", "GeneratorExit"])
@pytest.mark.parametrize("levels", [0, 2])
def test_an_exception_that_is_no_error_of_pythons_is_one_of_r(says, code, levels):
    """Only Python code may take it as what it is."""
    setting = (
        CALL
        + f"""
        f <- function() py_run_string("{code}")
        for (level in seq_len({levels})) f <- local({{ inner <- f; function() py$call(inner) }})
        py_run_string("
        def taken(f):
            try: f()
            except BaseException as error: return type(error).__name__
        ")
    """
    )
    out = output_of(
        setting
        + """
        cat(tryCatch(f(), error = function(e) conditionMessage(e)), "\\n")
        cat(inherits(try(f(), silent = TRUE), "try-error"), py$taken(f))
        """.replace("\\\\", "\\")
    )
    lines = [line for line in out.splitlines() if line != "finally"]
    assert lines[0].startswith(says), out
    assert lines[1] == f"TRUE {says.partition(':')[0]}"
    done = run_rscript(setting + "f()")
    assert done.returncode == 1 and says in done.stderr


def test_warnings_are_rs_own(terminal):
    shown = terminal.ask("py$call(function() { warning('careful'); 1 })")
    assert shown == "finally\n[1] 1\nWarning message:\nIn r_function() : careful"
    assert "careful" in terminal.ask("warnings()")
    terminal.ask("options(warn = 1)")
    assert terminal.ask("py$call(function() warning('now'))").startswith(
        "Warning in r_function() : now"
    )
    terminal.ask("options(warn = 2)")
    assert "converted from warning" in terminal.ask("py$catch(function() warning('as error'))")
    terminal.ask("options(warn = 0)")


def test_the_browser_is_rs_own(terminal):
    shown = terminal.ask("py$call(function() { secret <- 42; browser(); 1 })", r"Browse\[1\]> $")
    assert "Called from" in shown
    assert terminal.ask("secret", r"Browse\[1\]> $") == "[1] 42"
    assert terminal.ask("Q") == "finally"
    assert terminal.ask("2 + 2") == "[1] 4"


# ---- Ctrl-C ------------------------------------------------------------------------------------

LONG = {
    "python that sleeps": ("py_run_string('time.sleep(60)')", ""),
    "python that computes": ("py_run_string('while True: pass')", ""),
    "r": ("repeat {}", ""),
    "r that sleeps": ("Sys.sleep(60)", ""),
    "r in python": ("py$call(function() repeat {})", "finally"),
    "python in r in python": ("py$call(function() py_run_string('time.sleep(60)'))", "finally"),
}


@pytest.mark.parametrize("code, says", LONG.values(), ids=LONG)
def test_ctrl_c_ends_it_once(terminal, code, says):
    terminal.send(f"cat('go\\n'); {code}")
    terminal.wait_for("go\r\n")
    time.sleep(0.3)
    began = time.monotonic()
    assert terminal.interrupt().replace("^C", "").strip() == says
    assert time.monotonic() - began < 5
    assert terminal.ask("sum(1:10)") == "[1] 55"
    assert terminal.ask("py_eval('1 + 1')") == "[1] 2"


def test_one_ctrl_c_ends_a_loop_of_errors(terminal):
    """It comes while the exception for an error is made, or an error is passed on, now and then."""
    for _ in range(8):
        terminal.send("cat('go\\n'); repeat try(py$call(function() stop('x')), TRUE)")
        terminal.wait_for("go\r?\n")
        time.sleep(0.3)
        terminal.child.kill(signal.SIGINT)
        terminal.child.expect(terminal.PROMPT, timeout=20)
    assert terminal.ask("sum(1:10)") == "[1] 55"


@pytest.mark.parametrize("code", [code for code, _ in LONG.values()], ids=LONG)
def test_trycatch_takes_an_interrupt(terminal, code):
    terminal.send(f"cat('go\\n'); tryCatch({{ {code} }}, interrupt = function(e) 'taken')")
    terminal.wait_for("go\r\n")
    time.sleep(0.3)
    assert terminal.interrupt().endswith('[1] "taken"')


def test_python_takes_an_interrupt_once(terminal):
    code = (
        "py_run_string('seen = 0\\nfor i in range(2):\\n    try:\\n        time.sleep(3 - 2 * i)\\n"
        "    except KeyboardInterrupt:\\n        seen += 1\\n')"
    )
    terminal.send(f"cat('go\\n'); {code}")
    terminal.wait_for("go\r\n")
    time.sleep(0.3)
    terminal.interrupt()
    assert terminal.ask("py$seen") == "[1] 1"


def test_ctrl_c_at_the_prompt_while_a_thread_sleeps_in_r(terminal):
    terminal.ask("began <- FALSE")
    terminal.ask(
        "py_run_string('def at_once(f):\\n    threading.Thread(target=f, daemon=True).start()')"
    )
    terminal.ask(
        "py$at_once(function() tryCatch({ began <<- TRUE; Sys.sleep(4) }, error = identity))"
    )
    time.sleep(1)
    terminal.interrupt()
    assert terminal.ask("began") == "[1] TRUE"
    assert terminal.ask("sum(1:10)") == "[1] 55"


def test_a_note_of_an_interrupt_alone_ends_python_code():
    """As RStudio does it: a thread of the program round R only sets R's variable."""
    out = output_of("""
        py_run_string("
        import ctypes, threading, time
        pending = ctypes.c_int.in_dll(ctypes.CDLL(None), 'R_interrupts_pending')
        def note():
            time.sleep(0.3); pending.value = 1
        threading.Thread(target=note).start()
        ")
        print(tryCatch(py_run_string("time.sleep(60)"), interrupt = function(e) "taken"))
    """)
    assert out == '[1] "taken"\n'


# ---- threads -----------------------------------------------------------------------------------


def test_threads_run_r_at_the_prompt(terminal):
    terminal.ask("n <- 0; f <- function() for (i in 1:10) { n <<- n + 1; Sys.sleep(0.01) }")
    terminal.ask(
        "py_run_string('def later(f):\\n    def run():\\n        time.sleep(0.4); f()\\n"
        "    threading.Thread(target=run).start()')"
    )
    terminal.ask("py$later(f)")
    time.sleep(1.5)
    assert terminal.ask("n") == "[1] 10"


def test_threads_wait_while_r_computes_and_run_while_it_sleeps():
    out = output_of("""
        n <- 0
        py_run_string("
        import threading, time
        def begin(f):
            def run():
                time.sleep(0.1)
                for i in range(5): f()
            t = threading.Thread(target=run); t.start()
            return t
        ")
        t <- py$begin(function() n <<- n + 1)
        until <- Sys.time() + 0.6
        while (Sys.time() < until) before <- n
        Sys.sleep(0.5)
        cat(before, n, "\\n")
    """)
    assert out == "0 5 \n"


def test_a_thread_that_waits_for_long_says_so_at_once():
    done = run_rscript("""
        py_run_string("
        import threading
        def begin(f):
            t = threading.Thread(target=f); t.start()
            return t
        ")
        py_run_string("import os; os.environ['STARTED'] = '1'")
        later <- function() NULL
        until <- Sys.time() + 11.5
        t <- py$begin(function() { while (Sys.time() < until) NULL; NULL })
        while (Sys.time() < until) NULL
        cat("computed\\n", file = stderr())
        u <- py$begin(later)
        t$join()
        u$join()
    """)
    assert done.returncode == 0, done.stderr
    report, _, _ = done.stderr.partition("computed")
    assert "a thread has waited for R for 10 s" in report


def test_errors_of_eight_threads_beside_the_host():
    out = output_of("""
        py_run_string("
        import threading
        def many(f):
            wrong = []
            def run(i):
                for k in range(100):
                    try:
                        f(i * 1000 + k)
                    except Exception as error:
                        if str(error) != f'Error in f({i * 1000 + k}L) : at {i * 1000 + k}':
                            wrong.append(str(error))
            threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
            for t in threads: t.start()
            for t in threads: t.join()
            return wrong
        ")
        f <- function(i) stop("at ", i)
        print(length(py$many(f)))
    """)
    assert out == "[1] 0\n"
