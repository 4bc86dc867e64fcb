# The history of a training, which fit() returns: its constructor, print() and as.data.frame(). It
# is a list of `params`, `metrics` (a number for each epoch, by name), `epoch`, counted from 1, and
# `callbacks`, the states of the callbacks by id, if there are any. The attribute `validated` holds
# the epochs that ended with a validation.
# Python half: training/fit.py, which returns the parts of the history.

training_history <- function(result) {
  metrics <- lapply(as.list(result$metrics), function(values) unlist(as.list(values)))
  parts <- list(
    params = as.list(result$params), metrics = metrics, epoch = as.integer(unlist(result$epoch))
  )
  structure(
    c(parts, if (length(result$callbacks)) list(callbacks = result$callbacks)),
    validated = as.integer(unlist(result$validated)),
    class = "keras_training_history"
  )
}

# The name of a metric without the prefix of validation: "val_loss" -> "loss".
base_metric <- function(names) {
  sub("^val_", "", names)
}

print.keras_training_history <- function(x, digits = 4, ...) {
  n <- length(x$epoch)
  if (!n) {
    cat("Training history without an epoch\n")
    return(invisible(x))
  }
  asked <- x$params$epochs
  stopped <- !is.null(asked) && x$epoch[[n]] < asked
  cat("Training history of ", counted(n, "epoch"), if (stopped) {
    paste0(" (stopped after epoch ", x$epoch[[n]], " of ", asked, ")")
  }, "\n", sep = "")
  last <- vapply(x$metrics, function(values) format(values[[length(values)]], digits = digits), "")
  cat(paste0("  ", format(names(last), justify = "right"), ": ", last), sep = "\n")
  invisible(x)
}

#' The history of a training as a data frame
#'
#' @param x A history, as `fit()` returns it.
#' @param row.names,optional As in [as.data.frame()].
#' @param ... Not used.
#' @return One row for each epoch and metric: `epoch`, `value`, `metric`, and `data`, which is
#'   "training" or "validation".
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
#' model |> compile(loss = "mse")
#' history <- model |> fit(1:10, 2 * 1:10, epochs = 2, validation_split = 0.5, verbose = 0)
#' as.data.frame(history)
#' }
as.data.frame.keras_training_history <- function(x, row.names = NULL, optional = FALSE, ...) {
  names <- as.character(names(x$metrics))
  lengths <- lengths(x$metrics)
  is_validation <- startsWith(names, "val_")
  data.frame(
    epoch = unlist(lapply(lengths, epochs_of, history = x), use.names = FALSE),
    value = unlist(x$metrics, use.names = FALSE),
    metric = factor(rep(base_metric(names), lengths), levels = unique(base_metric(names))),
    data = factor(
      rep(ifelse(is_validation, "validation", "training"), lengths),
      levels = c("training", "validation")
    ),
    row.names = row.names
  )
}

# The epochs of a metric with `n` values: validation may run in some epochs only.
epochs_of <- function(n, history) {
  validated <- attr(history, "validated")
  if (n == length(history$epoch)) {
    history$epoch
  } else if (n == length(validated)) {
    validated
  } else {
    # Only the last epochs have the metric: a callback has begun late to add it to the logs.
    utils::tail(history$epoch, n)
  }
}
