"""R tests as items of pytest: each test has its name, its line and what testthat says of it.

The runs are processes of their own, in a project and in an R package that the tests write.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from support.paths import ROOT

PROJECT = {
    "tests/helper-a.R": "helped <- function() 42\n",
    "tests/setup.R": (
        "withr::defer(file.create('torn_down'), testthat::teardown_env())\nset_up <- TRUE\n"
    ),
    "tests/test_one.R": """\
before <- 1
test_that("it passes", {
  expect_equal(helped(), 42)
  expect_true(set_up)
})
test_that("it fails: pkg::fun", {
  expect_equal(before, 2)
  expect_true(FALSE)
})
test_that("it errors", {
  f <- function() stop("boom")
  f()
})
test_that("it is skipped", {
  skip("no reason")
})
test_that("it warns", {
  warning("careful")
  expect_true(TRUE)
})
test_that("it is empty", {
})
for (i in 1:2) test_that(paste("looped", i), expect_equal(i, 1))
describe("a thing", {
  it("works", expect_true(TRUE))
  it("breaks", expect_true(FALSE))
})
test_that("it passes", expect_true(TRUE))
test_that("it prints", {
  cat("from R")
  expect_true(nzchar(Sys.getenv("TESTTHAT")))
  expect_identical(basename(getwd()), "tests")
})
change <- function() test_that("not one", expect_true(FALSE))
stop("outside")
test_that("after", expect_true(TRUE))
""",
    "tests/test-skipped.R": """\
skip_if_not_installed("nonexistent")
test_that("never", expect_true(FALSE))
""",
    "tests/test_bare.R": "expect_equal(1, 1)\n",
    "tests/test_empty.R": "# nothing\n",
    "tests/other.R": "stop('no test')\n",
    "tests/test_py.py": "def test_in_python(): pass\n",
    "pkg/DESCRIPTION": (
        "Package: small.pkg\nVersion: 1.0\nTitle: T\nDescription: D.\nLicense: MIT\n"
        "Config/testthat/edition: 3\n"
    ),
    "pkg/NAMESPACE": "export(f)\n",
    "pkg/R/f.R": "f <- function() hidden()\nhidden <- function() 'of the package'\n",
    "pkg/tests/testthat.R": "stop('for R CMD check')\n",
    "pkg/tests/testthat/helper.R": "of_helper <- 3\n",
    "pkg/tests/testthat/test-f.R": """\
