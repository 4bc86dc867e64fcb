"""R code from Python: `r()` and the variables that it gives the code, and scripts."""

from __future__ import annotations

import pytest

import pyclass_bridge
from pyclass_bridge import RError, run_file


def test_variables_are_seen_by_the_code_alone(r):
    assert r("bridge_y <- bridge_x + 1; bridge_y", bridge_x=41) == 42.0
    assert r("exists('bridge_x') || exists('bridge_y')") is False
    r("bridge_kept <- 5")
    assert r("bridge_kept") == 5.0
    assert r("bridge_kept + bridge_x", bridge_x=1) == 6.0


def test_code_that_does_not_parse(r):
    with pytest.raises(pyclass_bridge.RParseError, match="<text>:2:5: unexpected"):
        r("x <- 1\nx + ) 2")


@pytest.mark.parametrize("code", ["x <- 'a\0b'", "x <- '\ud800'"], ids=["NUL", "surrogate"])
def test_code_that_rs_text_cannot_hold(r, code):
    with pytest.raises(pyclass_bridge.RParseError, match="a character that R's text can't have"):
        r(code)


@pytest.mark.parametrize("way", ["r", "source", "source in R"])
def test_an_error_of_the_parser_shows_the_users_calls_alone(r, tmp_path, way):
    path = tmp_path / "wrong.R"
    path.write_text("x <- 1\nx + ) 2")
    ways = {
        "r": lambda: r(path.read_text()),
        "source": lambda: pyclass_bridge.source(path),
        "source in R": lambda: r("(function(call) call())(source)", source=lambda: r("x + ) 2")),
    }
    with pytest.raises(pyclass_bridge.RParseError) as caught:
        ways[way]()
    calls = [call.text for call in caught.value.calls]
    assert calls == (["(function(call) call())(source)", "call()"] if way == "source in R" else [])


def test_a_script_prints_what_is_visible_and_has_arguments(tmp_path, capsys):
    script = tmp_path / "script.R"
    script.write_text("bridge_args <- commandArgs(trailingOnly = TRUE)\nbridge_args\n")
    run_file(script, args=["a", "b"])
    assert capsys.readouterr().out == '[1] "a" "b"\n'
    assert pyclass_bridge.r("bridge_args") == ["a", "b"]


def test_a_script_ends_with_the_status_of_q(tmp_path):
    script = tmp_path / "script.R"
    script.write_text("q(status = 3)\nstop('not reached')\n")
    with pytest.raises(SystemExit) as caught:
        run_file(script)
    assert caught.value.code == 3


def test_the_error_of_a_script_names_its_line(tmp_path):
    script = tmp_path / "script.R"
    script.write_text("x <- 1\nf <- function() stop('in script')\n\nf()\n")
    with pytest.raises(RError, match="in script") as caught:
        run_file(script)
    assert any(call.line == 4 and call.file.endswith("script.R") for call in caught.value.calls)


def test_a_script_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no R file '.*missing\.R' to run"):
        run_file(tmp_path / "missing.R")
