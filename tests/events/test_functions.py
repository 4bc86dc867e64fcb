"""What is asked of add_callback() and its like: events, functions, objects; and their mistakes.

Texts of errors are in snapshots/event_errors.txt; UPDATE_SNAPSHOTS=1 writes them anew.
"""

from __future__ import annotations

import pytest
from support import error_texts
from support.twin import data, dense_model

import pyclass_bridge
from pyclass_bridge import add_callback, callback_events
from pyclass_bridge import r as from_r

X, Y = data()


# ---- objects -------------------------------------------------------------------------------------

CLASSES = """
Log %py_class% {
  initialize <- function() self$seen <- list()
  on_epoch_end <- function(epoch, logs) self$seen[[length(self$seen) + 1L]] <- epoch
  on_exit <- function(model) self$at_exit <- class(model)[[1L]]
  helper <- function(x) x
}
Counting <- Callback("Counting",
  on_epoch_end = function(epoch, logs = NULL) {
    self$seen <- c(epoch, self$params$epochs, inherits(self$model, "python.builtin.object"))
  })
"""


def test_objects_are_added_whole(keras, source):
    ns, model, calls = source(CLASSES), dense_model(), []

    class Twin:
        epochs = 0

        def on_epoch_end(self, epoch):
            self.epochs += 1

    log, counting, twin = ns.Log(), ns.Counting(), Twin()
    for thing in (log, counting, twin, {"on_train_end": lambda: calls.append("end")}):
        add_callback(model, thing)
    add = 'function(m, f) add_callback(m, list(on_exit = f, on_train_end = function() f("R")))'
    from_r(add)(model, lambda text="exit": calls.append(text))
    model.fit(X, Y, epochs=2, verbose=0)
    assert pyclass_bridge.to_python(log.seen) == [0, 1]
    assert log.at_exit == "keras.src.models.sequential.Sequential"
    assert counting.seen == [2, 2, 1]
    assert twin.epochs == 2
    assert calls == ["end", "R", "exit"]


def test_an_r6_class(keras):
    if not from_r('requireNamespace("R6", quietly = TRUE)'):
        pytest.skip("R6 is not installed")
    counter = from_r("""
      Counter <- R6::R6Class("Counter", public = list(
        n = 0, on_train_batch_begin = function(batch) self$n <- self$n + 1))
      r_to_py(Counter)()
    """)
    model = add_callback(dense_model(), counter)
    model.fit(X, Y, batch_size=16, epochs=1, verbose=0)
    assert counter.n == 3


# ---- mistakes ------------------------------------------------------------------------------------

MISTAKES = """
Misspelt %py_class% { on_epch_end <- function(epoch) 1 }
Idle %py_class% { helper <- function(epoch) 1 }
Closing <- Callback("Closing", on_epoch_end = function(epoch, logs) 1, on_exit = function() 1)
mistakes <- alist(
  misspelt = add_callback(model, "on_epoch_ende", function() 1),
  "of Ultralytics" = add_callback(model, "on_val_end", function() 1),
  "of another framework" = add_callback(model, "on_train_start", function() 1),
  "like none" = add_callback(model, "zzz", function() 1),
  "a formal too many" = add_callback(model, "on_train_end", function(model, epoch) 1),
  "another formal" = add_callback(model, "on_epoch_end", function(step, x, y) 1),
  "no function" = add_callback(model, "on_epoch_end", "print"),
  "nothing" = add_callback(model, "on_epoch_end"),
  "a class as function" = add_callback(model, "on_epoch_end", Idle),
  "function without event" = add_callback(model, function(epoch) 1),
  "the wrong way round" = add_callback(model, function(epoch) 1, "on_epoch_end"),
  "a class" = add_callback(model, Misspelt),
  "a misspelt method" = add_callback(model, Misspelt()),
  "no method" = add_callback(model, Idle()),
  "a callback with an exit" = add_callback(model, Closing()),
  "a misspelt name" = add_callback(model, list(on_epoch_end = print, on_epch_end = print)),
  "no model" = add_callback(mtcars, "on_epoch_end", function() 1),
  "a model of R" = add_callback(lm(dist ~ speed, cars), "on_epoch_end", function() 1),
  "NA" = add_callback(model, NA_character_, function() 1),
  "a layer" = reset_callbacks(layer_dense(units = 1)),
  "to clear" = clear_callback(model, "on_epoch_ende"),
  "to list" = callback_events("keras")
)
function(model) lapply(mistakes, function(mistake) {
  tryCatch({ eval(mistake, list(model = model)); "no error" }, error = conditionMessage)
})
"""


def test_texts(keras):
    model = dense_model()
    texts = from_r(f"local({{{MISTAKES}}})")(model)
    error_texts.check("event_errors", texts)
    assert "fit" not in vars(model)


def test_what_a_function_of_c_takes_is_asked_for(keras):
    with pytest.raises(TypeError, match="are not known; for `on_exit` give a function that calls"):
        add_callback(dense_model(), "on_exit", max)
    kept = []
    model = dense_model()
    add_callback(model, "on_exit", kept.append)
    model.fit(X, Y, verbose=0)
    assert kept == [model]


def test_the_events(keras):
    assert from_r("callback_events()") == callback_events() == callback_events(dense_model())
    assert callback_events()[-4:] == [
        "on_model_save",
        "on_model_load",
        "on_model_export",
        "on_exit",
    ]
    hooks = {e for e in callback_events() if not e.startswith("on_model_") and e != "on_exit"}
    assert {e for e in dir(keras.callbacks.Callback) if e.startswith("on_")} == {
        *hooks,
        "on_batch_begin",
        "on_batch_end",
    }
