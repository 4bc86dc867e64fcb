"""Keras' progress where R users see it: a terminal, a log, a sink, knitr, a notebook.

Of: bridge/output.py, R/training_fit.R.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from base64 import b64decode

import pytest
from support.notebooks import run_notebook
from support.r_host import run_rscript
from support.terminals import MODEL, RUN, assert_lines, in_terminal, screen

from pyclass_bridge.bridge import output

SCRIPT = (
    MODEL
    + """\
cat("before\\n")
model |> fit(x, y, epochs = 2)
cat("between\\n")
invisible(evaluate(model, x, y))
invisible(predict(model, x))
print("after")
"""
)
NUMBER = r"[\d.e+-]+"
SCORES = rf"loss: {NUMBER} - mae: {NUMBER}"
LINE = r"32/32 - \d+s - \d+[mu]?s/step"
PLAIN = [
    "before", "Epoch 1/2", f"{LINE} - {SCORES}", "Epoch 2/2", f"{LINE} - {SCORES}", "between",
    f"{LINE} - {SCORES}", LINE, r'\[1\] "after"',
]  # fmt: skip


@pytest.fixture
def script(tmp_path):
    def write(text, name="x.R"):
        (tmp_path / name).write_text(text)
        return name

    return write


def run(words, cwd, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "CUDA_"))}
    return subprocess.run(
        [*RUN, *words], capture_output=True, text=True, encoding="utf-8", cwd=cwd, timeout=180,
        env={**kept, **environment},
    )  # fmt: skip


# ---- a log, a terminal -------------------------------------------------------------------------


def test_a_log_has_a_line_for_each_epoch(script, tmp_path):
    done = run([script(SCRIPT)], tmp_path)
    assert_lines(done.stdout, PLAIN)
    # TensorFlow says nothing of a GPU where no driver for one is loaded.
    from pyclass_bridge.start import quiet

    if not any(map(os.path.exists, quiet.NVIDIA_DRIVERS)):
        assert done.stderr == ""


def test_the_level_of_tensorflows_messages_is_the_users(script, tmp_path):
    code = "cat(Sys.getenv('TF_CPP_MIN_LOG_LEVEL'), '\\n')"
    assert run([script(code)], tmp_path, TF_CPP_MIN_LOG_LEVEL="0").stdout == "0 \n"


HOOKS = (
    MODEL
    + """\
