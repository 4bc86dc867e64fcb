# add_callback() and similar: functions called at the events of a Keras or Ultralytics model.
# Python half: events/functions.py, which checks and calls them.

#' Functions called at the events of a model
#'
#' `add_callback()` adds a function to an event of a model; the functions of an event are called in
#' this order. They stay with the model: each `fit()`, `evaluate()` and `predict()` calls them, from
#' R and from Python, until `clear_callback()` removes the functions of one event or
#' `reset_callbacks()` removes all. A model that is saved and loaded, or cloned, has no functions.
#'
#' On a Keras model, a function may have any of the arguments `model`, `epoch` or `batch`, `logs`
#' and `path` that the event has; one that has none of these names, such as `function(e, l)`, gets
#' them by place, without `model`, as functions of [callback_lambda()] do. Epochs and batches count from 1. If the function takes `logs` and
#' returns a named list visibly, the list is merged into the logs. The events are the hooks of
#' [Callback()]; `on_model_save`, `on_model_load` and `on_model_export`, also if a callback saves or
#' loads the model; and `on_exit`, which always comes, after all others, also after an error and
#' Ctrl-C. The `on_exit` of the `callbacks` of [fit()] runs after it.
#'
#' On a model of Ultralytics, such as a YOLO, the function takes the trainer, validator, predictor
#' or exporter, unchanged: `trainer$epoch` counts from 0. `model$add_callback(event, fn)` does the
#' same there.
#'
#' A misspelt event is an error that names the nearest event. A function with an argument that the
#' event does not have is an error. An event that Ultralytics documents but never calls is a
#' warning. An error in a function ends the training.
#'
#' @param model A model of Keras or Ultralytics; for `callback_events()` NULL means any Keras model.
#' @param event String, the name of an event. Or, without `fn`, an instance of a class whose methods
#'   are named for events, or a list of functions by event: all are added. Methods of a `%py_class%`
#'   class count from 0. A callback with an `on_exit` must be one of the `callbacks` of [fit()].
#' @param fn A function.
#' @return The model, invisibly; `callback_events()` returns the names of the events.
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

# These replace the model's own methods, which accept any name for an event.
`$.ultralytics.engine.model.Model` <- function(x, name) {
  switch(name,
    add_callback = function(event, func) add_callback(x, event, func),
    clear_callback = function(event) clear_callback(x, event),
    NextMethod()
  )
}

# The event that the user means by `name`: one within two edits, or else one that another framework
# names so.
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
