"""R's plots without a device of the user's: into a temporary file, which is announced."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.subprocesses import run_python


@pytest.fixture
def plots(tmp_path):
    """Run Python code with `r`: what it prints, and the pages of each file that R has drawn."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "work").mkdir()

    def run(code: str, **environment: str) -> tuple[str, list[int]]:
        start = "import os, sys, threading\nimport pyclass_bridge\nr = pyclass_bridge.r\n"
        start += f"os.chdir({str(tmp_path / 'work')!r})\n"
        run.done = run_python(code, start=start, TMPDIR=str(tmp_path / "temporary"), **environment)
        assert run.done.returncode == 0, run.done.stderr
        return run.done.stdout, drawn(tmp_path)

    return run


def drawn(tmp_path: Path) -> list[int]:
    files = sorted(tmp_path.glob("temporary/pyclass_bridge_plots_*/*"))
    assert all(file.read_bytes().rstrip().endswith(b"%%EOF") for file in files)
    assert all(file.parent.stat().st_mode & 0o777 == 0o700 for file in files)
    return [len(re.findall(rb"/Type /Page\b(?!s)", file.read_bytes())) for file in files]


def said(done) -> list[str]:
    return re.findall(r"no graphics device is open, so R draws into (\S+),", done.stderr)


CASES = {
    "one": ("r('plot(1)')", [1]),
    "two pages": ("r('{ plot(1); plot(2) }')", [2]),
    "closed between": ("r('{ plot(1); invisible(dev.off()); plot(2); plot(3) }')", [1, 2]),
    "lattice": ("r('print(lattice::xyplot(1 ~ 1))')", [1]),
    "a method": ("r('A %py_class% { draw <- function() barplot(1:3) }; A')().draw()", [1]),
    "a thread": ("t = threading.Thread(target=r, args=('plot(1)',)); t.start(); t.join()", [1]),
    "after an error": ("r('tryCatch({ plot(1); stop() }, error = function(e) plot(2))')", [2]),
    "at the end": ("r('plot(1)'); sys.exit(0)", [1]),
    "dev.new()": ("r('{ dev.new(); dev.new(width = 3); plot(1) }')", [0, 1]),
    "par() before": ("r('{ par(mfrow = c(1, 2)); plot(1); plot(2) }')", [1]),
}


@pytest.mark.parametrize("case", CASES)
def test_plots_go_to_a_temporary_file_that_is_announced(case, plots, tmp_path):
    code, pages = CASES[case]
    _, files = plots(code)
    assert files == pages
    (path,) = said(plots.done)
    assert Path(path).parent.parent == tmp_path / "temporary" and Path(path).exists()
    assert list((tmp_path / "work").iterdir()) == []


def test_ggplot2(plots):
    if plots("print(r('requireNamespace(\"ggplot2\", quietly = TRUE)'))")[0] != "True\n":
        pytest.skip("ggplot2 is not installed")
    assert plots("r('print(ggplot2::ggplot())')")[1] == [1]


def test_the_size_of_dev_new(plots):
    assert plots("r('{ dev.new(width = 3, height = 4); print(dev.size()) }')")[0] == "[1] 3 4\n"


@pytest.mark.parametrize(
    "code",
    [
        "pdf('own.pdf'); plot(1)",
        "options(device = 'pdf'); plot(1)",
        "options(device = function() pdf('own.pdf')); plot(1)",
        "options(device = pdf); plot(1)",
        "pdf(NULL); plot(1)",
    ],
)
def test_a_device_of_the_users_is_left_alone(code, plots, tmp_path):
    _, files = plots(f"r({code!r})")
    assert files == [] and said(plots.done) == []
    names = {path.name for path in (tmp_path / "work").iterdir()}
    assert names == set(re.findall(r"own.pdf", code)) or names == {"Rplots.pdf"}


def test_a_device_of_the_users_profile_is_left_alone(plots, tmp_path):
    (tmp_path / "profile.R").write_text("options(device = function(...) pdf('mine.pdf', ...))\n")
    assert plots("r('plot(1)')", R_PROFILE_USER=str(tmp_path / "profile.R"))[1] == []
    assert plots("r('plot(1)')", R_DEFAULT_DEVICE="svg")[1] == []
    names = {path.name for path in (tmp_path / "work").iterdir()}
    assert "mine.pdf" in names and len(names) == 2


def test_a_forked_child_draws_into_a_file_of_its_own(plots):
    code = """
    def child(code):
        pid = os.fork()
        if pid == 0:
            r(code)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0

    r("plot(1)")
    child("{ plot(2); plot(3); dev.off() }")
    child("Sys.getpid()")
    r("plot(4)")
    child("{ pdf(NULL); plot(5) }")
    """
    _, files = plots(code)
    assert sorted(files) == [2, 2] and len(said(plots.done)) == 2


def test_a_script(tmp_path):
    (tmp_path / "x.R").write_text("plot(1)\nplot(2)\n")
    (tmp_path / "temporary").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", "x.R"],
        cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert drawn(tmp_path) == [2] and len(said(done)) == 1
    assert not (tmp_path / "Rplots.pdf").exists()
