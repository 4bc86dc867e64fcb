"""Keras' own callbacks made and used from R, against the same ones from Python: the same seed, so
equal histories, weights and files.

Of: surface/wrapper.py.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from support.r_models import from_r
from support.twin import Run, backend, data, dense_model, train

X, Y = data()


@dataclass
class Case:
    """A callback in R and in Python (`k` is `keras.callbacks`), both writing into `out`."""

    in_r: str
    in_python: object
    compiling: dict = field(default_factory=dict)
    epochs: int = 4


CASES = {
    "early stopping": Case(
        'callback_early_stopping("loss", min_delta = 0.25, patience = 1, baseline = 9,'
        " restore_best_weights = TRUE, start_from_epoch = 1)",
        lambda k, out: k.EarlyStopping(
            "loss", min_delta=0.25, patience=1, baseline=9, restore_best_weights=True,
            start_from_epoch=1,
        ),
        epochs=8,
    ),
    "checkpoint of each epoch": Case(
        'callback_model_checkpoint(file.path(out, "{epoch:02d}-{val_loss:.4f}.keras"))',
        lambda k, out: k.ModelCheckpoint(out / "{epoch:02d}-{val_loss:.4f}.keras"),
        epochs=2,
    ),
    "checkpoint of some batches": Case(
        'callback_model_checkpoint(file.path(out, "{epoch}-{batch}.weights.h5"),'
        " save_weights_only = TRUE, save_freq = 2)",
        lambda k, out: k.ModelCheckpoint(
            out / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=2
        ),
        epochs=2,
    ),
    "checkpoint of the best": Case(
        'callback_model_checkpoint(file.path(out, "best-{epoch}.weights.h5"),'
        " save_best_only = TRUE, save_weights_only = TRUE, initial_value_threshold = 4)",
        lambda k, out: k.ModelCheckpoint(
            out / "best-{epoch}.weights.h5", save_best_only=True, save_weights_only=True,
            initial_value_threshold=4,
        ),
    ),
    "csv": Case(
        'callback_csv_logger(file.path(out, "log.csv"), separator = ";")',
        lambda k, out: k.CSVLogger(out / "log.csv", separator=";"),
    ),
    "schedule": Case(
        "callback_learning_rate_scheduler(function(epoch, lr) if (epoch < 2) lr else lr / 2)",
        lambda k, out: k.LearningRateScheduler(lambda epoch, lr: lr if epoch < 2 else lr / 2),
    ),
    "plateau": Case(
        'callback_reduce_lr_on_plateau("loss", factor = 0.5, patience = 1, min_delta = 0.3,'
        " cooldown = 1, min_lr = 0.001)",
        lambda k, out: k.ReduceLROnPlateau(
            "loss", factor=0.5, patience=1, min_delta=0.3, cooldown=1, min_lr=0.001
        ),
        epochs=7,
    ),
    "averages": Case(
        "callback_swap_ema_weights(swap_on_epoch = TRUE)",
        lambda k, out: k.SwapEMAWeights(swap_on_epoch=True),
        {"optimizer": {"class_name": "SGD", "config": {"use_ema": True, "ema_momentum": 0.7}}},
    ),
}  # fmt: skip

FIT = """
fit(model, x, y, batch_size = 16, epochs = epochs, shuffle = FALSE, verbose = 0,
    validation_data = list(x[1:16, ], y[1:16, , drop = FALSE]), callbacks = CALLBACKS)$metrics
"""


def run_in_r(callbacks: str, model=None, epochs=4, **variables) -> Run:
    """A training by R's fit() with callbacks that R code makes."""
    model = model or dense_model()
    code = FIT.replace("CALLBACKS", callbacks)
    history = from_r(code, model=model, x=X, y=Y, epochs=epochs, **variables)
    history = {name: v if isinstance(v, list) else [v] for name, v in history.items()}
    return Run(history, model.get_weights(), model=model)


def run_in_python(callbacks: list, model=None, **fitting) -> Run:
    return train(callbacks, model=model, validation_data=(X[:16], Y[:16]), **fitting)


def files(directory: Path) -> dict:
    """What is in the files: text, or the weights that the model has from them."""
    model = dense_model()

    def content(file):
        if file.suffix == ".csv":
            return file.read_text()
        if file.suffix == ".h5":
            model.load_weights(file)
            weights = model.get_weights()
        else:
            import keras

            weights = keras.models.load_model(file).get_weights()
        return [weight.tolist() for weight in weights]

    return {file.name: content(file) for file in sorted(directory.iterdir())}


@pytest.mark.parametrize("name", CASES)
def test_equals_its_python_twin(name, keras, tmp_path):
    case = CASES[name]

    def model():
        compiling = dict(case.compiling)
        if "optimizer" in compiling:
            compiling["optimizer"] = keras.optimizers.get(compiling["optimizer"])
        return dense_model(**compiling)

    outs = tmp_path / "r", tmp_path / "python"
    for out in outs:
        out.mkdir()
    from_r_code = run_in_r(case.in_r, model(), case.epochs, out=str(outs[0]))
    callback = case.in_python(keras.callbacks, outs[1])
    from_python = run_in_python([callback], model(), epochs=case.epochs)
    assert from_r_code == from_python
    assert files(outs[0]) == files(outs[1])
    # The callback has had an effect, so the twins are compared in more than a plain training.
    plain = run_in_python([], model(), epochs=case.epochs)
    assert from_python != plain or any(files(outs[1]))


