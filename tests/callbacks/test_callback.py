"""Callbacks written in R against the same callbacks written in Python, side by side.

Of: classes/hooks.py, R/callbacks_lambda.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.twin import data, dense_model, train

HOOKS = [f"on_{phase}_{end}" for phase in ("train", "test", "predict") for end in ("begin", "end")]
INDEXED = [f"on_epoch_{end}" for end in ("begin", "end")] + [
    f"on_{phase}_batch_{end}" for phase in ("train", "test", "predict") for end in ("begin", "end")
]
ALIASES = ["on_batch_begin", "on_batch_end"]


# ---- all hooks: order, arguments, logs ---------------------------------------------------------


def recording_r(form: str) -> str:
    """R code of a callback that records every call of a hook, in one of the two forms."""
    plain = [f"{h} = function(logs = NULL) self$record('{h}', NULL, logs)" for h in HOOKS]
    counted = [
        f"{h} = function(epoch, logs = NULL) self$record('{h}', epoch, logs)" for h in INDEXED
    ]
    init = "initialize = function(record) { super$initialize(); self$record <- record }"
    if form == "Callback":
        return f"Recorder <- Callback('Recorder', {', '.join([init, *plain, *counted])})"
    members = "\n".join(m.replace(" = ", " <- ", 1) for m in [init, *plain, *counted])
    return f"Recorder(keras$callbacks$Callback) %py_class% {{\n{members}\n}}"


def recording_python(keras):
    class Recorder(keras.callbacks.Callback):
        def __init__(self, record):
            super().__init__()
            self.record = record

    def plain(name):
        return lambda self, logs=None: self.record(name, None, logs)

    def counted(name):
        return lambda self, epoch, logs=None: self.record(name, epoch, logs)

    for name in HOOKS:
        setattr(Recorder, name, plain(name))
    for name in INDEXED:
        setattr(Recorder, name, counted(name))
    return Recorder


def whole_life(make) -> list:
    """The calls of a callback in fit with validation, evaluate and predict."""
    calls = []

    def record(name, index, logs):
        shown = {k: float(np.sum(np.asarray(v, "float64"))) for k, v in logs.items()}
        calls.append((name, index, type(index), shown))

    callback = make(record)
    model = dense_model(metrics=["mae"])
    x, y = data()
    train([callback], model=model, epochs=2, validation_data=(x[:20], y[:20]))
    model.evaluate(x, y, batch_size=20, callbacks=[callback], verbose=0)
    model.predict(x, batch_size=20, callbacks=[callback], verbose=0)
    return calls


@pytest.mark.parametrize("form", ["Callback", "%py_class%"])
def test_every_hook_in_order_with_its_arguments(form, keras, source):
    expected = whole_life(recording_python(keras))
    assert {name for name, *_ in expected} == {*HOOKS, *INDEXED}
    shift = 1 if form == "Callback" else 0
    expected = [(n, i if i is None else i + shift, t, logs) for n, i, t, logs in expected]
    assert whole_life(source(recording_r(form)).Recorder) == expected


@pytest.mark.parametrize("form", ["Callback", "%py_class%"])
def test_aliases_stand_for_the_train_batch_hooks(form, source):
    calls = []
    hooks = [f"{h} = function(batch, logs = NULL) self$record('{h}', batch)" for h in ALIASES]
    init = "initialize = function(record) self$record <- record"
    if form == "Callback":
        code = f"Aliases <- Callback('Aliases', {', '.join([init, *hooks])})"
    else:
        members = "\n".join(m.replace(" = ", " <- ", 1) for m in [init, *hooks])
        code = f"Aliases(keras$callbacks$Callback) %py_class% {{\n{members}\n}}"
    first = 1 if form == "Callback" else 0
    train([source(code).Aliases(lambda *call: calls.append(call))], epochs=1)
    assert calls == [(h, b) for b in range(first, first + 3) for h in ALIASES]


def test_hooks_nobody_defined_are_the_base_s_own(keras, source):
    only = source("""
      Only <- Callback("Only", on_batch_end = function(batch, logs = NULL) NULL)
    """).Only
    base = keras.callbacks.Callback
    for name in [*HOOKS, *INDEXED, *ALIASES]:
        assert (getattr(only, name) is getattr(base, name)) == (name != "on_batch_end")
    # What Keras itself asks before it calls the batch hooks from another thread.
    is_default = keras.src.utils.is_default
    assert is_default(only().on_train_batch_end) and not is_default(only().on_batch_end)


# ---- logs --------------------------------------------------------------------------------------

MERGING = """
Merge <- Callback("Merge", on_epoch_end = function(epoch, logs = NULL)
  list(loss = logs$loss * 2, epoch_of_r = epoch))
