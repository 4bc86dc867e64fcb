"""callback_progress(): a line for each epoch, a bar where a line can be drawn over."""

from __future__ import annotations

import re
import sys

import pytest
from support import error_texts
from support.notebooks import run_notebook
from support.r_models import from_r
from support.terminals import MODEL, assert_lines, in_terminal, screen
from support.twin import data, dense_model

TIME = r"\d+(?:\.\d)?s"
FIT = "fit(model, x, y, epochs = 2, callbacks = callback_progress()"


def line(epoch: int, scores: str, epochs: int = 2) -> str:
    rest = f", ETA {TIME}" if epoch < epochs else ""
    return rf"Epoch {epoch}/{epochs}: {scores} \({TIME}{rest}\)"


def scores(*names: str) -> str:
    return ", ".join(rf"{name} [\d.e+-]+" for name in names)


@pytest.fixture(scope="module", autouse=True)
def model(keras):
    from_r(MODEL)


def test_a_log_has_a_line_for_each_epoch_and_keras_is_silent(capsys):
    from_r(f"{FIT}, validation_split = 0.5)")
    names = scores("loss", "mae", "val_loss", "val_mae")
    assert_lines(capsys.readouterr().out, [line(1, names), line(2, names)])


def test_a_sink_has_the_lines(capsys):
    lines = from_r(f"as.list(capture.output({FIT})))")
    assert_lines("\n".join(lines), [line(i, scores("loss", "mae")) for i in (1, 2)])
    assert capsys.readouterr().out == ""


def test_an_epoch_to_begin_with_and_digits(capsys):
    from_r("""
    fit(model, x, y, epochs = 10, initial_epoch = 9, callbacks = callback_progress(digits = 2))
    """)
    number = r"(?:\d\.\d|0\.0*\d{1,2}|\d{1,2}|\d(?:\.\d)?e-\d+)"
    named = f"loss {number}, mae {number}"
    patterns = [
        rf"Epoch  9/10: {named} \({TIME}, ETA {TIME}\)",
        rf"Epoch 10/10: {named} \({TIME}\)",
    ]
    assert_lines(capsys.readouterr().out, patterns)


def test_the_metrics_are_those_of_the_history(capsys):
    history = from_r(f"""
    h <- {FIT[:-1]}digits = 7), verbose = 0)
    lapply(h$metrics, format, digits = 7)
    """)
    for epoch, text in enumerate(capsys.readouterr().out.splitlines()):
        shown = dict(pair.split(" ") for pair in re.sub(r".*?: | \(.*", "", text).split(", "))
        assert shown.keys() == history.keys()
        assert all(float(shown[name]) == pytest.approx(float(history[name][epoch]), rel=1e-6)
                   for name in shown)  # fmt: skip


@pytest.mark.parametrize("verbose", [1, 2])
def test_beside_keras_own_progress_it_writes_lines(verbose, capsys):
    from_r(f"{FIT}, verbose = {verbose})")
    lines = screen(capsys.readouterr().out).splitlines()
    ours = [text for text in lines if re.fullmatch(line(1, scores("loss", "mae")), text)]
    assert len(ours) == 1
    assert any(text.startswith("32/32") for text in lines)


def test_a_fit_from_python(capsys):
    x, y = data()
    callback = from_r("callback_progress()")
    dense_model().fit(x, y, epochs=2, callbacks=[callback], verbose=0)
    assert_lines(capsys.readouterr().out, [line(i, scores("loss")) for i in (1, 2)])


# ---- a bar ---------------------------------------------------------------------------------------

SLOW = """
slow <- callback_lambda(on_train_batch_end = function(batch, logs) Sys.sleep(0.02))
fit(model, x, y, epochs = 2, callbacks = list(slow, callback_progress(STYLE)))
"""
BAR = rf"Epoch 2/2: \[=+ +\] +\d+% {scores('loss', 'mae')}, ETA {TIME}"


def test_a_bar_is_drawn_over_and_leaves_a_line(capsys):
    from_r(SLOW.replace("STYLE", '"bar"'))
    seen = capsys.readouterr().out
    assert_lines(screen(seen), [line(i, scores("loss", "mae")) for i in (1, 2)])
    states = [state.rstrip() for state in seen.rstrip("\n").split("\n")[-1].split("\r")]
    assert "Epoch 2/2: [                    ]   0%" in states
    percent = [int(s.partition("%")[0][-3:]) for s in states if re.fullmatch(BAR, s)]
    assert len(percent) >= 2 and percent == sorted(percent)


def test_a_bar_does_not_wrap(capsys):
    code = SLOW.replace("STYLE", '"bar"')
    from_r(f"old <- options(width = 40)\n{code}\noptions(old)")
    lines = capsys.readouterr().out.split("\n")
    drawn = [state for text in lines for state in text.split("\r")[:-1]]
    assert len(drawn) > 3 and max(map(len, drawn)) < 40


def test_how_many_batches_there_are_may_be_unknown(capsys):
    from_r("""
    batches <- function(n) {
      at <- 0
      function() {
        at <<- at + 1
        if (at <= n) list(x[1:8, ], matrix(y[1:8]))
      }
    }
    py_suppress_warnings(fit(model, batches(4), epochs = 1, callbacks = callback_progress("bar")))
    """)
    seen = capsys.readouterr().out
    assert "\rEpoch 1/1: no batches" in seen
    assert_lines(screen(seen), [line(1, scores("loss", "mae"), epochs=1)])


def test_a_terminal_has_a_bar(tmp_path):
    code = f"{MODEL}{SLOW.replace('STYLE', '')}"
    (tmp_path / "x.R").write_text(code)
    seen = in_terminal(["x.R"], tmp_path)
    assert seen.count("\r") > 4
    assert_lines(screen(seen), [line(i, scores("loss", "mae")) for i in (1, 2)])


def test_a_notebook_has_the_lines_and_the_picture_that_grows(tmp_path):
    [cell] = run_notebook(
        tmp_path,
        f"""import pyclass_bridge
pyclass_bridge.r('''{MODEL}
fit(model, x, y, epochs = 2, callbacks = list(callback_progress(), callback_plot()))
''');""",
    )
    [shown] = [part.text for part in cell.outputs if part.get("name") == "stdout"]
    assert_lines(screen(shown), [line(i, scores("loss", "mae")) for i in (1, 2)])
    # One picture, which has been drawn over.
    assert len([part for part in cell.outputs if "image/png" in part.get("data", {})]) == 1


def test_texts(r):
    mistakes = {
        "a style": 'callback_progress("baar")',
        "several styles": 'callback_progress(c("bar", "lines"))',
        "digits": "callback_progress(digits = 1.5)",
        "digits as text": 'callback_progress(digits = "4")',
    }
    texts = {
        name: r(f"tryCatch({{ {code}; 'no error' }}, error = conditionMessage)")
        for name, code in mistakes.items()
    }
    error_texts.check("progress_errors", texts)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (9.94, "9.9s"), (9.96, "10s"), (59.6, "1m 00s"), (3599.7, "1h 00m"),
     (7325, "2h 02m")],
)  # fmt: skip
def test_durations(r, seconds, text):
    assert r("pyclassbridge:::duration(seconds)", seconds=seconds) == text


def test_stdout_is_python_s_again():
    assert sys.stdout is not None and not hasattr(sys.stdout, "console")
