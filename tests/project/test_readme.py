"""The README's R and Python code runs as it stands."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

from support.paths import ROOT
from support.r_host import output_of

import pyclass_bridge
from pyclass_bridge.start import r_versions

README = ROOT / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.M | re.S)


def run(args, cwd) -> str:
    done = subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, cwd=cwd, timeout=600
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_r_example(tmp_path):
    [code] = blocks("r")
    (tmp_path / "train.R").write_text(code)
    out = run(["-m", "pyclass_bridge", "run", "train.R"], tmp_path)
    assert "Epoch 1/100" in out and "Epoch 100/100" not in out


def test_r_example_where_r_hosts():
    [code] = blocks("r")
    out = output_of(code, load="")
    assert "Epoch 1/100" in out and "Epoch 100/100" not in out


def test_python_example(tmp_path):
    [definition], [code] = blocks("r"), blocks("python")
    (tmp_path / "callbacks.R").write_text(definition.partition("\nmodel <-")[0])
    (tmp_path / "train.py").write_text(code)
    out = run(["train.py"], tmp_path)
    assert "class StopBelow(keras.src.callbacks.callback.Callback)" in out
    assert "Epoch 1/100" in out and "Epoch 100/100" not in out


# ---- the table of what is tested ---------------------------------------------------------------


def table() -> dict[str, list[str]]:
    """{"R": ["4.2", ...], ...}, a column for each machine."""
    section = README.read_text().partition("## What is tested")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    machines, _, *facts = rows
    assert machines == ["", "Debian 12", "Debian 13", "Debian sid"]
    return {name: cells for name, *cells in facts}


def test_this_machine_is_a_column_of_the_table_if_it_is_one_of_debian():
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    names = {"VERSION_CODENAME=bookworm": 0, "/sid": 2, "VERSION_CODENAME=trixie": 1}
    column = next((at for name, at in names.items() if name in release), None)
    if column is None:
        return
    facts = table()
    r = pyclass_bridge.r("paste(R.version$major, R.version$minor, sep = '.')")
    assert ".".join(r.split(".")[:2]) == facts["R"][column]
    if sys.base_prefix == "/usr":  # the Python of the distribution
        assert ".".join(platform.python_version_tuple()[:2]) == facts["Python"][column]


def test_the_table_has_the_range_that_is_said_at_the_start():
    versions = sorted(tuple(map(int, version.split("."))) for version in table()["R"])
    assert (versions[0], versions[-1]) == r_versions.TESTED_R


def test_each_python_of_the_table_is_a_classifier():
    project = (ROOT / "pyproject.toml").read_text()
    for version in table()["Python"]:
        assert f'"Programming Language :: Python :: {version}"' in project


def test_the_continuous_integration_runs_on_the_machines_of_the_table():
    assert "make matrix" in (ROOT / ".ci" / "run").read_text()
    assert "echo trixie) sid}" in (ROOT / "tools" / "matrix.sh").read_text()
