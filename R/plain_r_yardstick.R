# Metrics of the package yardstick as metrics of Keras: from targets and predictions to the columns that
# each kind of them takes. Only what yardstick exports and documents is used: the classes of its metrics,
# the attributes of its metric sets, and the columns of the result. The other half is plain_r/metric.py.

#' A metric of yardstick
#'
#' For `metrics` and `weighted_metrics` of [compile()]: a metric function of the package yardstick, such as
#' `yardstick::roc_auc`, or a `metric_set()`, whose metrics are shown by their names. By default it is
#' computed at the end of the epoch and of the validation, over all cases, as [metric_r()] does with
#' `over = "epoch"`.
#'
#' Metrics of classes need the classes: train with a factor, or give `levels`. A target of one-hot rows
#' has the levels "0", "1" and so on, unless `levels` names them. Predictions are probabilities: one column
#' for each level (softmax), or one alone (sigmoid), which is that of the *second* level, since Keras calls
#' it class 1. The predicted class is the most probable one.
#'
#' Of two classes, yardstick measures the *first* level, and so does this function, as
#' `augment(model, data) |> yardstick::pr_auc(truth, .pred_<first level>)` does. Keras' own metrics, such
#' as `metric_precision()`, measure class 1: for these numbers say `event_level = "second"`.
#'
#' Survival metrics need the package survival, and a target with the columns time and status (1: the event,
#' 0: censored). Static metrics take the predictions as times (of a risk, whose order is the opposite, give
#' the model a negative output), and those of linear predictors take them as such. Dynamic and integrated
#' metrics take the probabilities to survive each `eval_time`, one column for each; a dynamic metric has a
#' value for each of several times, such as `brier_survival_12`. The weights for censoring are estimated
#' from `censoring`, by default from the cases that are measured.
#'
#' Where a target, prediction or weight is NaN, the metric is NaN, unless `na_rm = TRUE` is given; so it is
#' where yardstick gives NA with a warning, as for the precision of a class that is not predicted. With
#' `weighted_metrics` the weights are yardstick's `case_weights`.
#'
#' A model in a file has the metric by its name: make the metric before the model is loaded.
#'
#' @param f A metric function or a metric set of yardstick.
#' @param ... Options of a metric function, such as `estimator = "macro"`; of a metric set, `estimator` and
#'   `na_rm`.
#' @param name The name shown, by default that of the function; several values have names of their own.
#' @param event_level `"first"` or `"second"`: which of two levels is measured?
#' @param levels The names of the classes in the order of their codes, for targets that are no factors.
#' @param from_logits Are the predictions logits, for a model whose last layer has no activation?
#' @param eval_time The times of dynamic and integrated survival metrics.
#' @param censoring A matrix with the columns time and status, such as the target of the training.
#' @param over `"epoch"`, or `"batch"`: the mean over batches, which for most of these metrics is another
#'   number.
#' @return A metric of Keras. An error if `f` is no metric of yardstick, or a metric that needs what a model
#'   of Keras doesn't predict.
#' @examples
#' \dontrun{
#' x <- matrix(rnorm(400), ncol = 4)
#' y <- factor(ifelse(x[, 1] + rnorm(100) > 0, "yes", "no"), levels = c("yes", "no"))
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1, activation = "sigmoid")
#' measures <- yardstick::metric_set(yardstick::roc_auc, yardstick::accuracy)
#' model |> compile(loss = "binary_crossentropy", metrics = metric_yardstick(measures))
#' model |> fit(x, y, epochs = 3, validation_split = 0.2, verbose = 0)
#' }
metric_yardstick <- function(f, ..., name = NULL, event_level = c("first", "second"), levels = NULL,
                             from_logits = FALSE, eval_time = NULL, censoring = NULL,
                             over = c("epoch", "batch")) {
  parts <- yardstick_parts(f, name %||% given_name(f, substitute(f), parent.frame())$name)
  settings <- list(
    kinds = vapply(parts, yardstick_kind, ""), levels = if (!is.null(levels)) as.character(levels),
    event_level = match.arg(event_level), from_logits = isTRUE(from_logits), eval_time = eval_time,
    censoring = censoring, options = yardstick_options(f, list(...))
  )
  family <- yardstick_family(parts, settings)
  if (is.null(name)) {
    name <- if (is_metric_set(f)) given_name(f, substitute(f), parent.frame())$name %||% "yardstick"
    name <- name %||% names(parts)
  }
  values <- unlist(Map(value_names, names(parts), settings$kinds, list(eval_time)), use.names = FALSE)
  measure <- function(y_true, y_pred, sample_weight = NULL) {
    data <- yardstick_data(family, settings, y_true, y_pred, sample_weight)
    numbers <- Map(measure_part, list(data), parts, names(parts), list(settings))
    if (is_single) numbers[[1L]] else structure(as.list(unlist(numbers)), names = values)
  }
  is_single <- !is_metric_set(f) && length(values) == 1L
  attr(measure, "py_function_name") <- paste0("yardstick_", name)
  metric <- metric_r(name, measure, over = match.arg(over), values = if (!is_single) values)
  remember_measure(metric, attr(measure, "py_function_name"))
  if (is_single) show_direction(metric, attr(f, "direction", exact = TRUE)) else metric
}

