"""callback_mlflow() with a real local tracking store, read back through MLflow's client."""

from __future__ import annotations

import sys

import pytest
from support import error_texts
from support.r_models import DENSE, X, Y, from_r

import pyclass_bridge

mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed (the extra `mlflow`)")


@pytest.fixture(scope="module")
def store(keras, tmp_path_factory):
    """A store in a directory of its own, and the client that reads it."""
    patch = pytest.MonkeyPatch()
    directory = tmp_path_factory.mktemp("mlflow")
    patch.chdir(directory)
    patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    uri = f"sqlite:///{directory}/runs.db"
    mlflow.set_tracking_uri(uri)
    from_r(DENSE + "\nfit_with <- function(...) fit(model, x, y, epochs = 3, verbose = 0, ...)",
           x=X, y=Y, uri=uri)  # fmt: skip
    yield mlflow.MlflowClient(uri)
    assert mlflow.active_run() is None
    patch.undo()


def test_metrics_params_and_tags_are_read_back(store):
    history, run_id = from_r("""
    log <- callback_mlflow("r_models", "first", tracking_uri = uri, tags = c(who = "R"),
                           params = list(units = 8L, rate = 0.5, kind = factor("wide"),
                                         day = as.Date("2026-01-02")))
    history <- fit_with(callbacks = log, validation_split = 0.25)
    list(history$metrics, log$run_id)
    """)
    run = store.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "first")
    assert store.get_experiment(run.info.experiment_id).name == "r_models"
    for name in ("loss", "mae", "val_loss", "val_mae"):
        logged = store.get_metric_history(run_id, name)
        assert [(m.step, m.value) for m in logged] == list(enumerate(history[name]))
    assert run.data.params["units"] == "8" and run.data.params["rate"] == "0.5"
    assert (run.data.params["kind"], run.data.params["day"]) == ("wide", "2026-01-02")
    assert run.data.params["optimizer_name"].startswith("adam")
    assert run.data.tags["who"] == "R"
    assert [file.path for file in store.list_artifacts(run_id)] == ["model_summary.txt"]


def test_metrics_of_every_so_many_batches(store):
    run_id = from_r("""
    log <- callback_mlflow("r_models", log_every_n_steps = 4)
    fit_with(callbacks = log, batch_size = 24)
    log$run_id
    """)
    # The batches of the trainings before count too: 4 in an epoch, 3 epochs.
    steps = [m.step for m in store.get_metric_history(run_id, "loss")]
    assert len(steps) == 3 and all(step % 4 == 0 for step in steps)


def test_a_run_that_is_active_is_used_and_stays_open(store):
    with mlflow.start_run() as run:
        assert from_r("log <- callback_mlflow(); fit_with(callbacks = log); log$run_id") == (
            run.info.run_id
        )
        assert mlflow.active_run().info.run_id == run.info.run_id
    assert len(store.get_metric_history(run.info.run_id, "loss")) == 3


def test_a_training_that_fails_ends_its_run_as_failed(store):
    code = """
    log <- callback_mlflow("r_models")
    fail <- callback_lambda(on_epoch_end = function(epoch, logs) if (epoch == 2) FAILING)
    try(fit_with(callbacks = list(log, fail)), silent = TRUE)
    log$run_id
    """
    run_id = from_r(code.replace("FAILING", 'stop("broken")'))
    assert store.get_run(run_id).info.status == "FAILED"
    assert [m.step for m in store.get_metric_history(run_id, "loss")] == [0, 1]
    assert mlflow.active_run() is None


def test_ctrl_c_ends_a_run_as_killed(store, keras):
    callback = from_r('callback_mlflow("r_models")')

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pyclass_bridge.fit(from_r("model"), X, Y, callbacks=[callback, Stop()], verbose=0)
    assert store.get_run(callback.run_id).info.status == "KILLED"


MISTAKES = {
    "a name": "callback_mlflow(1)",
    "a run name": "callback_mlflow(run_name = c('a', 'b'))",
    "a place": "callback_mlflow(tracking_uri = TRUE)",
    "tags": "callback_mlflow(tags = list('x'))",
    "params": "callback_mlflow(params = 3)",
    "a fraction": "callback_mlflow(log_every_n_steps = 1.5)",
    "both": "callback_mlflow(log_every_epoch = TRUE, log_every_n_steps = 2)",
    "neither": "callback_mlflow(log_every_epoch = FALSE)",
}


def told(code: str) -> str:
    return from_r(f"tryCatch({{ {code}; 'no error' }}, error = conditionMessage)")


def test_texts(store):
    texts = {name: told(code) for name, code in MISTAKES.items()}
    with mlflow.start_run(run_name="mine"):
        texts["a run within another"] = told('fit_with(callbacks = callback_mlflow("own"))')
    error_texts.check("mlflow_errors", texts)


def test_without_mlflow_the_extra_is_named(store, monkeypatch):
    from_r("rm(mlflow, envir = pyclassbridge:::surface)")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert told("callback_mlflow()") == (
        "callback_mlflow() needs MLflow, which is not installed in this Python: "
        "`pip install 'pyclass-bridge[mlflow]'`."
    )
