# callback_mlflow(): MLflow's own Keras callback in a run that begins and ends with the training.
# MLflow is imported when a callback is made.
# Python half: callbacks/mlflow.py.

#' Log a training to MLflow
#'
#' MLflow's own Keras callback: the settings of the optimizer and the summary of the model at the
#' beginning, then the metrics. The run begins with the training and ends with it, as `FINISHED`;
#' after an error as `FAILED` and after Ctrl-C as `KILLED`, where [fit()] or Python's
#' `pyclass_bridge.fit()` trains. A run that is active already is used, and stays open.
#'
#' Steps are Keras' epochs, counted from 0. MLflow makes a warning of what it can't log, and the
#' training goes on. Without MLflow in Python (`pip install 'pyclass-bridge[mlflow]'`), with an
#' argument of another type, and with a name for a run while another one is active, it is an error.
#'
#' @param experiment_name String, the experiment, which is made if there is none of that name.
#'   Default: MLflow's current one.
#' @param run_name String. Default: a name that MLflow makes up.
#' @param tracking_uri String, where MLflow keeps its runs, such as `"sqlite:///mlflow.db"` or
#'   `"http://localhost:5000"`. It stays so in the session, as after `mlflow$set_tracking_uri()`.
#' @param tags,params Lists with names: tags of the run, and parameters, such as those you tune.
#' @param log_every_epoch TRUE to log the metrics of each epoch.
#' @param log_every_n_steps Whole number, to log the metrics of every so many batches instead.
#' @return A callback; its `run_id` is that of the last run.
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
      "number for `log_every_n_steps`: give one of the two.",
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

# MLflow stores a parameter as text: a factor or a date as R shows it.
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
