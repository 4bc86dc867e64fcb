"""What holds round every test: R's protect depth is unchanged, it ends, and no proxy outlives the
run.

The package's own plugin collects R tests (tests/testthat/test-*.R). Those in
`tests/testthat/definition/` need no Python and run in an R of their own, each file as one item.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.hosts import of_python_hosts, r_hosts
from support.tf_data import iterators_end_at_once
from support.xla import compile_without_optimizations

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "Agg")

# A shell's background job ignores Ctrl-C, and so do its children, which tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def counters() -> dict:
    from pyclass_bridge import _core

    return _core.counters()


@pytest.fixture(autouse=True)
def protect_depth():
    """R's protect stack is as deep after a test as before the first one, when other threads have
    left R: those of a former test may be there when a test begins."""
    before = _depth.setdefault("idle", counters()["protect_depth"])
    yield
    until = time.monotonic() + 2
    while counters()["protect_depth"] != before and time.monotonic() < until:
        time.sleep(0.01)
    _depth["idle"] = counters()["protect_depth"]  # so that one fault fails one test
    assert _depth["idle"] == before


_depth: dict[str, int] = {}


@pytest.fixture(scope="module", autouse=True)
def global_names():
    """What a test module leaves in R's global environment, and the files that it has sourced, are
    forgotten at its end, since others look names up there."""
    variables, files = known_by_name()
    yield
    left = known_by_name()[0] - variables - {".Random.seed"}
    if left:
        remove = "function(names) rm(list = unlist(names), envir = globalenv())"
        sys.modules["pyclass_bridge"].r(remove)(list(left))
    source = sys.modules.get("pyclass_bridge.bridge.source")
    if source is not None:
        source._sourced.clear()
        source._sourced.update(files)


def known_by_name() -> tuple[set[str], dict]:
    """The names in R's global environment, and the files that were sourced."""
    if "pyclass_bridge.session" not in sys.modules:  # R is not used so far
        return set(), {}
    from pyclass_bridge import r
    from pyclass_bridge.bridge.source import _sourced

    return set(r("as.list(ls(globalenv(), all.names = TRUE))")), dict(_sourced)


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
    "plain_r/test_on_backends.py",
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


def pytest_addoption(parser, pluginmanager):
    """The plugin that collects R tests is there where the package is installed; else it is here."""
    import pytest_pyclass_bridge

    if not pluginmanager.has_plugin("pyclass_bridge"):
        pluginmanager.register(pytest_pyclass_bridge, "pyclass_bridge")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """testthat sets the protect depth back after each test, so a look at it round an R test would
    see nothing; R itself compares it round each call of the core, and says so."""
    iterators_end_at_once()
    if item.path.suffix != ".R":
        return (yield)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        result = yield
    sys.stderr.write(said.getvalue())
    assert "stack imbalance" not in said.getvalue()
    return result


def pytest_collect_file(file_path: Path, parent):
    if file_path.match("definition/test-*.R"):
        return DefinitionFile.from_parent(parent, path=file_path)
    return None


class DefinitionFile(pytest.File):
    def collect(self):
        yield DefinitionItem.from_parent(self, name=self.path.stem)


class DefinitionFailure(Exception):
    pass


class DefinitionItem(pytest.Item):
    """A file of R tests that runs in an R of its own."""

    def runtest(self):
        code = f"testthat::test_file({r_string(self.path)}, stop_on_failure = TRUE)"
        done = subprocess.run(
            ["Rscript", "-e", code], capture_output=True, text=True, cwd=self.path.parent
        )
        if done.returncode != 0:
            raise DefinitionFailure(done.stdout + done.stderr)

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, DefinitionFailure):
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
    if config.getoption("numprocesses", None):  # the run of all tests; this process starts workers
        compile_without_optimizations()


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
    from pyclass_bridge.bridge import rpy2_edge, source

    clean = pyclass_bridge.r(
        "function() { rm(list = ls(globalenv(), all.names = TRUE), envir = globalenv());"
        " kept <- intersect(c('last.warning', '.Traceback'), ls(baseenv(), all.names = TRUE));"
        " for (name in kept) try(assign(name, NULL, envir = baseenv()), silent = TRUE);"
        " py_clear_last_error(); invisible(gc()) }"
    )
    rpy2_edge.forget_recent()
    source.forget_sourced()
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
