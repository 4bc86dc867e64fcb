"""The real reticulate beside this package, where R hosts: one Python for both, each with its own
objects, or one sentence; nothing crashes.

Of: R/start_reticulate.R.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.r_host import output_of, run_rscript

QUIET = "suppressMessages({ library(pyclassbridge); requireNamespace('reticulate') })\n"


def version() -> tuple[int, ...]:
    ask = "cat(tryCatch(format(packageVersion('reticulate')), error = function(e) '0'))"
    done = subprocess.run(["Rscript", "-e", ask], capture_output=True, text=True)
    return tuple(map(int, done.stdout.replace("-", ".").split(".")))


VERSION = version()
pytestmark = pytest.mark.skipif(VERSION == (0,), reason="the R package reticulate is not installed")
# Older ones keep Python's lock while R runs.
shares_lock = pytest.mark.skipif(VERSION < (1, 40), reason="this reticulate keeps Python's lock")

BOTH = """
    ours <- pyclassbridge::import("fractions")$Fraction(1L, 2L)
    theirs <- reticulate::py_eval("__import__('datetime').timedelta(days = 3)", convert = FALSE)
    cat(trimws(format(ours)), class(theirs)[[1]], reticulate::py_eval("1 + 1"), "")
    cat(as.integer(ours$denominator), as.integer(reticulate::py_to_r(theirs$days)), "")
    cat(reticulate::py_config()$python == pyclassbridge::py_exe(), "")
    error <- tryCatch(ours$no, error = conditionMessage)
    cat(grepl("has no attribute 'no'", error), py_config()$rule)
"""


def test_a_reticulate_that_starts_later_uses_the_python_that_runs():
    said = output_of("invisible(r_to_py(1L))\n" + BOTH, load=QUIET)
    assert said.endswith("datetime.timedelta 2 2 3 TRUE TRUE PYCLASS_BRIDGE_PYTHON")


STARTED = f"""
    suppressWarnings(reticulate::use_python({sys.executable!r}, required = TRUE))
    invisible(suppressWarnings(reticulate::py_config()))
    Sys.setenv(PYCLASS_BRIDGE_PYTHON = "")
"""


@shares_lock
def test_the_python_that_reticulate_has_started_is_taken():
    said = output_of(STARTED + "cat(py_config()$rule, '')\n" + BOTH, load=QUIET)
    assert said.startswith("reticulate ")
    assert said.endswith("datetime.timedelta 2 2 3 TRUE TRUE reticulate")


@pytest.mark.skipif(VERSION >= (1, 40), reason="this reticulate gives up Python's lock")
def test_a_reticulate_that_keeps_the_lock_is_an_error_and_goes_on():
    code = (
        STARTED
        + """
        cat(py_config()$rule, tryCatch(r_to_py(1), error = conditionMessage), "\\n")
        cat(reticulate::py_eval("1 + 1"))
    """
    )
    said = output_of(code, load=QUIET)
    assert said.startswith("reticulate reticulate has started Python (")
    assert "keeps its lock" in said
    assert said.endswith("\n2")


def test_another_python_of_reticulate_is_an_error_and_r_goes_on():
    code = """
        suppressWarnings(reticulate::use_python("/usr/bin/python3", required = TRUE))
        invisible(suppressWarnings(reticulate::py_eval("1")))
        cat(tryCatch(r_to_py(1), error = conditionMessage), "\\n")
        cat(reticulate::py_eval("1 + 1"))
    """
    said = output_of(code, load=QUIET)
    assert said.startswith("reticulate has started /usr/bin/python3 in this R, and PYCLASS_BRIDGE_")
    assert said.endswith("\n2")


def test_use_python_of_reticulate_for_another_python_comes_too_late():
    """What reticulate says of it is its own; this package goes on."""
    done = run_rscript(
        """
        suppressWarnings(reticulate::use_python("/usr/bin/python3", required = TRUE))
        invisible(r_to_py(1))
        try(reticulate::py_config())
        cat(Sys.getenv("RETICULATE_PYTHON") == py_exe(), as.integer(r_to_py(3L)))
        """,
        load=QUIET,
    )
    assert done.stdout.endswith("TRUE 3"), done.stderr
