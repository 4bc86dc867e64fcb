"""R starts Python: when, as which program, once; what a start that failed leaves; forks, and a
namespace that is loaded again.

Of: R/start_host.R, start/hosted.py, start/quiet.py.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.paths import ROOT
from support.r_host import output_of, run_rscript

NO_PYTHON = {"PATH": "/usr/bin:/bin", "PYCLASS_BRIDGE_PYTHON": "/no/python"}


def test_library_needs_no_python_and_says_nothing():
    code = """
        library(pyclassbridge)
        shown <- capture.output(print(Metric))
        A <- function(x) x %*% x
        stopifnot(inherits(help(mean), "help_files_with_topic"))
        cat(A(matrix(2)), py_available(), nchar(Sys.getenv("R_SESSION_INITIALIZED")))
    """
    done = run_rscript(code, load="library(pyclassbridge)\n", **NO_PYTHON)
    assert (done.stdout, done.stderr) == ("4 FALSE 0", "")


FACTS = """[
    sys.executable, sys.prefix, sys._base_executable, sys.flags.isolated,
    sys.flags.ignore_environment, os.environ['PYTHONPATH'].split(os.pathsep)[0] in sys.path,
    os.environ.get('LD_LIBRARY_PATH')
]"""


def test_a_definition_starts_the_python_of_the_environment():
    """Its packages, PYTHONPATH, the paths of its programs, the libraries that are the user's."""
    code = f"""
        A %py_class% {{ f <- function(x) x + 1 }}
        stopifnot(A()$f(2) == 3, py_available())
        py_run_string("import os, sys")
        facts <- py_eval("{FACTS.replace(chr(10), " ")}")
        writeLines(c(vapply(facts, format, ""), py_config()$rule))
    """
    facts = output_of(code, LD_LIBRARY_PATH="/x").splitlines()
    executable, prefix, base, *flags, libraries, rule = facts
    assert (executable, prefix, rule) == (sys.executable, sys.prefix, "PYCLASS_BRIDGE_PYTHON")
    assert os.path.realpath(base) == os.path.realpath(sys.executable)
    assert flags == ["0", "0", "TRUE"]
    assert libraries == "/x"


@pytest.mark.parametrize("variable", ["LC_ALL=C", "PYTHONUTF8=1", "PYTHONUTF8=0", "LC_ALL=C.UTF-8"])
def test_python_takes_utf_8_as_it_does_by_itself(variable):
    name, value = variable.split("=")
    code = "import locale, sys; facts = [sys.getfilesystemencoding(), sys.flags.utf8_mode, "
    code += "locale.getpreferredencoding(False)]"
    by_itself = subprocess.run(
        [sys.executable, "-c", code + "; print(*facts)"],
        capture_output=True,
        text=True,
        env={**os.environ, name: value},
    )
    code = f'py_run_string("{code}"); cat(unlist(py_eval("facts")))'
    assert output_of(code, **{name: value}) == by_itself.stdout.strip()


def test_processes_of_python_start(tmp_path):
    (tmp_path / "doubling.py").write_text("def double(x):\n    return 2 * x\n")
    code = """
        py_run_string("
import multiprocessing, subprocess, sys
import doubling
with multiprocessing.get_context('spawn').Pool(2) as pool:
    got = pool.map(doubling.double, [1, 2])
    pool.close()
    pool.join()
ask = [sys.executable, '-c', 'import sys; print(sys.version)']
same = subprocess.run(ask, capture_output=True, text=True).stdout.strip() == sys.version
")
        cat(py_eval("got"), py_eval("same"))
    """
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    assert output_of(code, PYTHONPATH=path) == "2 4 TRUE"


def test_workers_of_joblib_run_functions_of_r():
    pytest.importorskip("joblib", reason="it is not installed (the extra `test`)")
    said = output_of("""
    delayed <- import("joblib", convert = FALSE)$delayed
    parallel <- import("joblib")$Parallel(n_jobs = 2L)
    by <- 3
    times <- function(x) if (x > 3) stop("big: ", x) else x * by
    cat(unlist(parallel(lapply(1:3, delayed(times)))), "\\n")
    tryCatch(parallel(lapply(3:4, delayed(times))),
             simpleError = function(e) cat("caught:", conditionMessage(e), "\\n"))
    """)
    assert said.splitlines() == ["3 6 9 ", "caught: big: 4 "]


