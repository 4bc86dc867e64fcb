"""q() in R code is an error of class pyclassbridge_quit, not the end of the process.

Of: core/output.c.
"""

from __future__ import annotations

import pytest

from pyclass_bridge import RError


@pytest.mark.parametrize(
    "code", ["q()", "quit('no')", "q('yes', 3)", "q('default', runLast = FALSE)", "q('no', 1L)"]
)
def test_quit_is_an_error(r, code):
    with pytest.raises(RError, match="would end the Python process") as caught:
        r(code)
    assert caught.value.r_class == ("pyclassbridge_quit", "error", "condition")
    assert r("1") == 1.0


def test_its_calls_end_at_quit(r):
    with pytest.raises(RError) as caught:
        r("leave <- function() q(); leave()")
    assert [call.text for call in caught.value.calls] == ["leave()", "q()"]


def test_r_may_catch_it(r):
    assert r("tryCatch(q(status = 4), pyclassbridge_quit = function(e) e$status)") == 4
    outer = r("function(f) tryCatch(f(), pyclassbridge_quit = function(e) 'stayed')")
    assert outer(lambda: r("q()")) == "stayed"


def test_nothing_is_saved(r, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RError):
        r("q('yes')")
    assert list(tmp_path.iterdir()) == []
