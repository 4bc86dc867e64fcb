"""`self$ctx` of callback sets: what a stage sees of its training."""

from __future__ import annotations

import numpy as np
import pytest
from support.callback_sets import Notes, fit
from support.twin import data, dense_model

import pyclass_bridge

SCORES = """
Scores <- callback_set("scores",
  initialize = function(note) self$note <- note,
  on_begin = function() {
    ctx <- self$ctx
    self$note(ctx$total_epochs, ctx$loss_fn, py_id(ctx$model) == py_id(ctx$network),
      py_id(ctx$optimizer) == py_id(ctx$model$optimizer), is.null(ctx$last_loss))
  },
  on_batch_end = function() self$note(self$ctx$last_loss, self$ctx$step_valid),
  on_epoch_end = function() {
    self$note(self$ctx$last_loss, self$ctx$last_scores_train, self$ctx$last_scores_valid)
  })
"""


def test_a_set_sees_what_a_twin_sees(keras, source):
    twin_notes = []

    class Twin(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            twin_notes.append((self.params["epochs"], self.model.loss, True, True, True))

        def on_train_batch_end(self, batch, logs=None):
            twin_notes.append((logs["loss"], 0))

        def on_epoch_end(self, epoch, logs=None):
            scores = {k: v for k, v in logs.items() if not k.startswith("val_")}
            valid = {k[4:]: v for k, v in logs.items() if k.startswith("val_")}
            twin_notes.append((logs["loss"], scores, valid))

    notes, validation = Notes(), data(16)
    history = fit(
        [source(SCORES).Scores(notes)],
        dense_model(metrics=["mae"]),
        validation_data=validation,
    )
    twin = fit([Twin()], dense_model(metrics=["mae"]), validation_data=validation)
    assert notes == twin_notes
    assert history.history == twin.history


def test_a_set_terminates_at_the_end_of_the_epoch(keras, source):
    class Twin(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    ns = source(
        """
        Stop <- callback_set("stop", on_batch_begin = function() {
          if (self$ctx$epoch == 2) self$ctx$terminate <- TRUE
        })
        """
    )
    model, twin_model = dense_model(), dense_model()
    history = fit([ns.Stop()], model, epochs=5)
    twin = fit([Twin()], twin_model, epochs=5)
    assert history.history == twin.history
    assert len(history.epoch) == 2
    for mine, other in zip(model.get_weights(), twin_model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_the_context_is_null_outside_of_a_training(source):
    ns = source(
        """
        Look <- callback_set("look", public = list(fail = FALSE, seen = character()),
          on_begin = function() self$seen <- c(self$seen, class(self$ctx)[[1]]),
          on_batch_valid_end = function() stop("called outside of a training"),
          on_end = function() if (self$fail) stop("no luck"))
        """
    )
    callback, model = ns.Look(), dense_model()
    x, y = data(16)
    assert callback.ctx is None
    fit([callback], model)
    assert callback.ctx is None
    model.evaluate(x, y, verbose=0, callbacks=[callback])
    model.predict(x, verbose=0, callbacks=[callback])
    assert callback.ctx is None
    callback.fail = True
    with pytest.raises(pyclass_bridge.RError, match="no luck"):
        fit([callback], model)
    assert callback.ctx is None
    model.evaluate(x, y, verbose=0, callbacks=[callback])
    callback.fail = False
    model.fit(x, y, verbose=0, callbacks=[callback])
    assert callback.ctx is None
    seen = callback.seen
    assert {*seen} == {"pyclass_bridge.callbacks.context.Context"}


def test_the_callbacks_of_the_context(keras, source):
    ns = source(
        """
        Ids <- callback_set("ids", on_end = function() {
          self$ids <- names(self$ctx$callbacks)
          self$patience <- self$ctx$callbacks$EarlyStopping$patience
        })
        Other <- Callback("Other")
        """
    )
    callback, stopping = ns.Ids(), keras.callbacks.EarlyStopping("loss", patience=4)
    fit([callback, stopping, ns.Other(), ns.Other()])
    assert callback.ids == ["ids", "EarlyStopping", "Other", "Other_2"]
    assert callback.patience == 4
    x, y = data(16)
    dense_model().fit(x, y, verbose=0, callbacks=[callback, stopping])
    assert callback.ids == "ids"


def test_a_set_assigns_to_another_callback(keras, source):
    ns = source(
        """
        Sets <- callback_set("sets", on_begin = function() {
          self$ctx$callbacks$EarlyStopping$patience <- 7L
          self$ctx$callbacks$other$field <- "set"
        })
        Other <- callback_set("other")
        """
    )
    stopping, other = keras.callbacks.EarlyStopping("loss"), ns.Other()
    fit([ns.Sets(), stopping, other], epochs=1)
    assert (stopping.patience, other.field) == (7, "set")
