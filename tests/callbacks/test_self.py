"""What an R callback keeps on `self`, and R callbacks that inherit and are inherited from.

Of: classes/builder.py, classes/hooks.py.
"""

from __future__ import annotations

import pytest
from support.twin import dense_model, train

# ---- self --------------------------------------------------------------------------------------


def test_r_values_on_self_come_back_identical(source):
    callback = source("""
      values <- list(
        data.frame(a = 1:2, b = c("x", NA)), factor(c("u", "v")), Sys.Date(),
        as.POSIXct("2024-03-01 12:00:00", tz = "Asia/Tokyo"), list(1, 2), NULL, NA_character_,
        function(x) x + 1, y ~ x, matrix(1:6, 2), c(a = 1, b = 2), 1:3, "text", new.env()
      )
      Keeper <- Callback("Keeper",
        on_epoch_begin = function(epoch, logs = NULL) {
          for (i in seq_along(values)) self[[paste0("value", i)]] <- values[[i]]
        },
        on_epoch_end = function(epoch, logs = NULL) {
          self$same <- vapply(seq_along(values), function(i) {
            identical(self[[paste0("value", i)]], values[[i]])
          }, NA)
        })
    """).Keeper()
    train([callback], epochs=1)
    assert callback.same == [True] * 14


def test_params_and_model(keras, source):
    callback = source("""
      Looker <- Callback("Looker", on_train_begin = function(logs = NULL) {
        self$seen <- list(self$params$epochs, self$params$steps, self$params$verbose)
        self$layers <- length(self$model$layers)
        self$is_model <- inherits(self$model, "keras.src.models.model.Model")
        # assigning the object that is already there is nothing
        self$model <- self$model
      })
    """).Looker()
    run = train([callback])
    assert list(callback.seen) == [3, 3, 0]
    assert (callback.layers, callback.is_model) == (2, True)
    assert callback.model is run.model


def test_a_replacement_deep_in_the_model(source):
    callback = source("""
      Deep <- Callback("Deep", on_train_begin = function(logs = NULL) {
        layer <- self$model$layers[[1]]
        layer$trainable <- FALSE
        self$model$optimizer$weight_decay <- 0.5
      })
    """).Deep()
    model = dense_model()
    callback.set_model(model)
    callback.on_train_begin()
    assert (model.layers[0].trainable, model.optimizer.weight_decay) == (False, 0.5)


# ---- inheritance -------------------------------------------------------------------------------

INHERITING = """
Chatty <- Callback("Chatty", inherit = keras$callbacks$EarlyStopping,
  on_epoch_end = function(epoch, logs = NULL) {
    super$on_epoch_end(epoch, logs)
    self$seen <- epoch
  })
Wrapped <- Callback("Wrapped", inherit = callback_early_stopping,
  initialize = function(...) super$initialize(...))
Base <- Callback("Base",
  on_epoch_end = function(epoch, logs = NULL) { self$base_saw <- epoch; list(from_base = epoch) })
Derived <- Callback("Derived", inherit = Base,
  on_epoch_end = function(epoch, logs = NULL) {
    super$on_epoch_end(epoch, logs)
    self$saw <- epoch
  })
Zero(Base) %py_class% {
  on_epoch_end <- function(epoch, logs = NULL) {
    super$on_epoch_end(epoch, logs)
    self$saw <- epoch
  }
}
"""


@pytest.mark.parametrize("name", ["Chatty", "Wrapped"])
def test_inheriting_from_early_stopping(name, keras, source):
    def run(make):
        callback = make(monitor="loss", patience=1, restore_best_weights=True)
        model = dense_model(optimizer=keras.optimizers.SGD(0.4))
        return train([callback], model=model, epochs=20), callback

    r_run, r_callback = run(getattr(source(INHERITING), name))
    twin_run, twin = run(keras.callbacks.EarlyStopping)
    assert r_run == twin_run
    assert isinstance(r_callback, keras.callbacks.EarlyStopping)
    facts = ("best_epoch", "stopped_epoch", "best", "wait", "patience")
    assert [getattr(r_callback, f) for f in facts] == [getattr(twin, f) for f in facts]
    if name == "Chatty":
        assert r_callback.seen == twin.stopped_epoch + 1


def test_the_index_is_shifted_once_along_a_chain_of_r_classes(source):
    ns = source(INHERITING)
    derived, zero = ns.Derived(), ns.Zero()
    run = train([derived], epochs=2)
    assert (derived.saw, derived.base_saw) == (2, 2)
    assert run.history["from_base"] == [1, 2]
    run = train([zero], epochs=2)
    assert (zero.saw, zero.base_saw) == (1, 2)
    assert run.history["from_base"] == [1, 2]


def test_a_base_s_changes_of_the_logs_reach_the_history(keras, source):
    class Twin(keras.callbacks.ReduceLROnPlateau):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            self.seen = epoch

    ns = source("""
      Reduce(keras$callbacks$ReduceLROnPlateau) %py_class% {
        on_epoch_end <- function(epoch, logs = NULL) {
          super$on_epoch_end(epoch, logs)
          self$seen <- epoch
        }
      }
      ReduceToo <- Callback("ReduceToo", inherit = Reduce,
        on_epoch_end = function(epoch, logs = NULL) {
          sapply(1, function(i) super()$on_epoch_end(epoch, logs = logs))
          invisible()
        })
    """)

    def run(make):
        model = dense_model(optimizer=keras.optimizers.SGD(0.4))
        callback = make(monitor="loss", patience=1, factor=0.5)
        return train([callback], model=model, epochs=6), callback.seen

    expected = run(Twin)
    assert min(expected[0].history["learning_rate"]) < 0.4
    assert run(ns.Reduce) == expected
    assert run(ns.ReduceToo) == expected


def test_a_direct_call_counts_as_its_caller_does(source, r):
    base = source(INHERITING).Base()
    base.on_epoch_end(0)
    assert base.base_saw == 1
    r("cb$on_epoch_end(1L)", cb=base)
    assert base.base_saw == 1
    r("cb$on_epoch_end(epoch = 3)", cb=base)
    assert base.base_saw == 3


def test_a_python_class_inherits_an_r_callback(source):
    class Child(source(INHERITING).Base):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            self.child_saw = epoch

    child = Child()
    assert "from_base" in train([child], epochs=1).history
    assert (child.base_saw, child.child_saw) == (1, 0)


def test_lambda_callback_with_functions_of_r(keras, source):
    ns = source(
        "seen <- NULL; note <- function(epoch, logs) seen <<- c(seen, epoch)\n"
        "told <- function() seen"
    )
    train([keras.callbacks.LambdaCallback(on_epoch_end=ns.note)])
    assert ns.told() == [0, 1, 2]