# A model in a file has the function by its name, and finds the one that was made last.
remember_measure <- function(metric, name) {
  known <- py_proxy(import("keras.saving", convert = FALSE)$get_custom_objects(), FALSE)
  py_set_item(known, name, py_proxy(metric, FALSE)$`function`)
}

is_metric_set <- function(f) inherits(f, "metric_set")

# The metrics of a metric or a set by their names.
yardstick_parts <- function(f, name) {
  if (is_metric_set(f)) {
    parts <- attr(f, "metrics", exact = TRUE)
  } else if (inherits(f, "metric") && is.function(f)) {
    if (is.null(name)) {
      stop("metric_yardstick(): a metric without a name needs one: metric_yardstick(f, name = \"...\").",
        call. = FALSE
      )
    }
    parts <- structure(list(f), names = name)
  } else {
    stop("metric_yardstick(): ", if (is.null(name)) "the function" else ticked(name), " is no metric of ",
      "yardstick but ", describe_value(f), ". Give a function of `y_true` and `y_pred` to metric_r().",
      call. = FALSE
    )
  }
  parts
}

# What a metric needs: yardstick's first class of it.
yardstick_kind <- function(part) {
  kind <- class(part)[[1L]]
  sub("_(survival_)?metric$", "", kind)
}

YARDSTICK_FAMILIES <- c(
  class = "classes", prob = "classes", ordered_prob = "classes", numeric = "numbers",
  static = "survival", linear_pred = "survival", dynamic = "survival", integrated = "survival"
)

# "classes", "numbers" or "survival". An error if the metrics can't be computed from one target and one
# output of a model.
yardstick_family <- function(parts, settings) {
  for (name in names(parts)) {
    refuse_part(parts[[name]], name, settings)
  }
  kinds <- unique(settings$kinds)
  families <- unique(unname(YARDSTICK_FAMILIES[kinds]))
  forms <- unique(c(
    static = "times", linear_pred = "linear predictors", dynamic = "probabilities to survive",
    integrated = "probabilities to survive"
  )[kinds])
  if (length(families) > 1L || length(forms) > 1L) {
    stop("metric_yardstick(): one output of a model can't be ",
      paste(if (length(families) > 1L) families else forms, collapse = " and "), " at once, which ",
      ticked(names(parts)), " need: give each to a metric_yardstick() of its own.",
      call. = FALSE
    )
  }
  if (families == "survival" && !requireNamespace("survival", quietly = TRUE)) {
    stop("metric_yardstick(): ", ticked(names(parts)), " need the package survival, which is not ",
      "installed: install.packages(\"survival\").",
      call. = FALSE
    )
  }
  families
}

refuse_part <- function(part, name, settings) {
  label <- paste0("metric_yardstick(): the metric `", name, "`")
  kind <- yardstick_kind(part)
  if (!kind %in% names(YARDSTICK_FAMILIES)) {
    stop(label, " is a `", class(part)[[1L]], "`, which needs another kind of prediction than a model of ",
      "Keras gives: compute it from `y_true` and `y_pred` in a function for metric_r().",
      call. = FALSE
    )
  }
  if (!is.null(attr(part, "by", exact = TRUE))) {
    stop(label, " compares the groups of `", attr(part, "by", exact = TRUE), "`, and a metric of Keras gets ",
      "targets and predictions alone: compute it after the training, from augment(model, data).",
      call. = FALSE
    )
  }
  if ("event_level" %in% attr(part, "static", exact = TRUE)) {
    stop(label, " has an `event_level` by metric_tweak(), and metric_yardstick() chooses the column of ",
      "the event: give the level as metric_yardstick(event_level = ).",
      call. = FALSE
    )
  }
  if (kind %in% c("dynamic", "integrated")) {
    refuse_times(settings$eval_time, label)
  }
}

