"""Poor states of R: options, masks and methods with which R code, also of this package, fails.

    python tests/stress/states.py [state ...]

In each state a call, a conversion, a method, a warning, and errors of four kinds, at once and
through nested calls, must be as in a state that is not poor. Takes about 10 seconds.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings

from report import figure, status


def option(text: str, back: str) -> tuple[str, str]:
    return f"options({text})", f"options({back})"


def method(name: str, arguments: str = "...") -> tuple[str, str]:
    """A user's function or S3 method of this name in R's global environment that fails."""
    fail = f"function({arguments}) base::stop('a method of the user')"
    return f"assign('{name}', {fail}, globalenv())", f"rm(list = '{name}', envir = globalenv())"


ERROR = "error = expression(NULL)"  # what the session has set
# {state: (R code that begins it, R code that ends it)}
STATES = {
    "as R starts": ("NULL", "NULL"),
    "expressions = 100": option("expressions = 100", "expressions = 5000"),
    "expressions = 60": option("expressions = 60", "expressions = 5000"),
    "expressions = 500000": option("expressions = 500000", "expressions = 5000"),
    "warn = 1": option("warn = 1", "warn = 0"),
    "error = NULL": option("error = NULL", ERROR),
    "error = stop()": option("error = quote(stop('again'))", ERROR),
    "error = recover": option("error = utils::recover", ERROR),
    "error = dump.frames": option("error = utils::dump.frames", ERROR),
    "show.error.messages = FALSE": option(
        "show.error.messages = FALSE", "show.error.messages = TRUE"
    ),
    "showErrorCalls = FALSE": option("showErrorCalls = FALSE", "showErrorCalls = TRUE"),
    "warning.length = 100": option("warning.length = 100", "warning.length = 1000"),
    "warning.expression = stop()": option(
        "warning.expression = quote(stop('again'))", "warning.expression = NULL"
    ),
    "encoding = latin1": option("encoding = 'latin1'", "encoding = 'native.enc'"),
    "encoding that is none": option("encoding = 'no-such'", "encoding = 'native.enc'"),
    "numbers and widths": option(
        "digits = 1, scipen = 100, OutDec = ',', width = 10, deparse.max.lines = 1",
        "digits = 7, scipen = 0, OutDec = '.', width = 80, deparse.max.lines = NULL",
    ),
    "keep.source": option("keep.source = TRUE", "keep.source = FALSE"),
    "partial matches warn": option(
        "warnPartialMatchDollar = TRUE, warnPartialMatchArgs = TRUE, warnPartialMatchAttr = TRUE",
        "warnPartialMatchDollar = FALSE, warnPartialMatchArgs = FALSE,"
        " warnPartialMatchAttr = FALSE",
    ),
    "check.bounds": option("check.bounds = TRUE", "check.bounds = FALSE"),
    "conditionMessage() fails": method("conditionMessage.simpleError", "c"),
    "conditionCall() fails": method("conditionCall.simpleError", "c"),
    "`$` fails": method("$.simpleError", "x, name"),
    "`[[` fails": method("[[.simpleError", "x, name"),
    "print() fails": method("print.simpleError"),
    "as.character() fails": method("as.character.error"),
    "length() fails": method("length.simpleError", "x"),
    "conditionMessage is masked": method("conditionMessage"),
    "simpleError is masked": method("simpleError"),
    "c is masked": method("c"),
    "paste is masked": method("paste"),
    "T and F are swapped": ("T <- FALSE; F <- TRUE", "rm(T, F)"),
    "all handlers are removed": ("globalCallingHandlers(NULL)", "NULL"),
    "a global handler fails": (
        "globalCallingHandlers(message = function(c) stop('a handler of the user'))",
        "globalCallingHandlers(NULL)",
    ),
    "a sink of messages": (
        "kept <- file(nullfile(), 'w'); sink(kept, type = 'message')",
        "sink(type = 'message'); close(kept); rm(kept)",
    ),
    "a sink of output": (
        "kept <- file(nullfile(), 'w'); sink(kept)",
        "sink(); close(kept); rm(kept)",
    ),
    "the locale C": ("Sys.setlocale('LC_ALL', 'C')", "Sys.setlocale('LC_ALL', 'C.UTF-8')"),
    "a directory that is gone": (
        "kept <- setwd(tempdir()); dir.create('gone'); setwd('gone');"
        " unlink('../gone', recursive = TRUE)",
        "setwd(kept); rm(kept)",
    ),
    "R collects all the time": ("gctorture2(100)", "gctorture2(0)"),
    "no compiler": ("compiler::enableJIT(0)", "compiler::enableJIT(3)"),
    "a limit of time": ("setTimeLimit(elapsed = 1000)", "setTimeLimit()"),
}

SIMPLE = ("simpleError", "error", "condition")
MINE = (
    "structure(class = base::c('mine', 'error', 'condition'),"
    " list(message = 'mine', call = quote(h())))"
)
CLASS = """
Poor %py_class% {
  step <- function(k) { if (k > 2) base::stop("in a method"); k + 1 }
}
Poor
"""


def error_of(work) -> tuple:
    from pyclass_bridge import RError

    try:
        return "no error", work()
    except RError as error:
        return error.message, error.r_class


def warning_of(work) -> tuple:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = work()
    return value, [str(warning.message) for warning in caught]


def checks() -> dict:
    """{what: (function, what it must give)}, made before the first state begins."""
    from pyclass_bridge import r

    stop, add = r("function() base::stop('text')"), r("function(x) x + 1")
    mine, log = r(f"function() base::stop({MINE})"), r("function() log('a')")
    warn, sum_ = (
        r("function() { f <- function() warning('careful'); f(); 5 }"),
        r("function(x) sum(x)"),
    )
    caught = r("function(f) tryCatch(f(), error = function(e) class(e)[[1]])")
    call, step = r("function(f) f()"), r(CLASS)().step
    not_numeric = "non-numeric argument to mathematical function"

    def fail():
        raise KeyError("k")

    return {
        "a call": (lambda: add(1.0), 2.0),
        "a conversion": (lambda: sum_([1.0, 2.0]), 3.0),
        "a method": (lambda: step(1.0), 2.0),
        "stop(text)": (lambda: error_of(stop), ("text", SIMPLE)),
        "a class": (lambda: error_of(mine), ("mine", ("mine", "error", "condition"))),
        "R's own error": (lambda: error_of(log), (not_numeric, SIMPLE)),
        "an error of a method": (lambda: error_of(lambda: step(3.0)), ("in a method", SIMPLE)),
        "a nested error": (lambda: error_of(lambda: call(stop)), ("text", SIMPLE)),
        "Python's error": (lambda: caught(fail), "python.builtin.KeyError"),
        "a warning": (lambda: warning_of(warn), (5.0, ["In f() : careful"])),
        "after them": (lambda: add(2.0), 3.0),
    }


def wrong_in(state: str, to_check: dict) -> list[str]:
    """What is not as it must be in this state, and what is printed though nothing should be."""
    from pyclass_bridge import r

    begin, end = STATES[state]
    wrong, printed = [], io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        r(begin)
    with contextlib.redirect_stderr(printed):
        for what, (work, right) in to_check.items():
            try:
                seen = work()
            except BaseException as error:  # whatever it is, it is wrong here
                seen = error
            if seen != right:
                wrong.append(f"{what}: {seen!r}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        r(end)
    if printed.getvalue():
        wrong.append(f"printed {printed.getvalue()!r}")
    return wrong


def main(names: list[str]) -> int:
    to_check = checks()
    states = names or list(STATES)
    right = 0
    for state in states:
        wrong = wrong_in(state, to_check)
        right += not wrong
        for line in wrong:
            print(f"{state}: {line}", flush=True)
    aim = f"{len(states)} of {len(states)}"
    figure("R states", aim, f"{right} of {len(states)}", right == len(states))
    return status()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
