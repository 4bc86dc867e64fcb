"""`pyclass-bridge console`, driven over a pseudo-terminal: what is typed, and what is answered."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest
from support.paths import ROOT

from pyclass_bridge.bridge.r_functions import r_function
from pyclass_bridge.shell import console

WORDS = ["-m", "pyclass_bridge", "console"]
# The terminal is told at each new prompt that pasted text may come in brackets.
PROMPT = "\x1b[?2004h"


class Terminal:
    """A console in a terminal of its own."""

    def __init__(self, directory: Path, *words: str, **environment: str):
        env = {
            **os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(directory / "state"),
            "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **environment,
        }  # fmt: skip
        self.child = pexpect.spawn(
            sys.executable, [*WORDS, *words], env=env, encoding="utf-8", timeout=60,
            dimensions=(40, 100), cwd=str(directory),
        )  # fmt: skip
        self.child.expect_exact(PROMPT)
        self.greeting = plain(self.child.before)

    def answer(self, text: str) -> str:
        """What comes on the lines after `text` and Enter, up to the next prompt."""
        self.child.send(text + "\r")
        self.child.expect_exact(PROMPT)
        return plain(self.child.before).partition("\n")[2].strip()

    def typed(self, keys: str, expected: str) -> None:
        """Type `keys`; the line then shows `expected`."""
        self.child.send(keys)
        seen, end = "", time.monotonic() + 30
        while expected not in plain(seen) and time.monotonic() < end:
            seen += self.child.read_nonblocking(1000, timeout=30)
        assert expected in plain(seen)

    def end(self, keys: str) -> int:
        """Type `keys`; the status that it ends with."""
        self.child.send(keys)
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


def plain(text: str) -> str:
    """Text without what moves the cursor; a move to the right is a space."""
    text = re.sub("\x08|\r", "", text).replace("\x1b[C", " ")
    return re.sub(r"\x1b(\[[?0-9;]*[A-Za-z]|[=>])", "", text)


@pytest.fixture
def terminal(tmp_path):
    started = []

    def start(*words, **environment):
        started.append(Terminal(tmp_path, *words, **environment))
        return started[-1]

    yield start
    for one in started:
        one.child.close(force=True)


def test_values_and_state(terminal):
    t = terminal()
    assert "?name shows help" in t.greeting
    assert t.answer("1 + 1") == "[1] 2"
    assert t.answer("invisible(3)") == ""
    assert t.answer(".Last.value") == "[1] 3"
    assert t.answer("x <- 5; x * 2; x") == "[1] 10\n[1] 5"
    assert t.answer("interactive()") == "[1] TRUE"
    assert 'An object of class "P"' in t.answer("setClass('P', representation(a='numeric'))(a = 1)")
    assert t.answer("cat('no end')") == "no end"
    assert t.answer("") == ""
    assert t.end("q(status = 3)\r") == 3


def test_input_of_several_lines(terminal):
    t = terminal()
    t.child.send("f <- function(x) {\r  y <- 'a\rb'\r  x * 2\r")
    time.sleep(0.3)
    assert t.answer("}").endswith("}")  # the lines are drawn once more as they are accepted
    assert t.answer("f(21)") == "[1] 42"
    # A paste comes as one input.
    assert t.answer("\x1b[200~a <- 1\na + 1\n\x1b[201~").endswith("[1] 2")
    assert t.end("\x04") == 0


def test_errors_and_traceback(terminal):
    t = terminal()
    assert t.answer("stop('boom')") == "Error: boom"
    assert t.answer("g <- function() stop('bang'); g()").endswith("Error in g() : bang")
    assert t.answer("traceback()") == '2: stop("bang")\n1: g()'
    assert t.answer("x y").startswith('Error: unexpected symbol in "x y"')
    assert "KeyError: 'a'" in t.answer("import('os')$environ$pop('a')")
    assert t.answer("1") == "[1] 1"


def test_warnings(terminal):
    t = terminal()
    assert t.answer("as.integer('a')") == "[1] NA\nWarning message:\nNAs introduced by coercion"
    two = t.answer("for (i in 1:2) warning('no ', i)")
    assert two == "Warning messages:\n1: no 1 \n2: no 2"
    assert t.answer("f <- function() warning('w'); f()").endswith("Warning message:\nIn f() : w")
    assert t.answer("warnings()") == "Warning message:\nIn f() : w"
    assert t.answer("as.integer('a')").count("NAs introduced") == 1
    many = t.answer("for (i in 1:11) warning('no ', i)")
    assert many == "There were 11 warnings (use warnings() to see them)"


def test_ctrl_c(terminal):
    t = terminal()
    t.typed("abandoned <- 1", "abandoned <- 1")
    t.child.sendintr()
    t.child.expect_exact(PROMPT)
    assert t.answer("exists('abandoned')") == "[1] FALSE"
    t.child.send("f <- function() { on.exit(cat('cleaned')); cat(6 * 7); repeat {} }; f()\r")
    t.child.expect_exact("42")
    t.child.sendintr()
    t.child.expect_exact(PROMPT)
    assert "cleaned" in t.child.before
    assert t.answer("1 + 1") == "[1] 2"
    t.child.send("f <- function(\r")
    time.sleep(0.3)
    t.child.sendintr()
    t.child.expect_exact(PROMPT)
    assert t.answer("2 + 2") == "[1] 4"


def test_the_tab_key(terminal, tmp_path):
    (tmp_path / "a_long_file_name.csv").write_text("n\n7\n")
    t = terminal()
    t.typed("layer_dense(un\t", "layer_dense(units = ")
    assert "<Dense name=dense" in t.answer("3)")
    t.typed("read.csv('a_lo\t", "read.csv('a_long_file_name.csv")
    assert t.answer("')$n") == "[1] 7"
    assert t.answer("some <- list(alpha = 1, beta = 2)") == ""
    t.typed("some$al\t", "some$alpha")
    assert t.answer("") == "[1] 1"


def test_the_history_is_kept(terminal, tmp_path):
    first = terminal()
    assert first.answer("6 * 7") == "[1] 42"
    assert first.end("q()\r") == 0
    assert (tmp_path / "state" / "pyclass_bridge" / "history").read_text().count("+6 * 7\n") == 1
    second = terminal()
    second.typed("\x1b[A\x1b[A", "6 * 7")
    assert second.answer("") == "[1] 42"
    assert not (tmp_path / ".Rhistory").exists()


def test_a_state_directory_that_can_not_be_written(terminal, tmp_path):
    (tmp_path / "state").write_text("a file")
    t = terminal()
    assert t.answer("1 + 1") == "[1] 2"


def test_stand_ins(terminal):
    assert "pyclassbridge stands in" in terminal().answer("library(keras3)")
    assert "Error in library(keras3)" in terminal("--no-stand-in").answer("library(keras3)")


def test_plots_go_to_a_temporary_file(terminal, tmp_path):
    (tmp_path / "plots").mkdir()
    t = terminal(DISPLAY="", TMPDIR=str(tmp_path / "plots"))
    assert "so R draws into" in t.answer("plot(1)")
    assert t.end("q()\r") == 0
    assert not (tmp_path / "Rplots.pdf").exists()
    assert len(list(tmp_path.glob("plots/*/Rplots.pdf"))) == 1


def test_help_goes_to_the_pager(terminal, tmp_path):
    (tmp_path / "page").write_text(f"#!/bin/sh\ncat > {tmp_path}/shown\n")
    (tmp_path / "page").chmod(0o755)
    t = terminal(PAGER=str(tmp_path / "page"))
    assert t.answer("?shape") == ""
    assert "Dims of a tensor" in (tmp_path / "shown").read_text()


# ---- no terminal -------------------------------------------------------------------------------


def piped(script: str, *words: str):
    return subprocess.run(
        [sys.executable, *WORDS, *words], input=script, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120,
    )  # fmt: skip


def test_a_script_from_a_pipe():
    done = piped("x <- 2\nx + 1\ninvisible(4)\ninteractive()\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[1] 3\n[1] FALSE\n", "")
    done = piped("cat('a\\n')\nstop('boom')\ncat('b\\n')\n")
    assert (done.returncode, done.stdout) == (1, "a\n")
    assert done.stderr.startswith("Error: boom")
    assert piped("q(status = 4)\n").returncode == 4
    assert "<stdin>" in piped("x y\n").stderr


# ---- the parts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("f(", True), ("1 +", True), ("'a", True), ("`a", True), ('r"(a', True), ("{", True),
        ("x |>", True), ("1", False), ("1 1", False), ("}", False), ("", False), ("# c", False),
    ],
)  # fmt: skip
def test_is_the_input_whole(text, is_open):
    assert r_function("is_incomplete")(text) is is_open


@pytest.mark.parametrize(
    ("text", "start", "found"),
    [
        ("keras$layers$Dense(un", 19, ["units = "]),
        ("keras$layers$Den", 0, ["keras$layers$Dense"]),
        ("pyclassbridge::layer_dense(un", 27, ["units = "]),
        ("x |> layer_dense(3, activation = 'relu', lora_a", 41, ["lora_alpha = "]),
        ("f <- function() {\n  layer_dense(lora_a", 32, ["lora_alpha = "]),
        ("pyclassbridge::layer_einsum_d", 0, ["pyclassbridge::layer_einsum_dense("]),
        ("layer_einsum_d", 0, ["layer_einsum_dense("]),
        ("?layer_einsum_d", 0, ["?layer_einsum_dense"]),
        ("help(layer_einsum_d", 5, ["layer_einsum_dense"]),
        ("stats::quantil", 0, ["stats::quantile"]),
        ("mean(x, tri", 8, ["trim = "]),
        ("stop('never')$a", 13, []),
        ("no_such_thing_at_all", 0, []),
    ],
)
def test_completions(keras, text, start, found):
    place, given = console.completions(text)
    assert given == found
    assert place == start or not found


def test_a_class_of_the_user_has_its_arguments(r):
    r("CompleteMe <- PyClass('CompleteMe', list(initialize = function(special_one) NULL))")
    assert console.completions("CompleteMe(spe")[1] == ["special_one = "]


def test_completion_of_names_makes_no_wrapper(r):
    before = r("ls(pyclassbridge:::surface$made)")
    assert "op_nanargmax(" in console.completions("op_nanarg")[1]
    assert r("ls(pyclassbridge:::surface$made)") == before


def test_r_s_own_completion_takes_wrappers_for_functions(keras, r):
    found = r("""
    local({
      u <- asNamespace("utils")
      before <- u$.CompletionEnv$settings
      on.exit(assign("settings", before, envir = u$.CompletionEnv))
      utils::rc.settings(func = TRUE, args = TRUE)
      of <- function(line) {
        u$.assignLinebuffer(line)
        u$.assignEnd(nchar(line))
        u$.guessTokenFromLine()
        u$.completeToken()
        u$.retrieveCompletions()
      }
      c(of("layer_einsum_d"), of("layer_dense(uni")[[1L]])
    })
    """)
    assert found == ["layer_einsum_dense(", "units="]
