"""knitr's options of Python chunks, and documents of rmarkdown, in either host.

Of: for_r/chunks.py, R/for_r_chunks.R.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from support.r_host import environment


def has(package: str) -> bool:
    code = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
    return subprocess.run(["Rscript", "-e", code]).returncode == 0


pytestmark = pytest.mark.skipif(not has("knitr"), reason="knitr is not installed")
RUN = {"python": [sys.executable, "-m", "pyclass_bridge", "run"], "r": ["Rscript"]}


@pytest.fixture(params=RUN)
def run(request, tmp_path):
    """Run an R script beside the document in a process of either host."""

    def run(document: str, script: str = "knitr::knit('doc.Rmd')", written: str = "doc.md") -> str:
        (tmp_path / "doc.Rmd").write_text(document)
        (tmp_path / "doc.R").write_text(f"library(pyclassbridge)\n{script}\n")
        done = subprocess.run(
            [*RUN[request.param], "doc.R"],
            cwd=tmp_path,
            env=environment(KERAS_BACKEND="numpy"),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return (tmp_path / written).read_text()

    return run


def chunk(code: str, options: str = "", engine: str = "python") -> str:
    return f"```{{{engine}{options}}}\n{code}\n```\n\n"


def blocks(text: str) -> list[str]:
    """What stands in the code blocks of a document."""
    return [block.strip("\n") for block in re.findall(r"``` ?\w*\n(.*?)```", text, re.S)]


def test_options_for_text(run):
    code = "print('a')\nprint('b')"
    text = run(
        chunk(code, ", results='hold'")
        + chunk(code, ", comment='#>'")
        + chunk(code, ", collapse=TRUE")
        + chunk("kept = 1\nprint('never seen')", ", include=FALSE")
        + chunk("print(kept)", ", echo=FALSE")
        + chunk("print('raw *text*')", ", results='asis', echo=FALSE")
    )
    found = blocks(text)
    assert found[0] == code and found[1].split() == ["##", "a", "##", "b"]
    assert "#> a" in found and "#> b" in found
    assert "print('a')\n## a\nprint('b')\n## b" in found
    assert "never seen" not in text
    assert found[-1] == "## 1"
    assert "\nraw *text*\n" in text


def test_a_data_frame_is_printed(run):
    pytest.importorskip("pandas")
    text = run(chunk("import pandas as pd\npd.DataFrame({'x': [1, 2], 'y': ['a', 'b']})"))
    assert blocks(text)[-1].splitlines() == ["##    x  y", "## 0  1  a", "## 1  2  b"]


def test_a_figure_has_its_size_and_caption(run, tmp_path):
    pytest.importorskip("matplotlib")
    code = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2, 3])"
    text = run(chunk(code, ", fig.width=3, fig.height=2, dpi=50, fig.cap='The line'"))
    assert len(re.findall(r"!\[.*The line.*\]|<img .*The line", text)) == 1
    [figure] = (tmp_path / "figure").glob("*.png")
    data = figure.read_bytes()
    assert [int.from_bytes(data[i : i + 4], "big") for i in (16, 20)] == [150, 100]


@pytest.mark.skipif(not has("rmarkdown"), reason="the R package rmarkdown is not installed")
def test_rmarkdown_renders_both_languages(run):
    document = (
        "---\ntitle: Both\noutput: html_document\n---\n\n"
        + chunk("library(pyclassbridge)\nx <- 20", ", include=FALSE", engine="r")
        + chunk("y = r.x + 1\nprint('from Python', y)")
        + chunk("A %py_class% { m <- function() self$n * 2 }\na <- A()\na$n <- py$y", engine="r")
        + "The answer is `r a$m()`.\n"
    )
    html = run(document, "rmarkdown::render('doc.Rmd', quiet = TRUE)", "doc.html")
    assert "from Python 21.0" in html
    assert "The answer is 42." in html