def test_numbers_keep_their_kind(r, keras):
    stopping = r("callback_early_stopping(min_delta = 0.01, patience = 3, baseline = 2)")
    assert (stopping.min_delta, stopping.patience, stopping.baseline) == (0.01, 3, 2.0)
    assert type(stopping.patience) is int and type(stopping.min_delta) is float
    plateau = r("callback_reduce_lr_on_plateau(factor = 0.25, min_delta = 0.02, min_lr = 1e-5)")
    assert (plateau.factor, plateau.min_delta, plateau.min_lr) == (0.25, 0.02, 1e-5)
    board = r("callback_tensorboard(tempdir(), histogram_freq = 2, update_freq = 10)")
    assert type(board.histogram_freq) is int and type(board.update_freq) is int


# ---- bases ---------------------------------------------------------------------------------------


def test_a_schedule_counts_epochs_from_0_as_its_page_says(keras, capsys):
    from_r("seen <- c()")
    schedule = "function(epoch, lr) { seen <<- c(seen, epoch); lr }"
    run_in_r(f"callback_learning_rate_scheduler({schedule})", epochs=2)
    assert from_r("seen") == [0, 1]
    from_r("help(callback_learning_rate_scheduler)")
    assert "indexed from 0" in " ".join(capsys.readouterr().out.split())


def test_a_log_goes_on_with_append(keras, tmp_path):
    callback = 'callback_csv_logger(file.path(out, "log.csv"), append = TRUE)'
    for _ in range(2):
        run_in_r(callback, epochs=2, out=str(tmp_path))
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["epoch", "0", "1", "0", "1"]


# ---- what ends or goes on ------------------------------------------------------------------------


def test_a_backup_goes_on_where_the_training_broke_off(keras, tmp_path):
    def interrupted(run):
        with contextlib.suppress(Exception):
            run()

    backup = 'callback_backup_and_restore(out, save_freq = "epoch")'
    fail = 'callback_lambda(on_epoch_end = function(epoch, logs) if (epoch == 3) stop("power"))'
    outs = [str(tmp_path / "r"), str(tmp_path / "python")]
    interrupted(lambda: run_in_r(f"list({backup}, {fail})", out=outs[0]))
    assert Path(outs[0]).exists()
    resumed = run_in_r(backup, out=outs[0])

    class Fail(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power")

    interrupted(lambda: run_in_python([keras.callbacks.BackupAndRestore(outs[1]), Fail()]))
    twin = run_in_python([keras.callbacks.BackupAndRestore(outs[1])], epochs=4)
    assert resumed == twin
    assert len(resumed.history["loss"]) < 4
    assert not Path(outs[0]).exists()


def test_a_loss_that_is_no_number_ends_the_training(keras, r):
    code = """
    model <- keras_model_sequential(input_shape = 3) |> layer_dense(1)
    compile(model, "sgd", "mse")
    x[20, 1] <- NaN
    fit(model, x, y, batch_size = 16, epochs = 3, shuffle = FALSE, verbose = 0,
        callbacks = callback_terminate_on_nan())$epoch
    """
    assert from_r(code, x=X, y=Y) == 1


# ---- what is sent and drawn ----------------------------------------------------------------------


@contextlib.contextmanager
def listening():
    """A local server; the list of what it was sent: the path, the type, the body."""
    sent = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent.append((self.path, self.headers["Content-Type"], self.headers.get("X-Who"), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_monitor_elsewhere_is_sent_the_same(as_json, keras):
    pytest.importorskip("requests", reason="Keras sends with requests")
    flag = str(as_json).upper()
    with listening() as (root, sent):
        run_in_r(
            'callback_remote_monitor(root, path = "/in/", field = "numbers",'
            f' headers = list(`X-Who` = "R"), send_as_json = {flag})',
            epochs=2, root=root,
        )  # fmt: skip
        from_r_code = list(sent)
        sent.clear()
        run_in_python(
            [keras.callbacks.RemoteMonitor(root, "/in/", "numbers", {"X-Who": "R"}, as_json)],
            epochs=2,
        )
    assert from_r_code == sent
    body = sent[1][3]
    told = json.loads(body if as_json else parse_qs(body)["numbers"][0])
    assert (sent[1][0], sent[1][2], told["epoch"]) == ("/in/", "R", 1)


@pytest.mark.skipif(backend() != "tensorflow", reason="the board is TensorFlow's own")
def test_a_board_has_event_files_with_the_losses(keras, tmp_path):
    from tensorflow import make_ndarray
    from tensorflow.python.summary.summary_iterator import summary_iterator

    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    run = run_in_r(
        'callback_tensorboard(out, histogram_freq = 1, update_freq = "epoch")',
        epochs=2, out=str(tmp_path),
    )  # fmt: skip
    for part, name in [("train", "loss"), ("validation", "val_loss")]:
        [file] = (tmp_path / part).glob("events.out.tfevents.*")
        values = [
            float(make_ndarray(value.tensor))
            for event in summary_iterator(str(file))
            for value in event.summary.value
            if value.tag == "epoch_loss"
        ]
        assert np.allclose(values, run.history[name])


@pytest.mark.skipif(backend() != "tensorflow", reason="the board is TensorFlow's own")
def test_a_board_without_tensorboard_names_the_remedy(keras, monkeypatch, tmp_path):
    for name in [n for n in sys.modules if n.partition(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    fit = FIT.replace("CALLBACKS", "callback_tensorboard(out)")
    told = from_r(
        f"tryCatch({fit}, error = conditionMessage)",
        model=dense_model(), x=X, y=Y, epochs=1, out=str(tmp_path),
    )  # fmt: skip
    assert told == (
        "TBNotInstalledError: TensorBoard is not installed: `pip install tensorboard`, or leave "
        "callback_tensorboard() out."
    )
