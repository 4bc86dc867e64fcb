"""Calls of this package and of the real reticulate in turn, in one R: errors both ways, threads of
Python, collections of both languages.

Of: R/start_reticulate.R.
"""

from __future__ import annotations

import pytest
from support.r_host import output_of, run_rscript

ASK = "cat(tryCatch(format(packageVersion('reticulate')), error = function(e) '0'))"
VERSION = tuple(map(int, output_of(ASK, load="").replace("-", ".").split(".")))
pytestmark = pytest.mark.skipif(VERSION == (0,), reason="the R package reticulate is not installed")

LOADED = {
    "before": "suppressMessages({ requireNamespace('reticulate'); library(pyclassbridge) })\n",
    "after": "suppressMessages({ library(pyclassbridge); requireNamespace('reticulate') })\n",
}


@pytest.mark.parametrize("when", LOADED)
def test_a_thousand_calls_in_turn(when):
    out = output_of(
        """
        invisible(r_to_py(1L))
        Double <- PyClass("Double", list(go = function(self, y) {
          if (y < 0) stop("negative")
          y * 2
        }))
        double <- Double()
        py_run_string(paste(
          "import threading, time", "seen = []", "def count():",
          "    while len(seen) < 50:", "        seen.append(1)", "        time.sleep(0.001)",
          "thread = threading.Thread(target=count)", "thread.start()", sep = "\\n"
        ))
        sum <- 0
        errors <- 0
        failed <- function(e) errors <<- errors + 1
        for (i in 1:1000) {
          sum <- sum + double$go(i) + reticulate::py_eval(paste0(i, " * 2"))
          if (i %% 100 == 0) {
            tryCatch(double$go(-1), error = failed)
            tryCatch(reticulate::py_run_string("1 / 0"), error = failed)
            invisible(gc())
            import("gc")$collect()
          }
        }
        py_run_string("thread.join()")
        cat(sum, errors, length(py_eval("seen")))
        """,
        load=LOADED[when],
    )
    assert out == "2002000 20 50"


@pytest.mark.skipif(VERSION >= (1, 40), reason="this reticulate shares Python's lock")
@pytest.mark.parametrize(
    "code",
    [
        "requireNamespace('reticulate'); library(pyclassbridge); invisible(r_to_py(1L))",
        "library(pyclassbridge); invisible(r_to_py(1L)); requireNamespace('reticulate')",
    ],
)
def test_an_older_reticulate_is_a_warning_that_says_what_differs(code):
    done = run_rscript(code, load="")
    assert done.returncode == 0, done.stderr
    assert "threads of Python run only while R has called Python" in done.stderr
