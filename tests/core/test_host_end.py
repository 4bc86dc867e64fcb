"""Where R hosts: the end of the process, its children, and a package of R that uses ours.

Of: core/host.c, bridge/host.py, start/hosted.py.
"""

from __future__ import annotations

import re
import subprocess
import time

import pytest
from support.r_host import environment, output_of, run_rscript

# ---- the end -----------------------------------------------------------------------------------

ENDS = {
    "the script's end": ("", 0),
    "q()": ("q(status = 3)", 3),
    "an error": ("stop('e')", 1),
    "q() in a method": ("py$call(function() q(status = 4))", 4),
}


@pytest.mark.parametrize("code, status", ENDS.values(), ids=ENDS)
def test_r_ends_beside_threads_and_runs_pythons_exit_functions(code, status):
    began = time.monotonic()
    done = run_rscript(
        f"""
        .Last <- function() cat("last\\n")
        py_run_string("
        import atexit, threading, time
        def call(f):
            return f()
        atexit.register(lambda: print('exit function', flush=True))
        for daemon in (True, False):
            threading.Thread(target=time.sleep, args=(600,), daemon=daemon).start()
        held = object()
        ")
        held <- py$held
        {code}
        """
    )
    assert done.returncode == status, done.stderr
    assert "exit function\n" in done.stdout
    assert time.monotonic() - began < 60


def test_quit_on_another_thread_is_an_error():
    out = output_of("""
        py_run_string("
        import threading
        def on_thread(f):
            said = []
            def run():
                try:
                    f()
                except Exception as error:
                    said.append(str(error))
            t = threading.Thread(target=run); t.start(); t.join()
            return said[0]
        ")
        cat(py$on_thread(function() q()), "\\n")
    """)
    assert out.startswith("Error: q() would end R in a thread of Python's")


def test_an_exit_function_may_join_a_thread_that_needs_r():
    out = output_of("""
        py_run_string("
        import atexit, threading, time
        def begin(f):
            def run():
                time.sleep(0.2); print('r gave', f(), flush=True)
            t = threading.Thread(target=run); t.start()
            atexit.register(t.join)
        ")
        py$begin(function() 41 + 1)
    """)
    assert out == "r gave 42.0\n"


# ---- children ----------------------------------------------------------------------------------


def test_r_forks_before_and_after_the_start():
    out = output_of("""
        ask <- function(i) py_eval(paste0(i, " + 1"))
        before <- parallel::mclapply(1:4, ask, mc.cores = 2)
        here <- ask(0)
        after <- parallel::mclapply(1:4, ask, mc.cores = 2)
        print(unlist(c(before, here, after)))
    """)
    assert re.sub(r"\s+", " ", out) == "[1] 2 3 4 5 1 2 3 4 5 "


def test_a_child_that_r_forks_is_hosted_too():
    out = output_of("""
        invisible(py_eval("1"))
        both <- function(i) py_capture_output({ py_run_string("print('python')"); cat("r\\n") })
        cat(unlist(parallel::mclapply(1:2, both, mc.cores = 2)), sep = "")
    """)
    assert out == "python\nr\n" * 2


def test_a_process_that_r_starts_is_no_part_of_this_one():
    out = output_of("""
        invisible(py_eval("1"))
        cat(system2("Rscript", c("-e", shQuote("pyclassbridge::py_eval('40 + 2')")), stdout = TRUE))
    """)
    assert out == "[1] 42"


def test_a_python_that_r_starts_has_its_own_library():
    """R's front end names directories that may hold another libpython of this name."""
    out = output_of("""
        py_run_string("
        import subprocess, sys
        code = 'import platform, sys; print(sys.version); print(platform.python_build())'
        said = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout
        import platform
        lines = [*sys.version.splitlines(), str(platform.python_build())]
        print(said.splitlines() == lines)
        ")
    """)
    assert out == "True\n"


def test_a_python_that_r_starts_hosts_its_own_r():
    out = output_of("""
        py_run_string("
        import subprocess, sys
        code = 'import pyclass_bridge; print(pyclass_bridge.r(\\"6 * 7\\"))'
        print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout)
        ")
    """)
    assert out.startswith("42")


# ---- a package that uses it --------------------------------------------------------------------


PACKAGE = {
    "DESCRIPTION": """\
Package: usesbridge
Version: 1.0
Title: A Package
Description: Uses the package.
License: MIT
Imports: pyclassbridge
""",
    "NAMESPACE": "import(pyclassbridge)\nexport(callback_stop, Counted)\n",
    "R/code.R": """\
callback_stop <- Callback("Stop", on_epoch_end = function(epoch, logs = NULL) {
  if (epoch == 2) self$model$stop_training <- TRUE
})
Counted %py_class% {
  initialize <- function() self$n <- 0
  count <- function() self$n <- self$n + 1
}
""",
    "tests/testthat.R": "library(testthat)\nlibrary(usesbridge)\ntest_check('usesbridge')\n",
    "tests/testthat/test-code.R": """\
test_that("a class of the package counts", {
  counted <- Counted()
  counted$count()
  expect_equal(counted$n, 1)
})
test_that("a callback of the package stops", {
  model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
  model |> compile(loss = "mse")
  h <- model |> fit(matrix(1:4), 1:4, epochs = 5, callbacks = callback_stop(), verbose = 0)
  expect_length(h$metrics$loss, 2)
  expect_error(fit(model, matrix(1:4), 1:4, callbacks = callback_stop), "forget")
})
""",
}


def test_tests_of_a_package(tmp_path):
    for name, text in PACKAGE.items():
        path = tmp_path / "usesbridge" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "lib").mkdir()
    variables = environment(KERAS_BACKEND="jax")
    variables["R_LIBS"] = f"{tmp_path / 'lib'}:{variables['R_LIBS']}"
    install = ["R", "CMD", "INSTALL", f"--library={tmp_path / 'lib'}", tmp_path / "usesbridge"]
    done = subprocess.run(install, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    run = ["Rscript", "testthat.R"]
    directory = tmp_path / "usesbridge" / "tests"
    done = subprocess.run(run, cwd=directory, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL 0 | WARN 0 | SKIP 0 | PASS 3" in done.stdout
