# callback_mlflow(): MLflow's own Keras callback in a run that begins and ends with the training.
# MLflow is imported when a callback is made.
# Python half: callbacks/mlflow.py.

#' Log a training to MLflow
#'
#' This is MLflow's own Keras callback. It logs the settings of the optimizer and the summary of the
#' model at the beginning, then the metrics. The run begins and ends with the training. Its status
#' is `FINISHED`, or `FAILED` after an error and `KILLED` after Ctrl-C if [fit()] or Python's
#' `pyclass_bridge.fit()` trains. If a run is already active, it is used and stays open.
#'
#' Steps are Keras' epochs, counted from 0. If MLflow can't log something, it warns, and the
#' training continues. It is an error if Python lacks MLflow (`pip install
#' 'pyclass-bridge[mlflow]'`), if an argument has the wrong type, or if a run is named while another
#' run is active.
#'
#' @param experiment_name String, the experiment, which is created if it does not exist.
#'   Default: MLflow's current one.
#' @param run_name String. Default: a name that MLflow makes up.
#' @param tracking_uri String, where MLflow keeps its runs, such as `"sqlite:///mlflow.db"` or
#'   `"http://localhost:5000"`. It holds for the session, as with `mlflow$set_tracking_uri()`.
#' @param tags,params Lists with names: tags of the run, and parameters, such as those you tune.
#' @param log_every_epoch TRUE to log the metrics of each epoch.
#' @param log_every_n_steps Whole number, to log the metrics after every n batches instead.
#' @return A callback; its `run_id` is the id of the last run.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
#' model |> compile(loss = "mse")
#' log <- callback_mlflow("lines", tracking_uri = "sqlite:///mlflow.db", params = list(slope = 2))
#' model |> fit(1:10, 2 * 1:10, epochs = 2, callbacks = log, verbose = 0)
#' mlflow <- import("mlflow")
#' mlflow$get_run(log$run_id)$data$metrics
#' }
callback_mlflow <- function(experiment_name = NULL, run_name = NULL, tracking_uri = NULL,
                            tags = NULL, params = NULL,
                            log_every_epoch = is.null(log_every_n_steps),
                            log_every_n_steps = NULL) {
  check_callback_argument("callback_mlflow", experiment_name, "one string", is_string, TRUE)
  check_callback_argument("callback_mlflow", run_name, "one string", is_string, TRUE)
  check_callback_argument("callback_mlflow", tracking_uri, "one string", is_string, TRUE)
  check_callback_argument("callback_mlflow", tags, "a list with names", is_named, TRUE)
  check_callback_argument("callback_mlflow", params, "a list with names", is_named, TRUE)
  check_callback_argument("callback_mlflow", log_every_epoch, "TRUE or FALSE", is_flag)
  check_callback_argument(
    "callback_mlflow", log_every_n_steps, "a whole number above 0", is_count, TRUE
  )
  if (log_every_epoch != is.null(log_every_n_steps)) {
    stop(
      "callback_mlflow(): metrics are logged either with `log_every_epoch = TRUE` or with a ",
      "number for `log_every_n_steps`: give exactly one of the two.",
      call. = FALSE
    )
  }
  mlflow_module()$make(
    experiment_name = experiment_name, run_name = run_name, tracking_uri = tracking_uri,
    tags = if (!is.null(tags)) as_dict(lapply(tags, as.character)),
    params = if (!is.null(params)) as_dict(lapply(params, mlflow_param)),
    log_every_epoch = log_every_epoch,
    log_every_n_steps = if (!is.null(log_every_n_steps)) as.integer(log_every_n_steps)
  )
}

# MLflow stores parameters as text; factors and dates become the text that R shows.
mlflow_param <- function(value) {
  if (inherits(value, c("factor", "Date", "POSIXt"))) as.character(value) else value
}

mlflow_module <- function() {
  surface_module()
  if (is.null(surface$mlflow)) {
    if (!for_r$module_available("mlflow")) {
      stop(
        "callback_mlflow() needs MLflow, which is not installed in this Python: ",
        "`pip install 'pyclass-bridge[mlflow]'`.",
        call. = FALSE
      )
    }
    surface$mlflow <- import("pyclass_bridge.callbacks.mlflow")
  }
  surface$mlflow
}
