"""The examples R users know, from the callbacks guide and the `Metric()` reference, run through the
command line as they stand (tests/seeds), and print what they should."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from support.paths import SEEDS


def run(name: str, tmp_path: Path) -> str:
    script = tmp_path / f"{name}.R"
    script.write_text((SEEDS / "prelude.R").read_text() + (SEEDS / f"{name}.R").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", str(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout


def test_callbacks_guide(tmp_path):
    out = run("callbacks_guide", tmp_path)
    # The raw form counts from 0, and each hook of fit, evaluate and predict has run.
    assert "Start epoch 0 of training" in out and "Start epoch 2 of training" not in out
    for text in ("Starting training", "Stop training", "Start testing", "Start predicting"):
        assert text in out
    assert "...Training: end of batch 0; got logs: List of 2" in out
    assert " $ mean_absolute_error: num" in out
    stopped = int(re.search(r"Epoch (\d{5}): early stopping", out).group(1))
    assert 1 < stopped <= 30
    assert "Restoring model weights from the end of the best epoch." in out
    rates = re.findall(r"Epoch (\d{5}): Learning rate is ([0-9.]+)\.", out)
    assert len(rates) == 15 and rates[0] == ("00000", "0.1000") and rates[-1][0] == "00014"


def test_metric_reference(tmp_path):
    out = run("metric_reference", tmp_path)
    assert len(re.findall(r"Final epoch result:  [0-9.]+", out)) == 2
    assert "binary_true_positives" in out
    both = re.search(r"^both: (.*)$", out, re.MULTILINE).group(1).split()
    assert {"mean_absolute_error", "binary_true_positives"} <= set(both)
