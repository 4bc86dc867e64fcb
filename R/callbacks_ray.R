# callback_ray_report(): what a training in a worker of Ray reports to Ray. Ray is imported when a
# callback is made.
# Python half: callbacks/ray.py.

#' Report a training to Ray
#'
#' For the function that a `Tuner` or a `TorchTrainer` of Ray runs: metrics reach Ray Tune, whose
#' schedulers stop trials by them, or Ray Train, which waits until all workers have reported.
#'
#' Arguments and events have the names of Ray's own callback for Keras, `ReportCheckpointCallback`,
#' which does not work with Keras 3. Its default for `checkpoint_on` is `"epoch_end"`.
#'
#' A checkpoint is a directory with the file `model.keras`, which [load_model()] reads:
#' `load_model(file.path(result$checkpoint$to_directory(), "model.keras"))`. Of several workers of one
#' training, the first one saves.
#'
#' It is an error if Python lacks Ray (`pip install 'pyclass-bridge[ray]'`), if the training does not
#' run in a worker of Ray, or if a metric is not among the values of the event.
#'
#' @param metrics Strings, which of the logged values are reported. Names are those in the report:
#'   `c(accuracy = "val_acc")` reports `val_acc` as `accuracy`. Default: all.
#' @param report_metrics_on Strings, at which events: the hooks of Keras without `on_`, such as
#'   `"epoch_end"` or `"train_batch_end"`.
#' @param checkpoint_on Strings, at which events the model is saved, too. Default: none.
#' @return A callback.
#' @examples
#' \dontrun{
#' tune <- import("ray.tune")
#' objective <- function(config) {
#'   model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
#'   model |> compile(optimizer = optimizer_sgd(config$rate), loss = "mse")
#'   model |> fit(1:10, 2 * 1:10, epochs = 3, verbose = 0, callbacks = callback_ray_report("loss"))
#'   NULL # a value of the function would be one more report
#' }
#' tuner <- tune$Tuner(objective, param_space = list(rate = tune$grid_search(c(0.001, 0.01))))
#' tuner$fit()$get_best_result(metric = "loss", mode = "min")$config
#' }
callback_ray_report <- function(metrics = NULL, report_metrics_on = "epoch_end",
                                checkpoint_on = NULL) {
  check_callback_argument("callback_ray_report", metrics, "strings", is_strings, TRUE)
  check_ray_events("report_metrics_on", report_metrics_on)
  check_ray_events("checkpoint_on", checkpoint_on)
  ray_module()$make(
    metrics = if (!is.null(metrics)) as_dict(ray_metrics(metrics)),
    report_metrics_on = as.list(report_metrics_on), checkpoint_on = as.list(checkpoint_on)
  )
}

# The name in the report, and the name in the logs, which is the same if none is given.
ray_metrics <- function(metrics) {
  given <- as.character(metrics)
  names <- names(metrics) %||% rep("", length(given))
  structure(as.list(given), names = ifelse(nzchar(names), names, given))
}

is_strings <- function(x) {
  (is.character(x) || is.list(x)) && length(x) > 0L && all(vapply(x, is_string, NA))
}

check_ray_events <- function(argument, value) {
  if (is.null(value)) {
    return(invisible())
  }
  events <- sub("^on_", "", callback_args)
  wrong <- if (is_strings(value)) setdiff(unlist(value), events)[1L]
  if (is_strings(value) && is.na(wrong)) {
    return(invisible())
  }
  near <- if (!is.null(wrong)) nearest_name(wrong, events)
  stop(
    "callback_ray_report(): `", argument, "` takes events, the hooks of Keras without `on_`, such as ",
    "\"epoch_end\", not ", if (is.null(wrong)) describe_value(value) else quoted(wrong),
    if (is.null(near)) "." else paste0("; did you mean ", quoted(near), "?"),
    call. = FALSE
  )
}

ray_module <- function() {
  surface_module()
  if (is.null(surface$ray)) {
    if (!for_r$module_available("ray")) {
      stop(
        "callback_ray_report() needs Ray, which is not installed in this Python: ",
        "`pip install 'pyclass-bridge[ray]'`.",
        call. = FALSE
      )
    }
    surface$ray <- import("pyclass_bridge.callbacks.ray")
  }
  surface$ray
}
