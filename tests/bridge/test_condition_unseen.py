"""R errors that no handler sees, since R's stack is full: they are raised, and not printed besides.

Of: core/output.c, core/condition.c, R/bridge_condition.R, bridge/condition.py.
"""

from __future__ import annotations

import threading

import pytest
from support.crossing import through
from support.subprocesses import output_of

from pyclass_bridge import RError

# R code that calls itself without end, or whose values are nested too deeply.
ENDLESS = {
    "a closure": "local({ f <- function(n) f(n + 1); f(1) })",
    "two closures": "local({ f <- function(n) g(n); g <- function(n) f(n); f(1) })",
    "promises": "local({ f <- function(x) f(x + 1); f(1) })",
    "an active binding": "local({ makeActiveBinding('x', function() x, environment()); x })",
    "an S3 method": (
        "local({ print.endless <- function(x, ...) print(x);"
        " print(structure(1, class = 'endless')) })"
    ),
    "an S4 method": (
        "local({ here <- environment(); on.exit(removeMethod('length', 'Endless', where = here));"
        " setClass('Endless', representation(x = 'numeric'), where = here);"
        " setMethod('length', 'Endless', function(x) length(x), where = here);"
        " length(new('Endless', x = 1)) })"
    ),
    "do.call()": "local({ f <- function() do.call(f, list()); f() })",
    "lapply()": "local({ f <- function(x) lapply(1, f); f(1) })",
    "eval()": "local({ f <- function(x) eval(quote(f(x))); f(1) })",
    "on.exit()": "local({ f <- function() { on.exit(f()); 1 }; f() })",
    "warning handlers": "local({ f <- function() tryCatch(f(), warning = identity); f() })",
    "a handler of errors": (
        "withCallingHandlers((f <- function(n) f(n + 1))(1), error = function(e) f(1))"
    ),
    "a nested call": "eval({ x <- 1; for (i in 1:1e5) x <- call('(', x); x })",
}  # fmt: skip
FULL = r"C stack usage|infinite recursion|too deeply"


@pytest.mark.parametrize("levels", [0, 2])
@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_recursion_is_only_raised(r, code, levels, capfd):
    with pytest.raises(RError, match=FULL) as caught:
        through(r, levels, lambda: r(code))
    assert not caught.value.message.startswith("Error")
    assert capfd.readouterr() == ("", "")
    assert r("1 + 1") == 2.0


def test_also_on_another_thread_above_an_entry_of_the_first(r, capfd):
    seen = []

    def run():
        with pytest.raises(RError, match=FULL) as caught:
            r(ENDLESS["a closure"])
        seen.append(caught.value)

    def in_a_thread():
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    through(r, 1, in_a_thread)
    assert len(seen) == 1
    assert capfd.readouterr() == ("", "")


def test_python_between_gets_it_as_an_r_error(r):
    """It leaves R for the Python code that has called R, as any other error does."""

    def work():
        try:
            r(ENDLESS["a closure"])
        except RError as error:
            return f"in Python: {error.message}"

    assert through(r, 2, work).startswith("in Python: evaluation nested too deeply")


def test_r_code_further_out_catches_it(r, capfd):
    outer = r("function(f) tryCatch(f(), error = function(e) paste('in R:', conditionMessage(e)))")
    assert outer(lambda: r(ENDLESS["a closure"])).startswith("in R: evaluation nested too deeply")
    assert capfd.readouterr() == ("", "")


def test_what_try_prints_is_printed_in_its_place(r, capsys):
    r("{ message('first'); try(stop('seen')); message('last') }")
    assert capsys.readouterr().err == 'first\nError in try(stop("seen")) : seen\nlast\n'
    r("try(stop('seen'))")
    assert capsys.readouterr().err == 'Error in try(stop("seen")) : seen\n'
    r("cat(geterrmessage(), file = stderr())")
    assert capsys.readouterr().err == 'Error in try(stop("seen")) : seen\n'


def test_an_abort_after_an_error_that_was_handled_is_no_error(r, capsys):
    with pytest.raises(RError, match="aborted without an error"):
        r("{ try(stop('before')); invokeRestart('abort') }")
    assert capsys.readouterr().err == 'Error in try(stop("before")) : before\n'


def test_an_error_that_r_is_told_not_to_print_keeps_its_text(r, capfd):
    r("options(show.error.messages = FALSE)")
    try:
        with pytest.raises(RError, match=FULL):
            r(ENDLESS["a closure"])
    finally:
        r("options(show.error.messages = TRUE)")
    assert capfd.readouterr() == ("", "")


IN_ANOTHER_LANGUAGE = f"""
import pyclass_bridge

try:
    pyclass_bridge.r("{ENDLESS["a closure"]}")
except pyclass_bridge.RError as error:
    print(error.message)
"""


@pytest.mark.parametrize("language", ["en", "de", "fr", "ja"])
def test_errors_have_their_text_in_each_language(language):
    """Where R has no translation, the text is English."""
    said = output_of(IN_ANOTHER_LANGUAGE, LANGUAGE=language)
    assert "options(expressions=)" in said
    assert not said.startswith(("Error", "Fehler", "Erreur"))
