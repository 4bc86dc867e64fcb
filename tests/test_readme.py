"""The README's R and Python code runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


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


def test_python_example(tmp_path):
    [definition], [code] = blocks("r"), blocks("python")
    (tmp_path / "callbacks.R").write_text(definition.partition("\nmodel <-")[0])
    (tmp_path / "train.py").write_text(code)
    out = run(["train.py"], tmp_path)
    assert "class StopBelow(keras.src.callbacks.callback.Callback)" in out
    assert "Epoch 1/100" in out and "Epoch 100/100" not in out
