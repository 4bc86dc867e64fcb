"""Warnings and messages of R code on a thread are heard on the one that waits for it.

Of: bridge/kept_conditions.py, R/bridge_kept_conditions.R.
"""

from __future__ import annotations

import threading

import pytest

import pyclass_bridge
from pyclass_bridge.bridge.kept_conditions import give_conditions, kept_for

# What R hears of `run()`: each warning with its call, each message, and how `run()` ended.
HEARD = """function(run) {
  heard <- character()
  ended <- withCallingHandlers(
    tryCatch({ run(); "well" }, error = function(e) conditionMessage(e)),
    warning = function(w) {
      heard <<- c(heard, paste(conditionMessage(w), deparse1(conditionCall(w))))
      tryInvokeRestart("muffleWarning")
    },
    message = function(m) {
      heard <<- c(heard, conditionMessage(m))
      tryInvokeRestart("muffleMessage")
    }
  )
  list(as.list(heard), ended)
}"""


def on_another_thread(function) -> None:
    """Run it on a thread that keeps warnings for this one, which waits."""
    here, raised = threading.get_ident(), []

    def run():
        with kept_for(here):
            try:
                function()
            except BaseException as error:
                raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    give_conditions()
    for error in raised:
        raise error


@pytest.fixture
def heard(r):
    return r(HEARD)


def test_they_are_heard_where_somebody_waits_in_their_order(r, heard):
    noisy = r("function(n) for (i in seq_len(n)) warning('w', i)")
    assert heard(lambda: on_another_thread(lambda: noisy(2))) == [
        ["w1 r_function(2L)", "w2 r_function(2L)"],
        "well",
    ]


def test_r_s_own_warnings_and_those_before_an_error(r, heard):
    noisy = r("function() { as.integer('a'); stop('lost') }")
    (warning,), ended = heard(lambda: on_another_thread(noisy))
    assert "NAs introduced by coercion" in warning
    assert ended == "lost"


def test_messages_are_heard_among_them(r, heard):
    noisy = r("function() { message('m'); warning('w'); message('n') }")
    told, ended = heard(lambda: on_another_thread(noisy))
    assert (told, ended) == (["m\n", "w r_function()", "n\n"], "well")


def test_a_message_that_nobody_hears_is_shown(r, capfd):
    show = r("function(run) invisible(run())")
    show(lambda: on_another_thread(r("function() message('told at the end')")))
    assert "told at the end" in capfd.readouterr().err


def test_a_handler_of_the_code_itself_comes_first(r, heard):
    calm = r("function() suppressWarnings(warning('w'))")
    assert heard(lambda: on_another_thread(calm)) == [[], "well"]


def test_a_jump_out_of_a_warning(r):
    noisy = r("function() warning('w')")
    caught = r("function(run) tryCatch(run(), warning = function(w) conditionMessage(w))")
    assert caught(lambda: on_another_thread(noisy)) == "w"
    assert caught(lambda: on_another_thread(r("function() 1"))) is None


def test_warnings_that_are_errors_end_the_code(r, heard):
    noisy = r("function() { old <- options(warn = 2); on.exit(options(old)); warning('w') }")
    kept, ended = heard(lambda: on_another_thread(noisy))
    assert "converted from warning" in ended
    assert kept == []


def test_without_r_on_the_waiting_thread_they_are_python_s_with_their_line(source):
    from support.hosts import r_hosts

    if r_hosts():
        pytest.skip("R keeps its own warnings")
    noisy = source("noisy <- function() {\n  warning('w')\n}").noisy
    with pytest.warns(pyclass_bridge.RWarning, match="w") as told:
        on_another_thread(noisy)
    assert [(warning.filename[-9:], warning.lineno) for warning in told] == [("defined.R", 2)]


SETTLED = {
    "warnings off": "function() { old <- options(warn = -1); on.exit(options(old)); warning('w') }",
    "signalled alone": "function() { signalCondition(simpleWarning('w')); "
    "signalCondition(simpleMessage('m')); NULL }",
    "captured": "function() { x <- capture.output(message('m'), type = 'message'); "
    "if (x != 'm') stop('not captured') }",
}


@pytest.mark.parametrize("code", SETTLED.values(), ids=SETTLED)
def test_what_is_settled_on_the_thread_is_not_heard(r, heard, code):
    assert heard(lambda: on_another_thread(r(code))) == [[], "well"]


def test_who_waits_goes_on_to_hear_what_runs_on_the_thread_itself(r, heard):
    noisy = r("function() warning('w')")

    def within():
        with kept_for(threading.get_ident()):
            noisy()

    assert heard(lambda: on_another_thread(within)) == [["w r_function()"], "well"]


def test_on_one_thread_nothing_is_kept(r, heard):
    noisy = r("function() warning('w')")

    def run():
        with kept_for(threading.get_ident()):
            noisy()

    assert heard(run) == [["w r_function()"], "well"]
