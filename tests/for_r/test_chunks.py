"""Python chunks of knitr documents, where Python hosts R and where R hosts Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from support.paths import ROOT
from support.r_host import r_library

HAS_KNITR = (
    shutil.which("Rscript")
    and not subprocess.run(
        ["Rscript", "-e", "quit(status = !requireNamespace('knitr', quietly = TRUE))"]
    ).returncode
)
pytestmark = pytest.mark.skipif(not HAS_KNITR, reason="knitr is not installed")


@pytest.fixture(params=["python", "r"])
def knit(request, tmp_path):
    """Knits chunks in a process of either host: the process and the document."""

    def run(document):
        (tmp_path / "doc.Rmd").write_text(document)
        (tmp_path / "doc.R").write_text("library(pyclassbridge)\nknitr::knit('doc.Rmd')\n")
        env = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "numpy"}
        command = [sys.executable, "-m", "pyclass_bridge", "run", "doc.R"]
        if request.param == "r":
            env["PYCLASS_BRIDGE_PYTHON"] = sys.executable
            env["R_LIBS"] = str(r_library())
            command = ["Rscript", "doc.R"]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        path = tmp_path / "doc.md"
        text = path.read_text() if path.exists() else ""
        return done, text.replace("``` python", "```python")  # knitr since 1.46

    return run


def chunk(code, options="", engine="python"):
    return f"```{{{engine}{options}}}\n{code}\n```\n\n"


def test_output_values_variables_and_warnings(knit):
    done, text = knit(
        chunk("size <- 4", engine="r")
        + chunk("r.area = r.size ** 2\nn = 6\nprint('said')\nn * 7")
        + chunk("import warnings\nwarnings.warn('look out')")
        + chunk("area + py$n", engine="r")
        + "inline `r py$n`\n"
        + chunk("'quiet' + 'ly'", ", results='hide'")
        + chunk("'no' + 'source'", ", echo=FALSE")
        + chunk("1 / 0", ", eval=FALSE")
    )
    assert done.returncode == 0, done.stderr
    assert text.index("## said") < text.index("## 42") < text.index("UserWarning: look out")
    assert "## [1] 22" in text and "inline 6" in text
    assert "## 'quietly'" not in text
    assert "## 'nosource'" in text and "'no' +" not in text
    assert "ZeroDivisionError" not in text


def test_an_error_names_its_line_and_stops_or_goes_on(knit):
    code = "n = 1\n\nn / 0\nprint('after'); n"
    done, text = knit(chunk(code, ", error=TRUE"))
    assert done.returncode == 0, done.stderr
    assert "ZeroDivisionError: division by zero (line 3 of the chunk)" in text
    assert "## after\n## 1\n" in text or "## after\n```\n\n```\n## 1\n" in text
    done, _ = knit(chunk(code, ", error=FALSE"))
    assert done.returncode != 0
    assert "ZeroDivisionError: division by zero (line 3 of the chunk)" in done.stderr


def test_a_figure_is_shown_once(knit):
    pytest.importorskip("matplotlib")
    draw = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\n"
    done, text = knit(chunk(draw + "plt.show()") + chunk(draw) + chunk("plt.get_fignums()"))
    assert done.returncode == 0, done.stderr
    assert (
        "```python\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()\n```" in text
    )
    assert text.count(".png") == 2 and "## []" in text


def test_a_chunk_with_a_cache_is_run_without(knit):
    done, text = knit(chunk("6 * 7", " kept, cache=TRUE"))
    assert done.returncode == 0 and "## 42" in text
    assert "`cache = TRUE` can't keep Python objects" in done.stderr


def test_a_cached_chunk_of_r_warns_of_its_python_objects(knit):
    done, _ = knit(
        chunk("made <- import('math'); n <- 3", " one, cache=TRUE", "r")
        + chunk("held <- list(1, import('sys'))", " two, cache=TRUE", "r")
        + chunk("plain <- n + 1", " three, cache=TRUE", "r")
        + chunk("free <- import('math')", " four", "r")
    )
    assert done.returncode == 0, done.stderr
    assert "Chunk `one`: `cache = TRUE` can't keep Python objects: `made` will be" in done.stderr
    assert "Chunk `two`: `cache = TRUE` can't keep Python objects: `held` will be" in done.stderr
    assert "Chunk `three`" not in done.stderr and "Chunk `four`" not in done.stderr
