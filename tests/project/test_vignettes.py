"""The vignettes' R code runs, as a reader would run it: through the command line. The one about
hosts is knitted, too, in either."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from support.paths import ROOT
from support.r_host import LOAD, run_rscript

VIGNETTES = ROOT / "vignettes"


def code_of(vignette: Path, target: Path) -> Path:
    """The R code of a vignette, taken out by knitr."""
    subprocess.run(
        ["Rscript", "-e", "knitr::purl(commandArgs(TRUE)[1], commandArgs(TRUE)[2], quiet = TRUE)",
         str(vignette), str(target)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return target


@pytest.mark.parametrize("name", sorted(p.stem for p in VIGNETTES.glob("*.Rmd")))
def test_vignette_runs(name, tmp_path):
    script = code_of(VIGNETTES / f"{name}.Rmd", tmp_path / f"{name}.R")
    done = subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", str(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=600,
        env={k: v for k, v in os.environ.items() if k != "R_LIBS"},  # of stand-ins of other tests
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    for expected in EXPECTED[name]:
        assert expected in said
    for package, texts in OPTIONAL.get(name, {}).items():
        assert not is_installed(package) or [t for t in texts if t not in said] == []


# What `hosts` shows where its chunks of Python run, too.
KNITTED = [
    "## of 3\n",
    "## 12.0\n",
    "## [1] 120\n",
    "## Error: ZeroDivisionError: division by zero (line 2 of the chunk)",
]


@pytest.mark.parametrize("host", ["Python", "R"])
def test_vignette_hosts_is_knitted_in_either_host(host, tmp_path):
    code = f"knitr::knit({str(VIGNETTES / 'hosts.Rmd')!r}, 'hosts.md', quiet = TRUE)\n"
    if host == "R":
        done = run_rscript(code, cwd=tmp_path)
    else:
        (tmp_path / "knit.R").write_text(LOAD + code)
        words = [sys.executable, "-m", "pyclass_bridge", "run", "knit.R"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "hosts.md").read_text()
    for expected in EXPECTED["hosts"] + KNITTED:
        assert expected in text


def is_installed(package: str) -> bool:
    with contextlib.suppress(PackageNotFoundError):
        return bool(version(package))
    return False


EXPECTED = {
    "callbacks": [
        "Did you mean `on_epoch_end`?",
        "epoch  2: loss",
        "epochs run:",
        "stopped after epoch",
        "caught: the loss falls too slowly",
    ],
    "events": [
        "epoch 3: loss",
        "the event has only `model`, `logs`",
        "did you mean `on_epoch_begin`?",
        "epochs run:",
        "written: checkpoint.keras",
        "closing the log\ncaught: the sensor is gone",
        "epochs timed: 2",
    ],
    "frameworks": [
        "together: TRUE",
        "Call it: write `()` after its name.",
        "[1] TRUE",
        "2 cups are ready, please",
        "caught: there is no water",
        "`initialize` can't be async",
        "`boil` is async in its base",
    ],
    "hosts": [
        "caught: `by` must not be negative",
        '[1] "total"',
        "are pyclassbridge;",
        '[1] "keras3"     "keras"      "reticulate" "tensorflow" "tfdatasets"',
        "stand_ins(): removed keras3",
    ],
    "imports": [
        "[1] 0.025",
        '[1] "my_callbacks"',
        '[1] "Callbacks of the team."',
        "rate <- function(epoch, first = 0.1) {\n",
        "[1] 3\n",
    ],
    "keras": [
        "[1] 32  4",
        "Total params: 131",
        "the column `Species` of the data frame is",
        "`units` takes whole numbers, not 2.5.",
        "step 3 loss",
        "did you mean `activation`?",
        "there is no such file",
    ],
    "notebooks": ["[1] 25"],  # its cells run in tests/shell/test_magics.py
    "travel": [
        "[1] 12\n",
        "[1] 14\n",
        "class `Reader`, member `lines` reaches `con`: a connection",
    ],
    "plain_r": [
        "val_auc_of_keras",
        " $ specificity: num",
        "loss `pinball`: the gradient is wrong for 50 of 50 numbers; for row 3 it is 0.9, and by "
        "differences -0.9.",
        "plain_r",
        " $ worst: num",
        "metric `half`, batch 1: too fast",
        "the function of the metric `half` must take `y_true` and `y_pred`",
        "[1] TRUE",
    ],
    "projects": ["A counter\n\nArgs:\n    from_: Integer, the first number."],
    "resume": [
        '[1] "data.frame"',
        "caught: the power is gone",
        "[1] 1 2 3 4 5 6 7 8",
        "equal: TRUE",
        "`epochs` was 8 there",
    ],
    "scaling": [
        "equal: TRUE",
        "caught: odd: ",
        "best alpha: 0.1",
        "COMPLETE   PRUNED",
        "epochs logged: 4",
    ],
    "stages": [
        '<CallbackSetPlateau "plateau">',
        "* Stages: on_begin, on_valid_end, on_end",
        "of 100 epochs",
        "did you mean `terminate`?",
        "Did you mean `on_epoch_end`?",
        "bias: 0",
        "closed after epoch 3",
        "caught: far enough",
        "plateau TerminateOnNaN tell again",
        "bye",
        "[1] 8 8 0",
    ],
    "values": [
        "| integer, length 1 | int | yes |",
        "| int of 32 bits | integer | yes |",
        "| pandas.DataFrame | data.frame |",
        "[1] low  high",
        "2       b NA",
    ],
    "metrics": ["[1] 2", "[1] 0", "true_positives", "symbolic", "highest"],
}

# Of the parts that run where a package is installed.
OPTIONAL = {
    "scaling": {
        "distributed": ["slope: "],
        "ray": ["best rate: ", "checkpoint: model.keras"],
    },
    "frameworks": {
        "synalinks": [
            "'answer': 'Paris'",
            "[epoch 02] long_answers=1.000 reward=0.500",
            "val_long_answers val_reward",
            "Name the capital.",
        ]
    },
}