test_that("the package is loaded", {
  expect_equal(f(), "of the package")
  expect_equal(hidden(), "of the package")
  expect_equal(edition_get(), 3)
  expect_equal(of_helper, 3)
})
test_that("a snapshot is compared", {
  expect_snapshot(cat("seen"))
})
""",
    "pkg/tests/testthat/_snaps/f.md": (
        "# a snapshot is compared\n\n    Code\n      cat(\"seen\")\n    Output\n      other\n\n"
    ),
}  # fmt: skip


def write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def run_pytest(directory: Path, *words: str, **variables: str) -> str:
    """What a run of pytest with the plugin prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    env.pop("PYTEST_XDIST_WORKER", None)
    installed = entry_points(group="pytest11", name="pyclass_bridge")
    plugin = [] if installed else ["-p", "pytest_pyclass_bridge"]
    command = [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider"]
    command += ["--rootdir", str(directory)]
    done = subprocess.run(
        [*command, *words], capture_output=True, text=True, cwd=directory, env=env, timeout=300
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("project"), PROJECT)


@pytest.fixture(scope="module")
def said(project) -> str:
    return run_pytest(project, "-rA", "-v")


def outcomes(said: str) -> dict[str, str]:
    """The outcome of each test by its node id."""
    rows = re.findall(r"^(\S+\.(?:R|py)::.*?) (PASSED|FAILED|ERROR|SKIPPED)", said, re.MULTILINE)
    return dict(rows)


def test_each_test_has_its_outcome(said):
    assert outcomes(said) == {
        "tests/test_one.R::it passes": "PASSED",
        "tests/test_one.R::it fails: pkg:fun": "FAILED",
        "tests/test_one.R::it errors": "FAILED",
        "tests/test_one.R::it is skipped": "SKIPPED",
        "tests/test_one.R::it warns": "PASSED",
        "tests/test_one.R::it is empty": "SKIPPED",
        "tests/test_one.R::line 23": "FAILED",
        "tests/test_one.R::a thing": "FAILED",
        "tests/test_one.R::it passes (line 28)": "PASSED",
        "tests/test_one.R::it prints": "PASSED",
        "tests/test_one.R::after": "FAILED",
        "tests/test-skipped.R::never": "SKIPPED",
        "tests/test_bare.R::test_bare": "PASSED",
        "tests/test_py.py::test_in_python": "PASSED",
        "pkg/tests/testthat/test-f.R::the package is loaded": "PASSED",
        "pkg/tests/testthat/test-f.R::a snapshot is compared": "FAILED",
    }


def test_failures_say_what_testthat_says(said):
    assert "Failure (test_one.R:7): it fails: pkg::fun\n`before` not equal to 2." in said
    assert "Failure (test_one.R:8): it fails: pkg::fun\nFALSE is not TRUE" in said
    assert re.search(
        r"Error \(test_one\.R:12\): it errors\nError in `f\(\)`: boom\nBacktrace", said
    )
    assert "Failure (test_one.R:23): looped 2" in said and "looped 1" not in said
    assert "a thing: breaks" in said and "a thing: works" not in said
    assert "Error (test_one.R:35): (code outside of tests)\noutside" in said
    assert "not one" not in said
    assert "Traceback" not in said and "testthat.py" not in said


def test_skips_and_warnings_are_told_with_their_place(said):
    assert "SKIPPED [1] tests/test_one.R:14: Reason: no reason" in said or (
        "SKIPPED [1] tests/test_one.R:14: no reason" in said
    )
    assert "nonexistent cannot be loaded" in said
    assert re.search(r"test_one\.R:18: RTestWarning: careful", said)


def test_what_r_prints_is_captured_and_what_is_deferred_runs(said, project):
    assert said.index("from R") > said.index("PASSES")
    assert (project / "tests" / "torn_down").exists()


def test_snapshots_are_left_as_they_are(said, project):
    assert "Snapshot of code has changed" in said
    kept = project / "pkg/tests/testthat/_snaps/f.md"
    assert kept.read_text() == PROJECT["pkg/tests/testthat/_snaps/f.md"]
    assert [path.name for path in kept.parent.iterdir()] == ["f.md"]


def test_choices_and_workers(project):
    pytest.importorskip("xdist")
    chosen = ["tests/test_one.R::it errors", "tests/test_one.R::it passes", "tests/test_bare.R"]
    said = run_pytest(project, "-n2", "-v", "-k", "it or package", *chosen, "pkg")
    assert re.search(r"1 failed, 2 passed", said), said
    assert "[gw1]" in said and "not one" not in said


def test_patterns_and_a_file_that_does_not_parse(tmp_path):
    write(tmp_path, {"pytest.ini": "[pytest]\nr_files = spec-*.R\n", "test_a.R": "1",
                     "spec-bad.R": "x <- (\n",
                     "spec-a.R": "test_that('a', expect_true(TRUE))"})  # fmt: skip
    said = run_pytest(tmp_path, "--collect-only", "-q")
    assert "spec-a.R::a" in said and "test_a.R" not in said
    assert "spec-bad.R:2" in said and "unexpected end of input" in said
    assert "1 error" in said and "Traceback" not in said


# A run that would start R here would end in an error.
NO_R = {"R_HOME": "/nonexistent"}


def test_a_run_without_r_tests_starts_no_r(tmp_path):
    loaded = "import sys\ndef test_a(): assert 'pyclass_bridge' not in sys.modules\n"
    write(tmp_path, {"test_a.py": loaded, "notes.R": "1", "test_b.r.txt": ""})
    said = run_pytest(tmp_path, "-q", **NO_R)
    assert "1 passed" in said


def test_a_broken_setup_is_its_sentence(tmp_path):
    write(tmp_path, {"test_a.R": "test_that('a', expect_true(TRUE))"})
    said = run_pytest(tmp_path, "-q", **NO_R)
    assert "R_HOME is set to /nonexistent, which does not exist" in said
    assert "Traceback" not in said and "1 error" in said


def test_without_testthat_each_test_says_what_to_install(tmp_path):
    import pyclass_bridge

    write(tmp_path, {"test_a.R": "test_that('a', expect_true(TRUE))"})
    run = pyclass_bridge.r(
        """
        function(path) {
          fn <- asNamespace("pyclassbridge")$run_test_item
          environment(fn) <- list2env(
            list(requireNamespace = function(...) FALSE), parent = environment(fn)
          )
          fn(path, 1L)
        }
        """
    )
    (result,) = run(str(tmp_path / "test_a.R"))["results"]
    assert result["kind"] == "error"
    assert result["text"] == (
        "The tests need the R package testthat, which this R has not: "
        "Rscript -e 'install.packages(\"testthat\")'"
    )
