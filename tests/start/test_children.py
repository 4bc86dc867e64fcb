"""New processes of R that a session starts find the package and use its Python, in either host.

Also of: R/start_packages.R.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.r_host import environment
from support.r_host import output_of as output_in_r
from support.subprocesses import output_of, run_python

import pyclass_bridge  # noqa: F401  # the variables are those of a session


def packages(*names):
    words = ", ".join(repr(name) for name in names)
    code = f"cat(all(nzchar(vapply(c({words}), function(p) system.file(package = p), ''))))"
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True)
    return pytest.mark.skipif(
        done.stdout != "TRUE", reason=f"the R packages {' and '.join(names)} are not installed"
    )


@pytest.fixture(params=["R", "Python"])
def run(request, tmp_path):
    """Run R code in a session of the host; its output. The user names no Python and no library, but
    those of an installed package where R hosts."""

    def run_in_python(code):
        (tmp_path / "code.R").write_text(code)
        start = "import pyclass_bridge\n"
        call = f"pyclass_bridge.run_file({str(tmp_path / 'code.R')!r}, stand_in=True)"
        kept = dict(environment())
        for name in ("R_LIBS", "PYCLASS_BRIDGE_PYTHON"):
            kept.pop(name)
        done = subprocess.run(
            [sys.executable, "-c", start + call], capture_output=True, text=True, env=kept
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_in_r(code):
        return output_in_r(code, timeout=180)

    run = run_in_r if request.param == "R" else run_in_python
    run.host = request.param
    return run


FACTS = """
  facts <- function() {
    suppressPackageStartupMessages(library(pyclassbridge))
    Double %py_class% { go <- function(y) y * 2 }
    paste(Double()$go(21), py_config()$python == Sys.getenv("PYCLASS_BRIDGE_PYTHON"), py_exe())
  }
"""
SEEN = f"42 TRUE {sys.executable}"


@packages("callr")
def test_callr(run):
    out = run(FACTS + "invisible(pyclassbridge::import('math')); cat(callr::r(facts))")
    assert out == SEEN


def test_workers_of_parallel(run):
    out = run(
        FACTS
        + """
        cluster <- parallel::makeCluster(2)
        invisible(pyclassbridge::import("math"))
        invisible(parallel::clusterEvalQ(cluster, library(pyclassbridge)))
        cat(unlist(parallel::clusterCall(cluster, facts)), sep = "\\n")
        lock <- pyclassbridge::import("threading")$Lock()
        seen <- tryCatch(parallel::clusterCall(cluster, function(x) x$locked(), lock),
                         error = conditionMessage)
        cat("\\n", grepl("this Python object is gone", seen), "\\n", sep = "")
        parallel::stopCluster(cluster)
        """
    )
    assert [line for line in out.split("\n") if line] == [SEEN, SEEN, "TRUE"]


def test_forked_children_of_parallel(run):
    out = run(
        """
        math <- pyclassbridge::import("math")
        Double <- pyclassbridge::PyClass("Double", list(go = function(self, y) y * 2))
        one <- function(i) Double()$go(math$sqrt(i * 4))
        cat(unlist(parallel::mclapply(c(1, 4), one, mc.cores = 2)), one(9))
        """
    )
    assert out == "4 8 12"


@packages("future")
@pytest.mark.parametrize("plan", ["multisession", "multicore"])
def test_workers_of_future(run, plan):
    out = run(
        FACTS
        + f"""
        invisible(pyclassbridge::import("math"))
        future::plan(future::{plan}, workers = 2)
        cat(future::value(future::future(facts())), "\\n")
        future::plan(future::sequential)
        """
    )
    assert out.strip() == SEEN


def test_rscript(run):
    code = 'suppressMessages(library(pyclassbridge)); cat(import("math")$sqrt(16), py_exe())'
    out = run(
        f"""
        invisible(pyclassbridge::import("math"))
        cat(system2("Rscript", c("-e", shQuote({code!r})), stdout = TRUE))
        """
    )
    assert out == f"4 {sys.executable}"


def test_stand_ins_of_a_session_are_those_of_its_children(tmp_path):
    (tmp_path / "x.R").write_text("x <- 1")
    out = output_of(
        f"""
        import subprocess, pyclass_bridge
        pyclass_bridge.source({str(tmp_path / "x.R")!r}, stand_in=True)
        code = "library(keras3); library(reticulate); cat(import('math')$sqrt(16))"
        code += "; cat('', nrow(stand_ins()))"
        words, kept = ["Rscript", "-e", code], dict(os.environ)
        done = subprocess.run(words, capture_output=True, text=True, env=kept)
        print(done.stdout, done.stderr if done.returncode else "")
        """
    )
    count = 4 if os.path.isdir("/usr/lib/R/site-library/tfdatasets") else 5
    assert out.strip() == f"4 {count}"


def test_what_the_user_has_set_stays(tmp_path):
    out = output_of(
        """
        import pyclass_bridge
        print(os.environ["PYCLASS_BRIDGE_PYTHON"])
        libraries = os.environ["R_LIBS"].split(":")
        print(libraries[0], os.path.basename(libraries[-1]))
        print(os.path.basename(pyclass_bridge.r(".libPaths()[length(.libPaths())]")))
        """,
        PYCLASS_BRIDGE_PYTHON="/a/python",
        R_LIBS=str(tmp_path),
    )
    last = "pyclassbridge-library"
    assert out.splitlines() == ["/a/python", f"{tmp_path} {last}", last]


@pytest.mark.parametrize("version, first", [("0.0.1", True), (None, False)])
def test_an_installed_package_of_another_version_comes_after_ours(tmp_path, version, first):
    out = output_of(
        """
        import pyclass_bridge
        print(pyclass_bridge.r("format(packageVersion('pyclassbridge'))"))
        """
    )
    (tmp_path / "pyclassbridge").mkdir()
    fields = f"Package: pyclassbridge\nVersion: {version or out.strip()}\n"
    (tmp_path / "pyclassbridge" / "DESCRIPTION").write_text(fields)
    done = run_python(
        "import pyclass_bridge; print(os.environ['R_LIBS'].split(':')[0])", R_LIBS=str(tmp_path)
    )
    assert os.path.basename(done.stdout.strip()) == (
        "pyclassbridge-library" if first else tmp_path.name
    )


def test_a_session_writes_nothing_into_the_sources():
    """The library is made again: what it links to stays as it is."""
    out = output_of(
        """
        import pyclass_bridge
        from pyclass_bridge import session
        from pyclass_bridge.start import children
        found = children.files()
        paths = [found["shim"], found["probe"], found["sources"] + "/NAMESPACE"]
        before = [os.stat(path) for path in paths]
        session._serve_children()
        print([os.stat(path).st_mtime_ns == b.st_mtime_ns and b.st_size > 0
               for path, b in zip(paths, before)])
        """
    )
    assert out.strip() == "[True, True, True]"