Assign <- Callback("Assign", on_epoch_end = function(epoch, logs = NULL)
  self$settings <- list(loss = 999))
Quiet <- Callback("Quiet", on_epoch_end = function(epoch, logs = NULL)
  invisible(list(loss = 999)))
Unnamed <- Callback("Unnamed", on_epoch_end = function(epoch, logs = NULL) list(999))
Raw(keras$callbacks$Callback) %py_class% {
  on_epoch_end <- function(epoch, logs = NULL) list(loss = 999)
}
Batch <- Callback("Batch", on_train_batch_end = function(batch, logs = NULL) list(seen = batch))
Reader <- Callback("Reader",
  initialize = function(record) self$record <- record,
  on_epoch_end = function(epoch, logs = NULL) self$record(logs),
  on_train_batch_end = function(batch, logs = NULL) self$record(names(logs)))
"""


def test_a_visible_named_list_is_merged_into_the_history(keras, source):
    class Merge(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs.update({"loss": logs["loss"] * 2, "epoch_of_r": epoch + 1})

    ns = source(MERGING)
    assert train([ns.Merge()]) == train([Merge()])
    # A later callback sees what an earlier one has merged.
    seen = []
    train([ns.Merge(), ns.Reader(seen.append)], epochs=1)
    assert seen[-1]["epoch_of_r"] == 1


@pytest.mark.parametrize("name", ["Assign", "Quiet", "Unnamed", "Raw"])
def test_nothing_else_is_merged(name, source):
    ns = source(MERGING)
    assert train([getattr(ns, name)()]).history == train().history


def test_batch_logs_are_merged(source):
    ns, seen = source(MERGING), []
    train([ns.Batch(), ns.Reader(seen.append)], epochs=1)
    assert all("seen" in names for names in seen[:-1])


def test_a_hook_called_without_logs_merges_nothing(source):
    ns = source(MERGING.replace("logs$loss * 2", "1"))
    assert ns.Merge().on_epoch_end(0) is None
    assert ns.Merge().on_epoch_end(0, None) is None
    logs = {}
    ns.Merge().on_epoch_end(epoch=4, logs=logs)
    assert logs == {"loss": 1.0, "epoch_of_r": 5}


# ---- stopping, optimizer, weights --------------------------------------------------------------

STOPPING = """
StopAtBatch(keras$callbacks$Callback) %py_class% {
  initialize <- function(at) self$at <- at
  on_train_batch_end <- function(batch, logs = NULL) {
    self$last <- batch
    if (batch == self$at) self$model$stop_training <- TRUE
  }
}
StopAtEpoch <- Callback("StopAtEpoch",
  initialize = function(at) self$at <- at,
  on_epoch_end = function(epoch, logs = NULL) {
    if (epoch >= self$at) self$model$stop_training <- TRUE
  })
