"""Callbacks and metrics of R on a real `program.fit` of Synalinks, against the same in Python.

They need Synalinks, and so Python 3.12, and no network: `make synalinks` makes the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # nothing is asked of the network
# `synalinks` alone would be found: this directory.
pytest.importorskip("synalinks.callbacks", reason="`make synalinks` installs it, 1.6 GB, and tests")

import synalinks

import pyclass_bridge
from pyclass_bridge import RError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def ns():
    return pyclass_bridge.source(Path(__file__).with_name("definitions.R"))


@pytest.fixture
def r_code(ns):
    """Evaluates R code in which the names of `ns` and those given are there."""

    def run(code: str, **values):
        names = {name: getattr(ns, name) for name in ns.__all__}
        return pyclass_bridge.r(f"local({{ {code} }})", **names, **values)

    return run


def fit(ns, callbacks=(), epochs=2, program=None, **options):
    """The history of a fit that Python awaits."""
    program = program or ns.capital_program()
    coroutine = ns.fit_capitals(program, epochs, list(callbacks), **options)
    return asyncio.run(coroutine).history


# ---- callbacks ---------------------------------------------------------------------------------


class TerseLogger(synalinks.callbacks.Callback):
    """As in the guide of Synalinks."""

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        msg = " ".join(f"{k}={v:.3f}" for k, v in sorted(logs.items()))
        print(f"[epoch {epoch:02d}] {msg}")


class InstructionLogger(synalinks.callbacks.Callback):
    def __init__(self, module_name, out_path):
        super().__init__()
        self.module_name = module_name
        self.out_path = out_path

    def on_epoch_end(self, epoch, logs=None):
        mod = self.program.get_module(self.module_name)
        instruction = mod.state.get("instructions")
        with open(self.out_path, "a") as f:
            f.write(f"epoch={epoch}\n{instruction}\n\n")


def test_terse_logger(ns, capsys):
    fit(ns, [ns.TerseLogger()])
    from_r = capsys.readouterr().out
    fit(ns, [TerseLogger()])
    assert from_r == capsys.readouterr().out
    assert from_r.startswith("[epoch 00] reward=0.500 val_reward=0.500\n[epoch 01] ")


def test_from_r(r_code, capsys):
    code = """
    history <- py_await(fit_capitals(capital_program(), callbacks = list(TerseLogger())))
    length(history$history$val_reward)
    """
    assert r_code(code) == 2
    assert capsys.readouterr().out.count("val_reward=0.500") == 2


def test_instruction_logger(ns, tmp_path):
    files = [tmp_path / "r.txt", tmp_path / "python.txt"]
    loggers = [ns.InstructionLogger, InstructionLogger]
    for file, logger in zip(files, loggers, strict=True):
        fit(ns, [logger("capitals", str(file))])
    assert files[0].read_text() == files[1].read_text()
    assert files[0].read_text().startswith("epoch=0\nName the capital.\n\nepoch=1\n")


def test_a_hook_stops_the_training(ns):
    assert len(fit(ns, [ns.StopAt(1)], epochs=5)["reward"]) == 2


def python_recorder():
    hooks = [f"on_{p}_{e}" for p in ("train", "test", "predict") for e in ("begin", "end")]
    indexed = [f"on_epoch_{e}" for e in ("begin", "end")]
    indexed += [f"on_{p}_batch_{e}" for p in ("train", "test", "predict") for e in ("begin", "end")]

    def plain(name):
        def hook(self, logs=None):
            self.seen.append(f"{name}  {' '.join(sorted(logs or {}))}")

        return hook

    def counted(name):
        def hook(self, index, logs=None):
            self.seen.append(f"{name} {index} {' '.join(sorted(logs or {}))}")

        return hook

    members = {name: plain(name) for name in hooks} | {name: counted(name) for name in indexed}
    recorder = type("Recorder", (synalinks.callbacks.Callback,), members)()
    recorder.seen = []
    return recorder


def test_every_hook_gets_what_python_gets(ns):
    """In fit, evaluate and predict: the same hooks in the same order, counted from 0."""

    async def use(recorder):
        program, x = ns.capital_program(), ns.objects(ns.capitals["x"])
        await ns.fit_capitals(program, 2, [recorder])
        y = ns.objects(ns.capitals["y"])
        await program.evaluate(x=x, y=y, callbacks=[recorder], verbose=0)
        await program.predict(x=x, callbacks=[recorder], verbose=0)
        return [line.rstrip() for line in recorder.seen]

    in_r, in_python = asyncio.run(use(ns.Recorder())), asyncio.run(use(python_recorder()))
    assert in_r == in_python
    assert {line.split()[0] for line in in_r} == {
        *(f"on_{p}_{e}" for p in ("train", "test", "predict") for e in ("begin", "end")),
        *(f"on_{p}_batch_{e}" for p in ("train", "test", "predict") for e in ("begin", "end")),
        *(f"on_epoch_{e}" for e in ("begin", "end")),
    }


def test_a_hook_may_ask_the_program(ns, r_code):
    """A loop runs in this thread while the hook waits for the program's answer."""
    asks = r_code(
        """
        Asks(synalinks$callbacks$Callback) %py_class% {
          on_epoch_end <- function(epoch, logs = NULL) {
            self$said <- py_await(self$program(Query(query = "Which?")))$get("answer")
          }
        }
        Asks()
        """
    )
    fit(ns, [asks])
    assert asks.said == "Paris"


