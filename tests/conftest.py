"""What holds round every test: R's protect depth is unchanged, it ends, and no proxy outlives the
run.

R tests (tests/testthat/test-*.R) are collected here too: each file is one item. Those in
`tests/testthat/definition/` need no Python and run in an R of their own.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import of_python_hosts, r_hosts

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "Agg")


def counters() -> dict:
    from pyclass_bridge import _core

    return _core.counters()


@pytest.fixture(autouse=True)
def protect_depth():
    """R's protect stack is as deep after a test as before."""
    before = counters()["protect_depth"]
    yield
    assert counters()["protect_depth"] == before


@pytest.fixture
def r():
    """`pyclass_bridge.r`: evaluates R code."""
    import pyclass_bridge

    return pyclass_bridge.r


@pytest.fixture
def source(tmp_path):
    """Write R code to a file and source it: `source("code")` gives its namespace."""
    import pyclass_bridge

    def write_and_source(code: str, name: str = "defined.R"):
        path = tmp_path / name
        path.write_text(code)
        return pyclass_bridge.source(path)

    return write_and_source


@pytest.fixture
def define():
    """Evaluate R code in an environment of its own, which ends with the test: `define("code")`."""
    from support.r_scope import RScope

    scope = RScope()
    yield scope
    scope.close()


@pytest.fixture(scope="session")
def keras():
    """Keras, imported once for all tests."""
    return pytest.importorskip("keras")


# ---- workers of pytest-xdist -------------------------------------------------------------------

LONG = [
    "training/test_backends.py", "project/test_keras_scripts.py", "callbacks/test_gradients.py",
    "training/test_resume.py", "core/test_stress.py", "project/test_r_host.py",
]  # fmt: skip


def pytest_collection_modifyitems(config, items):
    """Workers begin with the long files: begun last, one would run while the others have ended.
    Where R hosts this process, what is Python's as a host is left out."""
    if r_hosts():
        left_out = [item for item in items if of_python_hosts(item.nodeid)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.path.as_posix().endswith(tuple(LONG)))


# ---- R tests -----------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent):
    if file_path.suffix == ".R" and file_path.name.startswith("test-"):
        return RTestFile.from_parent(parent, path=file_path)
    return None


class RTestFile(pytest.File):
    def collect(self):
        yield RTestItem.from_parent(self, name=self.path.stem)


class RTestFailure(Exception):
    pass


REPORT = """
local({
  tests <- testthat::test_file(
    %s, env = new.env(parent = asNamespace("pyclassbridge")), reporter = "silent",
    load_package = "none", stop_on_failure = FALSE
  )
  format_result <- function(r) {
    paste0(class(r)[[1]], ": ", paste(conditionMessage(r), collapse = " "))
  }
  is_bad <- function(r) inherits(r, c("expectation_failure", "expectation_error"))
  # testthat's data frame would leave out the error that ends a test.
  lines <- lapply(tests, function(test) {
    bad <- Filter(is_bad, test$results)
    if (length(bad)) c(paste0("* ", test$test), vapply(bad, format_result, ""))
  })
  list(
    count = sum(lengths(lapply(tests, `[[`, "results"))),
    text = paste(unlist(lines), collapse = "\\n")
  )
})
"""


class RTestItem(pytest.Item):
    def runtest(self):
        runs_alone = self.path.parent.name == "definition"
        text = self.in_own_r() if runs_alone else self.in_this_process()
        if text:
            raise RTestFailure(text)

    def in_this_process(self) -> str:
        import pyclass_bridge

        # testthat sets the protect depth back after each test, so a look at it round the file would
        # see nothing; R itself compares it round each call of the core, and says so.
        with contextlib.redirect_stderr(io.StringIO()) as said:
            result = pyclass_bridge.r(REPORT % r_string(self.path))
        sys.stderr.write(said.getvalue())
        if "stack imbalance" in said.getvalue():
            return said.getvalue()
        return result["text"] if result["count"] else "the file has no expectation"

    def in_own_r(self) -> str:
        code = f"testthat::test_file({r_string(self.path)}, stop_on_failure = TRUE)"
        done = subprocess.run(
            ["Rscript", "-e", code], capture_output=True, text=True, cwd=self.path.parent
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, RTestFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, f"R tests: {self.name}"


def r_string(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---- a time limit ------------------------------------------------------------------------------

# A deadlock may hold the GIL, so the limit is kept by a thread that needs no Python. It is longer
# than those of the tests' own processes, which say more.
LIMIT_S = 900
NO_LIMIT = "runs_tests: a run of tests in a process of its own, which keeps the time limit"
STDERR = pytest.StashKey[int]()


def pytest_configure(config):
    config.stash[STDERR] = os.dup(2)  # what a test writes is captured, and would be lost
    config.stash[LIVE] = []
    config.addinivalue_line("markers", NO_LIMIT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A test beyond the limit ends the run, which shows where each thread is."""
    if item.get_closest_marker("runs_tests") is None:
        faulthandler.dump_traceback_later(LIMIT_S, exit=True, file=item.config.stash[STDERR])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


# ---- leaks -------------------------------------------------------------------------------------


def live_proxies() -> int:
    """Python objects that R still holds though neither the session needs them nor an R value that
    Python itself holds refers to them."""
    import pyclass_bridge
    from pyclass_bridge import _core
    from pyclass_bridge.bridge import rpy2_edge

    clean = pyclass_bridge.r(
        "function() { rm(list = ls(globalenv(), all.names = TRUE), envir = globalenv());"
        " kept <- intersect(c('last.warning', '.Traceback'), ls(baseenv(), all.names = TRUE));"
        " for (name in kept) try(assign(name, NULL, envir = baseenv()), silent = TRUE);"
        " py_clear_last_error(); invisible(gc()) }"
    )
    rpy2_edge.forget_recent()
    for _ in range(3):
        gc.collect()
        clean()
    handles = [o for o in gc.get_objects() if isinstance(o, _core.Handle)]
    leaks = r_string(Path(__file__).with_name("support") / "leaks.R")
    own_proxies = pyclass_bridge.r(
        'local({ env <- new.env(parent = asNamespace("pyclassbridge"));'
        f" sys.source({leaks}, env); env$own_proxies }})"
    )
    running = 1 if r_hosts() else 0  # the function that runs the tests
    return counters()["proxies"] - own_proxies(*handles) - running


LIVE = pytest.StashKey[list]()  # the count of each process that ran tests


def pytest_sessionfinish(session, exitstatus):
    config, live = session.config, session.config.stash[LIVE]
    if "pyclass_bridge._core" in sys.modules and exitstatus in (0, 1):
        live.append(live_proxies())
    if hasattr(config, "workeroutput"):
        config.workeroutput["live_proxies"] = live
    elif any(count > 0 for count in live) and session.testscollected > 50:
        session.exitstatus = 1


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """A worker of pytest-xdist has ended: its count is one of the run's."""
    node.config.stash[LIVE].extend(getattr(node, "workeroutput", {}).get("live_proxies", []))


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[LIVE]:
        live = ", ".join(map(str, config.stash[LIVE]))
        terminalreporter.write_line(f"live proxies at the end of the run: {live}")
