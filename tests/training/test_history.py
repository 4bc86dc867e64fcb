"""The history of a training in R: printed, as a data frame, with validation in some epochs."""

from __future__ import annotations

from support.r_models import DENSE, X, Y, from_r

HISTORY = """
  h <- pyclassbridge:::training_history(list(
    params = list(verbose = 0L, epochs = 5L, steps = 3L),
    metrics = list(loss = list(3, 2, 1.5), val_loss = list(4, 3, 2.5), acc = list(0.1, 0.5, 0.6)),
    epoch = list(1L, 2L, 3L)
  ))
"""


def test_a_history_prints(capsys):
    from_r(HISTORY + "print(h)")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Training history of 3 epochs (stopped after epoch 3 of 5)"
    assert [line.split() for line in lines[1:]] == [
        ["loss:", "1.5"], ["val_loss:", "2.5"], ["acc:", "0.6"]
    ]  # fmt: skip


def test_a_history_is_a_data_frame():
    ours = from_r(HISTORY + "d <- as.data.frame(h); lapply(d, function(x) as.list(as.vector(x)))")
    assert ours["epoch"] == [1, 2, 3] * 3
    assert ours["value"] == [3, 2, 1.5, 4, 3, 2.5, 0.1, 0.5, 0.6]
    assert ours["metric"] == ["loss"] * 6 + ["acc"] * 3
    assert ours["data"] == ["training"] * 3 + ["validation"] * 3 + ["training"] * 3


def test_validation_in_some_epochs_only(keras):
    ours = from_r(
        DENSE
        + """
        h <- fit(model, x, y, epochs = 4, validation_data = list(x, y), validation_freq = 2,
                 verbose = 0)
        d <- as.data.frame(h)
        d$epoch[d$data == "validation" & d$metric == "loss"]
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == [2, 4]
