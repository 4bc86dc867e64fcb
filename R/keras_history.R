# The history of a training: what fit() returns. It prints, plots and is a data frame on demand.
# A list of `params`, `metrics` (a number for each epoch, by name) and `epoch`, counted from 1.

training_history <- function(result) {
  metrics <- lapply(as.list(result$metrics), function(values) unlist(as.list(values)))
  structure(
    list(
      params = as.list(result$params), metrics = metrics,
      epoch = as.integer(unlist(result$epoch))
    ),
    class = "keras_training_history"
  )
}

# `val_loss` is the validation of `loss`.
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
  names <- names(x$metrics)
  lengths <- lengths(x$metrics)
  is_validation <- startsWith(names, "val_")
  data.frame(
    # Validation may run in some epochs only: every k-th, so the last ones fit.
    epoch = unlist(lapply(lengths, epochs_of, epochs = x$epoch), use.names = FALSE),
    value = unlist(x$metrics, use.names = FALSE),
    metric = factor(rep(base_metric(names), lengths), levels = unique(base_metric(names))),
    data = factor(
      rep(ifelse(is_validation, "validation", "training"), lengths),
      levels = c("training", "validation")
    ),
    row.names = row.names
  )
}

epochs_of <- function(n, epochs) {
  if (!n) {
    return(integer())
  }
  every <- max(1L, length(epochs) %/% n)
  epochs[seq_len(n) * every]
}

#' Plot the history of a training
#'
#' One panel for each metric, with the training and, if there is one, the validation curve. It
#' draws on the current device, so it works wherever R plots. A metric that the history does not
#' have is an error.
#'
#' @param x A history, as `fit()` returns it.
#' @param metrics Names of the metrics to show; default: all.
#' @param ... Graphical parameters of the curves.
#' @return The history, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
#' model |> compile(loss = "mse", metrics = "mae")
#' history <- model |> fit(1:10, 2 * 1:10, epochs = 5, verbose = 0)
#' plot(history, metrics = "mae")
#' }
plot.keras_training_history <- function(x, metrics = NULL, ...) {
  data <- as.data.frame(x)
  shown <- if (is.null(metrics)) levels(data$metric) else base_metric(metrics)
  unknown <- setdiff(shown, levels(data$metric))
  if (length(unknown)) {
    stop("plot(): the history has no metric `", unknown[[1L]], "`.", call. = FALSE)
  }
  rows <- min(length(shown), 3L)
  old <- graphics::par(
    mfrow = c(rows, ceiling(length(shown) / rows)),
    mar = c(2.6, 3.4, 1.8, 1), oma = c(1.6, 0, 0, 0),
    mgp = c(2.2, 0.6, 0), las = 1, tcl = -0.3
  )
  on.exit(graphics::par(old))
  for (metric in shown) {
    plot_metric(data[data$metric == metric, ], metric, ...)
  }
  graphics::mtext("epoch", side = 1, outer = TRUE, line = 0.3, cex = 0.8)
  invisible(x)
}

history_colours <- c(training = "#1f77b4", validation = "#d9541a")

plot_metric <- function(data, metric, ...) {
  finite <- is.finite(data$value)
  graphics::plot(
    range(data$epoch) + c(0, if (length(unique(data$epoch)) == 1L) 1 else 0),
    if (any(finite)) range(data$value[finite]) else c(0, 1),
    type = "n", xlab = "", ylab = "", bty = "n", xaxt = "n",
    main = metric, font.main = 1, cex.main = 1.1
  )
  ticks <- pretty(data$epoch)
  graphics::axis(1, at = ticks[ticks == trunc(ticks)])
  graphics::grid(col = "grey88", lty = 1)
  present <- levels(droplevels(data$data))
  for (kind in present) {
    part <- data[data$data == kind, ]
    graphics::lines(
      part$epoch, part$value,
      col = history_colours[[kind]], type = "o", pch = 20, cex = 0.7, lwd = 2, ...
    )
  }
  if (length(present) > 1L) {
    graphics::legend(
      legend_place(data),
      legend = present, col = history_colours[present], lwd = 2, bty = "n", cex = 0.9
    )
  }
}

# The corner that a falling or a rising curve leaves free.
legend_place <- function(data) {
  first <- data$value[[1L]]
  last <- data$value[data$data == data$data[[1L]]]
  if (isTRUE(last[[length(last)]] > first)) "bottomright" else "topright"
}