refuse_times <- function(eval_time, label) {
  if (is.null(eval_time)) {
    stop(label, " needs `eval_time`, the times at which the model predicts the probability of survival.",
      call. = FALSE
    )
  }
  if (!is.numeric(eval_time) || !length(eval_time) || anyNA(eval_time) || any(eval_time < 0) ||
    is.unsorted(eval_time, strictly = TRUE)) {
    stop(label, ": `eval_time` must be times from 0 in ascending order.", call. = FALSE)
  }
}

# The options for yardstick's functions; what comes from the data is none.
yardstick_options <- function(f, options) {
  given <- names(options) %||% character(length(options))
  if (!all(nzchar(given))) {
    stop("metric_yardstick(): the options of a metric have names, as in `estimator = \"macro\"`.",
      call. = FALSE
    )
  }
  own <- intersect(given, c("data", "truth", "estimate", "case_weights", "pred_time"))
  if (length(own)) {
    stop("metric_yardstick(): `", own[[1L]], "` is no option, since it comes from the model.", call. = FALSE)
  }
  refuse_unknown_option(f, given)
  beyond <- setdiff(given, c("estimator", "na_rm"))
  if (is_metric_set(f) && length(beyond)) {
    stop("metric_yardstick(): `", beyond[[1L]], "` is an option of a single metric: set it with ",
      "yardstick::metric_tweak() before metric_set().",
      call. = FALSE
    )
  }
  options
}

# A metric of yardstick takes any option, and does without those that it does not know.
refuse_unknown_option <- function(f, given) {
  known <- setdiff(metric_formals(f), c("data", "truth", "estimate", "..."))
  unknown <- setdiff(given, known)
  if (is_metric_set(f) || !length(known) || !length(unknown)) {
    return(invisible())
  }
  nearest <- nearest_name(unknown[[1L]], known)
  stop("metric_yardstick(): the metric has no option `", unknown[[1L]], "`",
    if (is.null(nearest)) "." else paste0("; did you mean `", nearest, "`?"),
    call. = FALSE
  )
}

# The arguments of a metric for a data frame; none where they can't be told.
metric_formals <- function(f) {
  code <- body(f)
  generic <- Find(function(x) is.call(x) && identical(x[[1L]], quote(UseMethod)), c(list(code), as.list(code)))
  method <- f
  if (!is.null(generic) && is_string(generic[[2L]])) {
    method <- utils::getS3method(generic[[2L]], "data.frame", optional = TRUE, envir = environment(f))
  }
  found <- names(formals(method %||% f))
  if ("truth" %in% found) found else character()
}

# The names of the numbers of a metric.
value_names <- function(name, kind, eval_time) {
  if (kind == "dynamic" && length(eval_time) > 1L) {
    return(paste0(name, "_", format(eval_time, trim = TRUE, drop0trailing = TRUE, digits = 15L)))
  }
  name
}

# Callbacks that monitor the metric know whether more is better.
show_direction <- function(metric, direction) {
  to <- c(maximize = "up", minimize = "down")
  if (is_string(direction) && direction %in% names(to)) {
    py_set_attr(metric, "_direction", to[[direction]])
  }
  metric
}

# ---- a call --------------------------------------------------------------------------------------

# The table for the metrics of a family, and in which of its columns the probabilities of each kind are.
yardstick_data <- function(family, settings, y_true, y_pred, sample_weight) {
  table <- switch(family,
    numbers = number_columns(y_true, y_pred),
    classes = class_columns(y_true, y_pred, settings),
    survival = survival_columns(y_true, y_pred, settings)
  )
  n <- NROW(table$columns$truth)
  if (!is.null(sample_weight)) {
    table$columns$case_weights <- as.double(sample_weight)
  }
  table$is_weighted <- !is.null(sample_weight)
  table$has_nan <- anyNA(y_true, recursive = TRUE) || anyNA(y_pred) || anyNA(sample_weight)
  table$frame <- columns_frame(table$columns, n)
  table
}