def test_after_a_failure_that_is_mended_the_next_use_starts():
    code = f"""
        ask <- function() tryCatch(as.character(r_to_py(7L)), error = conditionMessage)
        said <- c(ask(), ask())
        Sys.setenv(PYCLASS_BRIDGE_PYTHON = {sys.executable!r})
        cat(said, ask(), sep = "\\n")
    """
    done = run_rscript(code, PYCLASS_BRIDGE_PYTHON="/no/python")
    sentence = "/no/python does not exist: give the path of a Python, or of its environment."
    assert (done.stdout.splitlines(), done.stderr) == ([sentence, sentence, "7"], "")


BROKEN_IMPORT = """
import importlib.abc, os, sys

class Broken(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "pyclass_bridge" and not os.path.exists(os.environ["MENDED"]):
            if getattr(sys, "argv", [""])[0] == "":  # not in the process that is asked
                raise ImportError("the package is broken")

sys.meta_path.insert(0, Broken())
"""


def test_after_an_import_that_failed_in_the_running_python_too(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BROKEN_IMPORT)
    code = f"""
        ask <- function() tryCatch(as.character(r_to_py(7L)), error = conditionMessage)
        cat(ask(), "\\n")
        Sys.setenv(PYCLASS_BRIDGE_PYTHON = "/usr/bin/python3")
        cat(ask(), "\\n")
        Sys.setenv(PYCLASS_BRIDGE_PYTHON = {sys.executable!r})
        invisible(file.create(Sys.getenv("MENDED")))
        cat(ask(), "\\n")
    """
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = run_rscript(code, PYTHONPATH=path, MENDED=str(tmp_path / "mended"))
    first, _other, last = done.stdout.splitlines()
    assert first.startswith(f"Python ({sys.executable}) could not be started: ImportError: the pac")
    assert last == "7 "
    assert done.stderr == ""


FORKED = """
    work <- function(i) {
      A %py_class% { f <- function(x) x + 1 }
      c(Sys.getpid() != parent, A()$f(i), import("operator")$add(i, 1L))
    }
    parent <- Sys.getpid()
    ask <- function() cat(unlist(parallel::mclapply(1:2, work, mc.cores = 2)), "")
    %s
    ask()
    cat(work(5L))
"""


@pytest.mark.parametrize("before", ["", "invisible(r_to_py(1))"])
def test_forked_children_use_python(before):
    """A child starts it for itself, or has that of its parent."""
    assert output_of(FORKED.replace("%s", before)) == "1 2 2 1 3 3 0 6 6"


def test_a_namespace_that_is_loaded_again_has_the_same_python():
    code = """
        first <- import("sys")
        first$mark <- 1L
        detach("package:pyclassbridge", unload = TRUE)
        suppressMessages(library(pyclassbridge))
        library(pyclassbridge)
        A %py_class% { f <- function(x) stop("here") }
        cat(py_available(), import("sys")$mark, py_available(), "")
        cat(tryCatch(A()$f(1), error = conditionMessage), py_config()$rule)
    """
    assert output_of(code) == "TRUE 1 TRUE here PYCLASS_BRIDGE_PYTHON"


@pytest.mark.parametrize("home", ["/nowhere", "/usr", ""])
def test_an_odd_r_home_is_put_right(home):
    code = f"""
        home <- R.home()
        if (nzchar("{home}")) Sys.setenv(R_HOME = "{home}") else Sys.unsetenv("R_HOME")
        r_to_py(1)
        cat(Sys.getenv("R_HOME") == normalizePath(home), py_eval("1 + 1"))
    """
    assert output_of(code).endswith("TRUE 2")


def test_the_log_of_tensorflow_is_quiet_unless_the_user_has_set_its_level():
    code = (
        "invisible(r_to_py(1)); cat(py_eval(\"__import__('os').environ['TF_CPP_MIN_LOG_LEVEL']\"))"
    )
    assert output_of(code) in ("2", "3")
    assert output_of(code, TF_CPP_MIN_LOG_LEVEL="1") == "1"
