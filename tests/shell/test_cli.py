"""The command line: what is run, printed where, and which status it ends with.

`pyclass-bridge` and `python -m pyclass_bridge` are one program; most tests use the second.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from support.paths import ROOT

MODULE = [sys.executable, "-m", "pyclass_bridge"]
SCRIPT = [os.path.join(os.path.dirname(sys.executable), "pyclass-bridge")]


@pytest.fixture
def bridge(tmp_path):
    """Run the command line in a directory of its own: `bridge("run", "x.R", script="1 + 1")`."""

    def run(*words, script=None, program=MODULE):
        if script is not None:
            (tmp_path / "x.R").write_text(script)
        return subprocess.run(
            [*program, *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(),
            timeout=180,
        )

    return run


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("program", [MODULE, SCRIPT], ids=["module", "script"])
def test_both_names_are_one_program(bridge, program):
    done = bridge("run", "x.R", "a", script="cat(commandArgs(TRUE), '\\n')", program=program)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "a", "")
    assert bridge("--version", program=program).stdout == "pyclass-bridge 0.1.0\n"


def test_version_and_help_do_not_start_r(tmp_path):
    env = {**environment(), "R_HOME": str(tmp_path / "nowhere")}
    for word, text in [("--version", "pyclass-bridge 0.1.0"), ("--help", "run an R script")]:
        done = subprocess.run([*MODULE, word], capture_output=True, text=True, env=env)
        assert done.returncode == 0
        assert text in done.stdout


def test_arguments_reach_the_script_as_they_are(bridge):
    script = "writeLines(commandArgs(trailingOnly = TRUE))"
    words = ["--epochs", "3", "-x", "a b", "--help", "é"]
    done = bridge("run", "x.R", *words, script=script)
    assert done.stdout.splitlines() == words


def test_values_are_printed_as_rscript_prints_them(bridge):
    script = "x <- 1:3\nx\ninvisible(5)\nf <- function() 'f'\nf()\n"
    done = bridge("run", "x.R", script=script)
    assert (done.returncode, done.stdout, done.stderr) == (0, '[1] 1 2 3\n[1] "f"\n', "")


def test_the_package_is_attached(bridge):
    done = bridge("run", "x.R", script="cat('package:pyclassbridge' %in% search(), '\\n')")
    assert done.stdout.strip() == "TRUE"


def test_an_r_error_shows_message_and_calls_with_file_and_line(bridge):
    script = "cat('before\\n')\nf <- function(x) {\n  stop('boom')\n}\ng <- function() f(1)\ng()\n"
    done = bridge("run", "x.R", script=script)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == "before\n"
    assert lines[0] == "Error in f(1) : boom"
    calls = [line for line in lines if re.match(r" +\d+: ", line)]
    assert [re.sub(r"^ +\d+: (.*?)  at .*", r"\1", call) for call in calls][-2:] == ["f(1)", "g()"]
    assert re.search(r"f\(1\)  at .*x\.R:5$", calls[-2])
    assert re.search(r"g\(\)  at .*x\.R:6$", calls[-1])
    assert "Traceback" not in done.stderr


def test_a_python_exception_names_the_r_calls(bridge):
    script = "f <- function() import('os')$environ$pop('a')\nf()\n"
    done = bridge("run", "x.R", script=script)
    assert done.returncode == 1
    first = done.stderr.splitlines()[0]
    assert first == 'Error in import("os")$environ$pop("a") : KeyError: \'a\''
    assert re.search(r"1: f\(\)  at .*x\.R:2", done.stderr)
    assert "Traceback" not in done.stderr


def test_an_error_of_keras_is_told_without_internals(bridge, monkeypatch):
    pytest.importorskip("keras")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    script = """
    model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
    predict_rows <- function(rows) predict(model, rows, verbose = 0)
    predict_rows(matrix(1, 2, 3))
    """
    done = bridge("run", "x.R", script=script)
    assert done.returncode == 1
    error = done.stderr[done.stderr.index("Error in") :].splitlines()
    assert error[:2] == [
        "Error in predict(model, rows, verbose = 0) : ",
        "  ValueError: `x` has dims (2, 3), but the model takes (NA, 4), samples first.",
    ]
    assert re.fullmatch(r"  1: predict_rows\(matrix\(1, 2, 3\)\)  at .*x\.R:4", error[-2])
    assert error[-1].endswith("py_last_error(), after try(...).")
    assert "oneDNN" not in done.stderr  # what TensorFlow's C++ logs


def test_calls_are_numbered_as_r_numbers_them():
    from types import SimpleNamespace as Call

    from pyclass_bridge.shell.cli import described

    error = Exception("boom")
    calls = [Call(text="g()", file="s.R", line=12), Call(text="f(1)", file=None, line=None)]
    assert described(error, "boom", calls) == "boom\n  2: f(1)\n  1: g()  at s.R:12"
    assert described(error, "boom", []) == "boom"


def test_a_file_that_does_not_parse_names_file_line_and_column(bridge):
    done = bridge("run", "x.R", script="cat('never\\n')\nx <- (1 +\n)\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "x.R" in done.stderr
    assert re.search(r"\b3\b", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("nope.R", "nope.R does not exist: give the path of an R script."),
        (".", ". is a directory: give the R script in it that is to be run."),
        ("notes.txt", "notes.txt is not an R script: its name must end in .R."),
    ],
)
def test_a_wrong_path_is_a_sentence(bridge, tmp_path, path, text):
    (tmp_path / "notes.txt").write_text("1 + 1")
    done = bridge("run", path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", text + "\n")


@pytest.mark.parametrize("words", [[], ["walk"], ["run"]], ids=["nothing", "unknown", "no file"])
def test_a_wrong_command_shows_the_usage(bridge, words):
    done = bridge(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: pyclass-bridge")


@pytest.mark.parametrize(("code", "status"), [("q()", 0), ("q(status = 3)", 3)])
def test_q_ends_a_script_with_its_status(bridge, code, status):
    done = bridge("run", "x.R", script=f"cat('before\\n')\n{code}\ncat('after\\n')\n")
    assert (done.returncode, done.stdout) == (status, "before\n")


def test_a_broken_setup_is_its_sentence(tmp_path):
    (tmp_path / "x.R").write_text("1 + 1")
    env = {**environment(), "R_HOME": str(tmp_path / "nowhere")}
    done = subprocess.run(
        [*MODULE, "run", "x.R"], capture_output=True, text=True, env=env, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.startswith("R_HOME is set to ")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_with_130_and_runs_on_exit(tmp_path):
    script = (
        "f <- function() {\n  on.exit(cat('cleaned\\n'))\n  cat('ready\\n')\n  repeat 1\n}\nf()\n"
    )
    (tmp_path / "x.R").write_text(script)
    child = subprocess.Popen(
        [*MODULE, "run", "x.R"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(), "PYTHONUNBUFFERED": "1"},
        cwd=tmp_path,
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.2)
    sent = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, "cleaned\n", "")
    assert time.monotonic() - sent < 3


def test_a_closed_pipe_ends_the_run_quietly(tmp_path):
    (tmp_path / "x.R").write_text("for (i in 1:200000) cat(i, '\\n')\n")
    child = subprocess.Popen(
        [*MODULE, "run", "x.R"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=tmp_path,
    )
    assert child.stdout.readline().strip() == "1"
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) == 141
    assert err == ""


def test_doctor_is_well_where_the_tests_run(bridge):
    done = bridge("doctor")
    assert done.stdout.splitlines()[-1] == "all is well"
    assert done.returncode == 0


# ---- code that is no file ------------------------------------------------------------------------


def test_code_on_the_command_line(bridge):
    done = bridge("run", "-e", "x <- 41", "-e", "x + 1", "-e", "commandArgs(TRUE)", "--n", "a b")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == '[1] 42\n[1] "--n" "a b"\n'


def test_an_error_of_code_names_its_line(bridge):
    done = bridge("run", "-e", "f <- function() stop('boom')", "-e", "f()")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Error in f() : boom"
    assert "1: f()  at <-e>:2" in done.stderr


def test_code_from_standard_input(tmp_path):
    done = subprocess.run(
        [*MODULE, "run", "-", "a", "-e", "b"],
        input="cat(commandArgs(TRUE), '\\n')\nq(status = 3)\n",
        capture_output=True,
        text=True,
        env=environment(),
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "a -e b \n", "")


@pytest.mark.parametrize("words", [["run", "-e"], ["run", "--no-stand-in"], ["run", "--nothing"]])
def test_wrong_words_before_the_script(bridge, words):
    done = bridge(*words)
    assert done.returncode == 2 and done.stderr.startswith("usage: pyclass-bridge")


# ---- R files that are read -----------------------------------------------------------------------

MISTAKE = "A <- Callback('A',\n  on_epoch_edn = function(epoch, logs = NULL) NULL)\n"


def test_check_ends_with_1_for_an_error(bridge, tmp_path):
    (tmp_path / "good.R").write_text("f <- function() 1\n")
    done = bridge("check", "good.R", "x.R", script=MISTAKE)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout == (
        "x.R:2: Class `A`: `on_epoch_edn` is not a Keras callback hook. Did you mean "
        "`on_epoch_end`?\n"
    )
    found = json.loads(bridge("check", "--format=json", "x.R").stdout)
    assert [(each["file"], each["line"], each["note"]) for each in found] == [("x.R", 2, False)]
    done = bridge("check", "good.R")
    assert (done.returncode, done.stdout) == (0, "")


def test_stubs_says_what_it_has_written(bridge, tmp_path):
    done = bridge("stubs", "x.R", "-o", "types", script="f <- function(x = 1L) x\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote types/x.pyi\n", "")
    assert "def f(x: int = 1) -> Any: ..." in (tmp_path / "types" / "x.pyi").read_text()
    (tmp_path / "y.R").write_text("f <- (\n")
    done = bridge("stubs", "y.R")
    assert done.returncode == 1 and "y.R:2" in done.stderr and "Traceback" not in done.stderr


def test_new_writes_a_class_and_its_test(bridge, tmp_path):
    done = bridge("new", "callback", "Stop", "--dir", "lib")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "wrote lib/Stop.R\nwrote lib/tests/test_Stop.R\n"
    again = bridge("new", "callback", "Stop", "--dir", "lib")
    assert again.returncode == 1 and again.stderr.startswith("lib/Stop.R exists already")
    done = bridge("new", "thing", "Stop")
    assert done.returncode == 2 and "take one of callback, callback_set" in done.stderr
