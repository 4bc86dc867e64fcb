"""The tree as an R package: R installs it from a checkout and from the archive of `R CMD build`,
and its namespace is the one that Python makes where it hosts.

Of: R/start_host.R.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
from support.fake_python import VERSION
from support.paths import ROOT
from support.r_host import r_library
from support.subprocesses import output_of


def call(*words, cwd=None, **env):
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **env},
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The tree as it is, but for what git ignores."""
    copy = tmp_path_factory.mktemp("clone") / "tree"
    made = (
        ".git",
        ".venv*",
        ".matrix",
        "build",
        "*.egg-info",
        "*.so",
        "*.o",
        "*cache*__",
        ".*_cache",
    )
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*made))
    call("git", "init", "-q", cwd=copy)
    call("git", "add", "--all", cwd=copy)
    return copy


@pytest.fixture(scope="module")
def built(checkout, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    call("R", "CMD", "build", checkout, cwd=folder)
    return folder / f"pyclassbridge_{VERSION}.tar.gz"


def test_an_installation_writes_nothing_into_the_tree_but_what_git_ignores(checkout, tmp_path):
    said = call("R", "CMD", "INSTALL", f"--library={tmp_path}", checkout)
    assert "WARNING" not in said
    assert "* DONE (pyclassbridge)" in said
    assert call("git", "diff", "--stat", cwd=checkout) == ""
    others = call("git", "ls-files", "--others", "--exclude-standard", cwd=checkout)
    assert others == ""


LEFT_OUT = {"tests", "benchmarks", "examples", "vignettes", "Makefile", "MANIFEST.in", "build"}


def test_the_archive_of_r_holds_what_r_and_pip_need(built):
    with tarfile.open(built) as archive:
        names = [name.removeprefix("pyclassbridge/") for name in archive.getnames()]
    roots = {name.split("/")[0] for name in names}
    assert not roots & LEFT_OUT
    assert not [name for name in names if name.startswith(".") or name.endswith((".so", ".o"))]
    assert [name for name in names if name.startswith("tools/")] == ["tools/install_system.sh"]
    assert {"core", "pyclass_bridge", "pyproject.toml", "setup.py", "src", "R"} <= roots


def test_r_installs_its_archive_with_the_sources_of_the_python_half(built, tmp_path):
    call("R", "CMD", "INSTALL", f"--library={tmp_path}", built)
    python = tmp_path / "pyclassbridge" / "python"
    assert sorted(path.name for path in python.iterdir()) == [
        "install_system.sh",
        "probe.py",
        f"pyclass_bridge-{VERSION}.tar.gz",
    ]
    assert os.access(tmp_path / "pyclassbridge" / "libs" / "pyclassbridge.so", os.R_OK)


def test_pip_builds_the_python_half_from_what_the_r_package_carries(tmp_path):
    archive = r_library() / "pyclassbridge" / "python" / f"pyclass_bridge-{VERSION}.tar.gz"
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    call(sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", tmp_path, archive)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "pyclass_bridge"
    expected = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("*.py", "*.R", "*.json", "*.toml", "py.typed")
        for path in package.rglob(pattern)
        if "rpkg" not in path.parts
    }
    expected |= {f"pyclass_bridge/rpkg/R/{path.name}" for path in (ROOT / "R").glob("*.R")}
    expected |= {f"pyclass_bridge/rpkg/{name}" for name in ("NAMESPACE", "DESCRIPTION", "LICENSE")}
    assert expected - names == set()
    assert any(name.startswith("pyclass_bridge/_core.") for name in names)


# What differs: the routines of the core and of the shim, and what the core fills in.
DESCRIBE = """
    describe <- function(file) {
      ns <- asNamespace("pyclassbridge")
      registered <- getNamespaceInfo(ns, "S3methods")
      names <- sort(ls(ns, all.names = TRUE), method = "radix")
      names <- setdiff(names, c(
        get("host_names", ns), "start_python", "keep_symbols", "no_proxy",
        ".__DEVTOOLS__", ".packageName", ".__NAMESPACE__.", ".__S3MethodsTable__."
      ))
      shown <- vapply(names, function(name) {
        if (bindingIsActive(name, ns)) return("active")
        value <- get(name, ns)
        if (is.function(value)) paste(deparse(value), collapse = "\\n") else class(value)[[1]]
      }, "")
      con <- file(file, "w", encoding = "UTF-8")
      on.exit(close(con))
      writeLines(c(
        "exports", sort(getNamespaceExports(ns), method = "radix"),
        "methods", sort(ls(ns[[".__S3MethodsTable__."]]), method = "radix"),
        "registered", sort(paste(registered[, 1], registered[, 2]), method = "radix"),
        "functions", paste(names, shown)
      ), con)
    }
"""


def test_the_namespace_is_the_same_in_both_hosts(tmp_path):
    here, there = tmp_path / "python", tmp_path / "r"
    code = f"local({{ {DESCRIBE}\n describe('{here}'); NULL }})"
    output_of(f"import pyclass_bridge\npyclass_bridge.r({code!r})", start="")
    code = f"library(pyclassbridge)\n{DESCRIBE}\ndescribe('{there}')"
    call("Rscript", "-e", code, R_LIBS=str(r_library()), PYCLASS_BRIDGE_PYTHON="/no/python")
    assert here.read_text().splitlines() == there.read_text().splitlines()
    assert "functions" in there.read_text()


def test_each_name_of_the_namespace_is_defined_once():
    names = [
        name
        for path in (ROOT / "R").glob("*.R")
        for name in re.findall(r"^`?([^\s`#$@(\[]+)`? <- ", path.read_text(), re.M)
    ]
    assert len(names) > 500
    assert {name for name in names if names.count(name) > 1} == set()