number_columns <- function(y_true, y_pred) {
  for (given in list(y_true, y_pred)) {
    if (!is.null(dim(given)) || is.factor(given)) {
      stop("a metric of numbers takes one number for each case as target and as prediction, and ",
        if (is.factor(y_true)) {
          "the target is a factor"
        } else {
          paste0("there are ", counted(NCOL(y_true), "target"), " and ", counted(NCOL(y_pred), "prediction"))
        }, ".",
        call. = FALSE
      )
    }
  }
  list(columns = list(truth = as.double(y_true), estimate = as.double(y_pred)))
}

# yardstick measures the first of two levels, so the levels are turned where it is to be the second one.
class_columns <- function(y_true, y_pred, settings) {
  truth <- true_classes(y_true, settings$levels)
  p <- class_probabilities(y_pred, levels(truth), settings$from_logits)
  estimate <- predicted_classes(p)
  order <- levels(truth)
  if (length(order) == 2L && settings$event_level == "second") {
    order <- rev(order)
  }
  ordered <- "ordered_prob" %in% settings$kinds
  columns <- list(truth = factor(truth, order, ordered = ordered))
  columns$estimate <- factor(estimate, order, ordered = ordered)
  probabilities <- paste0(".pred_", order)
  columns[probabilities] <- lapply(order, function(level) p[, level])
  list(
    columns = columns, ordered_prob = probabilities,
    prob = if (length(order) == 2L) probabilities[[1L]] else probabilities
  )
}

survival_columns <- function(y_true, y_pred, settings) {
  columns <- list(truth = as_survival(y_true))
  if (any(settings$kinds %in% c("dynamic", "integrated"))) {
    censoring <- if (is.null(settings$censoring)) y_true else as.matrix(settings$censoring)
    columns$.pred <- survival_curves(y_pred, y_true, settings$eval_time, censoring)
  } else if (!is.null(dim(y_pred))) {
    stop("the metric takes one prediction for each case, and there are ", ncol(y_pred), ".", call. = FALSE)
  } else {
    columns$estimate <- as.double(y_pred)
  }
  list(columns = columns, dynamic = ".pred", integrated = ".pred")
}

# The number of one metric, or its numbers for several times.
measure_part <- function(data, part, name, settings) {
  kind <- yardstick_kind(part)
  options <- settings$options
  if (identical(options$estimator, "micro") && length(settings$kinds) > 1L && kind != "class") {
    options$estimator <- NULL # as yardstick's own sets do, since no metric of probabilities has it
  }
  options$na_rm <- isTRUE(options$na_rm)
  options <- options[setdiff(names(options), attr(part, "static", exact = TRUE))]
  if (data$has_nan && identical(options$na_rm, FALSE)) {
    return(rep(NaN, length(value_names(name, kind, settings$eval_time))))
  }
  columns <- if (is.null(data[[kind]])) list(estimate = quote(estimate)) else lapply(data[[kind]], as.name)
  weights <- if (data$is_weighted) list(case_weights = quote(case_weights))
  code <- as.call(c(list(part, data$frame, truth = quote(truth)), columns, weights, options))
  # The option chose the level of the event in yardstick's past.
  former <- options(yardstick.event_first = NULL)
  on.exit(options(former))
  table <- tryCatch(eval(code, baseenv()), error = function(e) {
    stop("`", name, "` of yardstick says: ", trimws(conditionMessage(e)), call. = FALSE)
  })
  estimates_of(table, name, kind, settings$eval_time)
}

# yardstick's NA is a number that is not defined.
estimates_of <- function(table, name, kind, eval_time) {
  values <- if (is.data.frame(table)) table[[".estimate"]]
  if (kind == "dynamic") {
    values <- if (is.list(values)) values[[1L]] else table
    values <- values[[".estimate"]][match(eval_time, values[[".eval_time"]])]
  }
  if (!is.numeric(values) || length(values) != length(value_names(name, kind, eval_time))) {
    stop("`", name, "` of yardstick gave no number in a column `.estimate`.", call. = FALSE)
  }
  values <- as.double(values)
  values[is.na(values)] <- NaN
  values
}