def test_callback_classes_count_from_1(ns, r_code):
    counts = r_code(
        """
        Callback(
          "Counts", inherit = synalinks$callbacks$Callback,
          on_epoch_end = function(epoch, logs = NULL) {
            self$last <- epoch
            list(twice = 2 * logs$reward)
          }
        )()
        """
    )
    history = fit(ns, [counts])
    assert counts.last == 2
    assert history["twice"] == [2 * reward for reward in history["reward"]]


# ---- the callbacks of Synalinks, from R --------------------------------------------------------


def test_the_four_built_ins(r_code, tmp_path):
    code = """
    paths <- file.path(directory, c("backup", "best.program.json", "run.csv"))
    history <- py_await(fit_capitals(capital_program(), epochs = 9L, callbacks = list(
      synalinks$callbacks$BackupAndRestore(backup_dir = paths[[1]]),
      synalinks$callbacks$ProgramCheckpoint(
        filepath = paths[[2]], monitor = "val_reward", mode = "max", save_best_only = TRUE
      ),
      synalinks$callbacks$EarlyStopping(
        monitor = "val_reward", mode = "max", patience = 2L, min_delta = 0.01,
        restore_best_variables = TRUE
      ),
      synalinks$callbacks$CSVLogger(filepath = paths[[3]])
    )))
    list(
      epochs = length(history$history$reward), logged = read.csv(paths[[3]]),
      backup = dir.exists(paths[[1]])
    )
    """
    found = r_code(code, directory=str(tmp_path))
    assert found["epochs"] == 3  # the first, and two without a gain
    logged = pyclass_bridge.to_python(found["logged"])
    assert list(logged["epoch"]) == [0, 1, 2] and "val_reward" in logged
    assert json.loads((tmp_path / "best.program.json").read_text())
    assert not found["backup"]  # a training that ends removes it


def test_a_training_goes_on_after_a_crash(ns, tmp_path):
    backup = synalinks.callbacks.BackupAndRestore(backup_dir=str(tmp_path / "backup"))
    log = str(tmp_path / "run.csv")
    with pytest.raises(RError, match="the service is away"):
        csv = synalinks.callbacks.CSVLogger(filepath=log)
        fit(ns, [backup, csv, ns.Fails(1)], epochs=4)
    assert json.loads((tmp_path / "backup" / "training_metadata.json").read_text())["epoch"] == 2
    recorder = ns.Recorder()
    fit(ns, [backup, recorder], epochs=4)
    epochs = [line.split()[1] for line in recorder.seen if line.startswith("on_epoch_begin")]
    assert epochs == ["2", "3"]


# ---- metrics and rewards -----------------------------------------------------------------------


