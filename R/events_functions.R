# add_callback() and its like: functions called at the events of a model of Keras or Ultralytics.
# Python half: events/functions.py, which checks and calls them.

#' Functions called at the events of a model
#'
#' `add_callback()` has a function called at an event of a model, after those that the event has
#' already. It stays with the model: each `fit()`, `evaluate()` and `predict()` calls it, from R and
#' from Python, until `clear_callback()` takes those of one event away or `reset_callbacks()` all.
#' A model that is saved, cloned or loaded anew has none.
#'
#' On a Keras model a function takes what it needs of `model`, `epoch` or `batch`, `logs` and
#' `path`, by name, as far as the event has it. Epochs and batches count from 1, and a named list
#' that a function of `logs` returns visibly is merged into them. The events are the hooks of
#' [Callback()]; `on_model_save`, `on_model_load` and `on_model_export`, also when a callback such
#' as a checkpoint saves or loads; and `on_exit`, which comes after all others and always: after an
#' error and Ctrl-C as well. The `on_exit` of the `callbacks` of [fit()] runs after it.
#'
#' On a model of Ultralytics, such as a YOLO, the function takes the trainer, validator, predictor
#' or exporter, as it is in Python: `trainer$epoch` counts from 0. `model$add_callback(event, fn)`
#' is the same there.
#'
#' A misspelt event is an error with the nearest one, and so is a function that takes what the event
#' does not have. An event that Ultralytics documents but never calls is a warning. An error of a
#' function ends the training.
#'
#' @param model A model of Keras or Ultralytics; for `callback_events()` NULL is any of Keras.
#' @param event String, the name of an event. Or, without `fn`, an instance of a class whose methods
#'   are named for events, or a list of functions by event: all are added. Methods count as their
#'   class does: those of `%py_class%` from 0. A callback that has an `on_exit` of its own belongs
#'   among the `callbacks` of [fit()].
#' @param fn A function.
#' @return The model, invisibly; `callback_events()` the names of the events.
#' @examples
#' \dontrun{
#' x <- matrix(rnorm(40), ncol = 4)
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(loss = "mse")
#' model |> add_callback("on_epoch_end", function(model, epoch, logs) {
#'   cat("epoch", epoch, "loss", logs$loss, "\n")
#'   if (logs$loss < 0.1) model$stop_training <- TRUE
#' })
#' model |> add_callback("on_exit", function() cat("done\n"))
#' model |> fit(x, rowSums(x), epochs = 2, verbose = 0)
#' reset_callbacks(model)
#' callback_events()
#' }
add_callback <- function(model, event, fn = NULL) {
  for (sentence in as_strings(events_module()$added(model, event, fn))) {
    warning(sentence, call. = FALSE)
  }
  invisible(model)
}

#' @rdname add_callback
clear_callback <- function(model, event) {
  events_module()$clear_callback(model, event)
  invisible(model)
}

#' @rdname add_callback
reset_callbacks <- function(model) {
  events_module()$reset_callbacks(model)
  invisible(model)
}

#' @rdname add_callback
callback_events <- function(model = NULL) {
  as_strings(events_module()$callback_events(model))
}

events_module <- function() import("pyclass_bridge.events.functions")

# The methods of the model itself take any name for an event.
`$.ultralytics.engine.model.Model` <- function(x, name) {
  switch(name,
    add_callback = function(event, func) add_callback(x, event, func),
    clear_callback = function(event) clear_callback(x, event),
    NextMethod()
  )
}

# The event that is meant by a name: a slip of two letters, else one in words of another framework.
nearest_event <- function(name, events) {
  events <- as_strings(events)
  near <- nearest_name(name, events, 2L)
  if (is.null(near)) {
    common <- vapply(events, common_hook_name, "")
    meant <- nearest_name(common_hook_name(name), common, 3L)
    near <- if (!is.null(meant)) events[[match(meant, common)]]
  }
  near
}