StopOthers(keras$callbacks$Callback) %py_class% {
  initialize <- function() { self$tested <- 0L; self$predicted <- 0L }
  on_test_batch_end <- function(batch, logs = NULL) {
    self$tested <- batch + 1L
    if (batch == 1) self$model$stop_evaluating <- TRUE
  }
  on_predict_batch_end <- function(batch, logs = NULL) {
    self$predicted <- batch + 1L
    self$model$stop_predicting <- TRUE
  }
}
Schedule(keras$callbacks$Callback) %py_class% {
  `__init__` <- function(schedule) { super$`__init__`(); self$schedule <- schedule }
  on_epoch_begin <- function(epoch, logs = NULL) {
    if (!"learning_rate" %in% names(self$model$optimizer)) stop("no learning rate")
    lr <- as.numeric(self$model$optimizer$learning_rate)
    self$model$optimizer$learning_rate <- self$schedule(epoch, lr)
  }
}
halve <- function(epoch, lr) if (epoch == 0) lr else lr / 2
Best(keras$callbacks$Callback) %py_class% {
  initialize <- function(patience = 0) {
    super$initialize()
    self$patience <- patience
    self$best_weights <- NULL
  }
  on_train_begin <- function(logs = NULL) {
    self$wait <- 0
    self$stopped_epoch <- 0
    self$best <- Inf
  }
  on_epoch_end <- function(epoch, logs = NULL) {
    current <- logs$loss
    if (current < self$best) {
      self$best <- current
      self$wait <- 0
      self$best_weights <- self$model$get_weights()
    } else {
      self$wait %<>% `+`(1)
      if (self$wait >= self$patience) {
        self$stopped_epoch <- epoch
        self$model$stop_training <- TRUE
        self$model$set_weights(self$best_weights)
      }
    }
  }
}
"""


def test_stop_training_from_a_batch_hook(keras, source):
    class StopAtBatch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.last = batch
            if batch == 1:
                self.model.stop_training = True

    ns = source(STOPPING)
    r_callback, twin = ns.StopAtBatch(1), StopAtBatch()
    assert train([r_callback]) == train([twin])
    assert r_callback.last == twin.last == 1


def test_stop_training_from_an_epoch_hook(keras, source):
    class StopAtEpoch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 >= 2:
                self.model.stop_training = True

    run = train([source(STOPPING).StopAtEpoch(2)], epochs=9)
    assert run == train([StopAtEpoch()], epochs=9)
    assert len(run.history["loss"]) == 2


def test_stop_evaluating_and_predicting(source):
    callback, model, (x, y) = source(STOPPING).StopOthers(), dense_model(), data()
    model.evaluate(x, y, batch_size=8, callbacks=[callback], verbose=0)
    out = model.predict(x, batch_size=8, callbacks=[callback], verbose=0)
    assert (callback.tested, callback.predicted, len(out)) == (2, 1, 8)


def test_learning_rate_by_a_schedule_kept_on_self(keras, source):
    class Schedule(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            rate = float(self.model.optimizer.learning_rate.numpy())
            self.model.optimizer.learning_rate = rate if epoch == 0 else rate / 2

    ns = source(STOPPING)
    run = train([ns.Schedule(ns.halve)])
    assert run == train([Schedule()])
    assert float(run.model.optimizer.learning_rate.numpy()) == pytest.approx(0.0025)
    # A function of Python, and Keras' own scheduler with a function of R.
    assert run == train([ns.Schedule(lambda epoch, lr: lr if epoch == 0 else lr / 2)])
    own = train([keras.callbacks.LearningRateScheduler(ns.halve)])
    assert own.history["loss"] == run.history["loss"]


def test_early_stopping_restores_the_best_weights(keras, source):
    class Best(keras.callbacks.Callback):
        def __init__(self, patience=0):
            super().__init__()
            self.patience = patience

        def on_train_begin(self, logs=None):
            self.wait, self.stopped_epoch, self.best = 0, 0, np.inf

        def on_epoch_end(self, epoch, logs=None):
            if logs["loss"] < self.best:
                self.best, self.wait = logs["loss"], 0
                self.best_weights = self.model.get_weights()
            else:
                self.wait += 1
                if self.wait >= self.patience:
                    self.stopped_epoch = epoch
                    self.model.stop_training = True
                    self.model.set_weights(self.best_weights)

    def run(callback):
        optimizer = keras.optimizers.SGD(0.4)  # steep enough for the loss to rise
        return train([callback], model=dense_model(optimizer=optimizer), epochs=20)

    r_callback, twin = source(STOPPING).Best(patience=2), Best(patience=2)
    assert run(r_callback) == run(twin)
    assert 0 < r_callback.stopped_epoch == twin.stopped_epoch < 19
    assert (r_callback.wait, r_callback.best) == (2, twin.best)
    assert all(map(np.array_equal, r_callback.best_weights, twin.best_weights))