told <- callback_lambda(
  on_predict_begin = function(logs) cat("begin\\n"), on_predict_end = function(logs) cat("end\\n"),
  on_test_end = function(logs) cat("tested\\n")
)
for (verbose in 0:2) {
  invisible(predict(model, x, verbose = verbose, callbacks = told))
  invisible(evaluate(model, x, y, verbose = verbose, callbacks = told))
}
"""
)
BAR = r"32/32 ━+ \d+s \d+[mu]?s/step"
SHOWN = [
    "begin", "end", "tested", "begin", "end", BAR, "tested", f"{BAR} - {SCORES}", "begin", "end",
    LINE, "tested", f"{LINE} - {SCORES}",
]  # fmt: skip


def test_hooks_print_before_keras_line(script, tmp_path):
    assert_lines(screen(in_terminal([script(HOOKS)], tmp_path)), SHOWN)
    printed = run([script(HOOKS)], tmp_path).stdout.splitlines()
    assert [line for line in printed if re.fullmatch("[a-z]+", line)] == [
        line for line in SHOWN if line.isalpha()
    ]


def test_a_terminal_has_a_bar_that_is_drawn_in_place(script, tmp_path):
    seen = in_terminal([script(SCRIPT)], tmp_path)
    assert "\r" in seen and "\b" in seen
    bar = r"32/32 ━+ \d+s \d+[mu]?s/step"
    scored = f"{bar} - {SCORES}"
    patterns = ["before", "Epoch 1/2", scored, "Epoch 2/2", scored, "between", scored, bar]
    assert_lines(screen(seen), [*patterns, r'\[1\] "after"'])


def test_a_terminal_shows_at_once_what_r_prints(monkeypatch, r):
    flushed = []

    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def flush(self):
            flushed.append(self.getvalue())

    monkeypatch.setattr(sys, "stdout", Terminal())
    r("cat('working ... ')")
    assert flushed == ["working ... "]
    assert output.redraws_lines()


# ---- R's sinks ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    import pyclass_bridge

    pyclass_bridge.r(MODEL)
    return pyclass_bridge.r


def test_capture_output_has_what_keras_prints(model, capsys):
    lines = model("capture.output(fit(model, x, y, epochs = 2), evaluate(model, x, y))")
    assert_lines("\n".join(lines[:4]), [*PLAIN[1:5]])
    assert re.fullmatch(PLAIN[6], lines[4])
    assert_lines("\n".join(model("as.list(capture.output(p <- predict(model, x)))")), [LINE])
    assert capsys.readouterr().out == ""
    before = sys.stdout
    model("try(capture.output(fit(model, x, y[1:3])), silent = TRUE)")
    assert sys.stdout is before


def test_a_bar_in_a_sink_is_its_last_state(model):
    lines = model("as.list(capture.output(fit(model, x, y, epochs = 1, verbose = 1)))")
    assert_lines("\n".join(lines), [rf"32/32 ━+ \d+s \d+[mu]?s/step - {SCORES}"])


def test_a_sink_that_splits_has_hooks_and_progress_once(model, capsys, tmp_path):
    model(
        """
        sink(file, split = TRUE)
        tell <- callback_lambda(on_epoch_end = function(epoch, logs) cat("hook", epoch, "\\n"))
        fit(model, x, y, epochs = 1, callbacks = tell)
        sink()
        """,
        file=str(tmp_path / "log.txt"),
    )
    seen = capsys.readouterr().out
    assert_lines(seen, ["hook 1", PLAIN[2]])
    assert (tmp_path / "log.txt").read_text() == seen


def test_verbosity_is_the_users(model, capsys):
    model("fit(model, x, y, epochs = 1, verbose = 0)")
    assert capsys.readouterr().out == ""
    model("withr <- options(keras.fit_verbose = 0, keras.predict_verbose = 0)")
    model("fit(model, x, y, epochs = 1); p <- predict(model, x); options(withr)")
    assert capsys.readouterr().out == ""
    model("fit(model, x, y, epochs = 1, verbose = 1)")
    assert "\b" in capsys.readouterr().out


def test_a_live_view_is_taken_without_effect(model, capsys):
    before = model("dev.list()")
    model("fit(model, x, y, epochs = 1, verbose = 0, view_metrics = TRUE)")
    assert model("dev.list()") == before


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (["Epoch 1/2\n"], "Epoch 1/2\n"),
        (["no ", "end"], "no end"),
        (["\r1/2", "\b\b\b\r2/2", "\n"], "2/2\n"),
        (["\x1b[1m1/2\x1b[0m\n\rnext"], "1/2\nnext"),
        (["first\r", "last"], "last"),
    ],
)
def test_of_a_line_drawn_over_the_last_state_is_written(parts, written):
    texts = []
    state = output.begin_sink(texts.append)
    for part in parts:
        print(part, end="")
    output.end_sink(state)
    assert "".join(texts) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "Epoch 1/2\n5/5 - loss: 1\nEpoch 2/2\n5/5\n",
            "Epoch 1/2 - 5/5 - loss: 1\nEpoch 2/2 - 5/5\n",
        ),
        ("Epoch 1\nsaid\n", "Epoch 1 - said\n"),
        ("Epoch 1/2\n", "Epoch 1/2 - \n"),
        ("Epoch 1/2 of mine\nsaid\n", "Epoch 1/2 of mine\nsaid\n"),
    ],
)
def test_an_epoch_is_one_line_of_a_document(text, written):
    texts = []
    state = output.begin_sink(texts.append, True)
    print(text, end="")
    output.end_sink(state)
    assert "".join(texts) == written


# ---- documents ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["python", "r"])
def test_knitr_has_a_line_for_each_epoch_and_the_picture(r, script, tmp_path, host):
    if not r("nzchar(system.file(package = 'knitr'))"):
        pytest.skip("knitr is not installed")
    chunk = f"```{{r}}\n{MODEL}history <- model |> fit(x, y, epochs = 2)\nplot(history)\n```\n"
    script(chunk, "doc.Rmd")
    code = "invisible(knitr::knit('doc.Rmd', quiet = TRUE))"
    done = run_rscript(code, cwd=tmp_path) if host == "r" else run([script(code)], tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "doc.md").read_text()
    assert not re.search(r"[\r\b\x1b]", text)
    lines = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert_lines("\n".join(lines), [f"Epoch {epoch}/2 - {LINE} - {SCORES}" for epoch in (1, 2)])
    [picture] = re.findall(r"!\[.*\]\((.*)\)", text)
    assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


def test_a_notebook_has_a_bar_for_each_epoch(tmp_path):
    [cell] = run_notebook(tmp_path, f"import pyclass_bridge\npyclass_bridge.r('''{SCRIPT}''');")
    [shown] = [part.text for part in cell.outputs if part.get("name") == "stdout"]
    bar = rf"32/32 ━+ \d+s \d+[mu]?s/step - {SCORES}"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    lines = plain.splitlines()
    assert_lines("\n".join(lines[:5]), ["before", "Epoch 1/2", bar, "Epoch 2/2", bar])
    assert "\b" not in plain and "\r" not in plain


def test_a_notebook_has_the_pictures_of_a_cell(tmp_path):
    cells = run_notebook(
        tmp_path,
        f"import pyclass_bridge\npyclass_bridge.r('''{MODEL}''');",
        "pyclass_bridge.r('h <- fit(model, x, y, epochs = 2, verbose = 0); plot(h)')",
        "pyclass_bridge.r('plot(h, method = \"base\"); plot(model)');",
        "pyclass_bridge.r('pdf(\"own.pdf\"); plot(1)');",
        "pyclass_bridge.r('invisible(dev.off()); 5')",
    )

    def pictures(cell):
        shown = [part.get("data", {}) for part in cell.outputs]
        return [data["image/png"] for data in shown if "image/png" in data]

    assert [len(pictures(cell)) for cell in cells] == [0, 1, 2, 0, 0]
    assert all(b64decode(data).startswith(b"\x89PNG") for data in pictures(cells[2]))
    assert (tmp_path / "own.pdf").exists() and not (tmp_path / "Rplots.pdf").exists()