class Share(synalinks.metrics.Metric):
    direction = "up"

    def __init__(self, name="share", least=4, **kwargs):
        super().__init__(name=name, **kwargs)
        self.least = least
        self.reset_state()

    async def update_state(self, y_true, y_pred):
        self.hits += len(y_pred.get("answer")) > self.least
        self.seen += 1

    def result(self):
        return self.hits / self.seen if self.seen else 0

    def reset_state(self):
        self.hits = self.seen = 0

    def get_config(self):
        return {**super().get_config(), "least": self.least}


@pytest.mark.parametrize("least", [4, 5])
def test_a_metric(ns, least):
    histories = [
        fit(ns, program=ns.capital_program(metrics=[metric(least=least)]))
        for metric in (ns.Share, Share)
    ]
    assert histories[0] == histories[1]
    assert histories[0]["val_share"] == [float(least < 5)] * 2


def test_the_direction_of_a_metric_is_read(ns):
    stop = synalinks.callbacks.EarlyStopping(monitor="val_share", patience=1, stop_at=2.0)
    program = ns.capital_program(metrics=[ns.Share()])
    assert len(fit(ns, [stop], epochs=5, program=program)["reward"]) == 2


def test_a_metric_awaits_its_base(ns):
    program = ns.capital_program(metrics=[ns.TwiceExact()])
    history = fit(ns, epochs=1, program=program)
    assert history["twice"] == history["reward"]
    metric = next(m for m in program._compile_metrics.metrics if m.name == "twice")
    assert metric.total_with_count.get("count") == 4  # two answers in validation, each twice


def test_a_reward_function(ns, r_code):
    program = r_code(
        """
        letters_of <- async_method(function(y_true, y_pred) {
          nchar(y_pred$get("answer")) / 10
        })
        capital_program(
          reward = synalinks$rewards$RewardFunctionWrapper(fn = letters_of, name = "letters")
        )
        """
    )
    assert fit(ns, program=program)["reward"] == [0.5, 0.5]


# ---- errors ------------------------------------------------------------------------------------


def test_a_condition_keeps_its_class(r_code, tmp_path):
    code = """
    tryCatch(
      py_await(fit_capitals(capital_program(), epochs = 3L, callbacks = list(
        synalinks$callbacks$CSVLogger(filepath = file), Fails(1L)
      ))),
      service_away = function(e) paste("caught:", conditionMessage(e))
    )
    """
    file = tmp_path / "run.csv"
    assert r_code(code, file=str(file)) == "caught: the service is away"
    assert len(file.read_text().splitlines()) == 3  # the names and two epochs


def test_an_error_names_class_and_member(ns):
    with pytest.raises(RError) as caught:
        fit(ns, [ns.Fails(0)])
    assert (caught.value.class_name, caught.value.member) == ("Fails", "on_epoch_end")


def test_definitions_are_checked(r_code):
    with pytest.raises(RError, match=r"Synalinks callback hook\. Did you mean `on_epoch_end`"):
        r_code("A(synalinks$callbacks$Callback) %py_class% { on_epoch_edn <- function(epoch) 1 }")
    with pytest.raises(RError, match="`update_state` is async in its base"):
        r_code("A(synalinks$Metric) %py_class% { update_state <- function(y_true, y_pred) 1 }")
    with pytest.raises(RError, match="Synalinks calls it as a plain function"):
        r_code(
            "A(synalinks$callbacks$Callback) %py_class% {"
            " on_train_end <- async_method(function(logs = NULL) 1) }"
        )


def test_a_class_in_the_place_of_an_instance(ns):
    with pytest.raises(TypeError, match="Synalinks needs an instance of it: did you forget"):
        fit(ns, [ns.TerseLogger])


def test_an_initialize_without_its_base_s(ns, r_code):
    plain = r_code(
        "A(synalinks$Metric) %py_class% { initialize <- function() self$n <- 0;"
        " result <- function() 0 }; A"
    )
    with pytest.raises(RuntimeError, match=r"does not call `super\$initialize\(\)`"):
        plain()
