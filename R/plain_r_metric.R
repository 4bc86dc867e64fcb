# Metrics of plain R functions: what such a function may look like, how it is called, and what it may
# return. The other half is plain_r/metric.py.

#' A metric in plain R
#'
#' For `metrics` and `weighted_metrics` of [compile()]. The function gets R's values, never tensors, so
#' any R code works in it, also in compiled training and on every backend: `quantile()`, a function of
#' a package, a loop. Operations of Keras (`op_*`) are an error there.
#'
#' `y_true` and `y_pred` are a vector for one column, else a matrix or an array with the cases in
#' rows. `y_true` is a factor if the model is trained or evaluated with one; then the columns of a
#' matrix `y_pred` are named by its levels. A function with an argument `sample_weight` gets the weights of the cases
#' as a vector, in `weighted_metrics` if there are any. Time steps that a mask leaves out are among the
#' cases, which some metrics of Keras leave out, too; and batches of a ragged tensor are an error.
#'
#' With `over = "batch"` the function is called for each batch, and the metric is the mean of these
#' values, weighted by the number of cases, or by the sum of `sample_weight` if the function takes it.
#' With `over = "epoch"` the cases are kept, and the function is called once at the end of the epoch,
#' and of the validation, with all of them in the order of the batches; until then the metric is NaN.
#'
#' A named list, or a vector with names, gives several metrics, shown under these names. Compiled code
#' must know the names beforehand: they are read from the code of a function that ends with
#' `list(a = ..., b = ...)` or `c(a = ..., b = ...)`; else give them as `values`.
#'
#' An error in the function, and a result that is no number, NA, of another length or of other names,
#' end the training after the step, with the weights of that step; NaN and Inf are numbers. A model
#' in a file has the function by its name, as it has others ([register_keras_serializable()]), and a function
#' of a package by both names, as in `stats::cor`. An object whose class says what its numbers mean, such as
#' a difftime, a date, a factor or an integer64, is no number: return `as.numeric()` of it.
#'
#' On TensorFlow and JAX the function is called after each step, with the predictions that the step
#' returns. Within the step it is called where the model has a `train_step()` of its own, and on
#' TensorFlow where `steps_per_execution` makes several steps one, which XLA then can't compile.
#'
#' @param name String, the name shown; or the function, whose name it is then.
#' @param f A function of `y_true` and `y_pred`, in this order, and perhaps `sample_weight`, that gives a
#'   number or a named list of numbers. Further arguments must have defaults.
#' @param over `"batch"` or `"epoch"`.
#' @param values The names of the numbers, if the code doesn't tell them.
#' @param max_rows,max_mb How many cases, and megabytes of them, are kept at most with
#'   `over = "epoch"`; more are an error.
#' @param dtype The type in which means over batches are computed; `NULL` is `"float32"`.
#' @return A metric of Keras, for one place in [compile()] only. Its methods
#'   `update_state(y_true, y_pred, sample_weight)`, `result()` and `reset_state()` can be called directly,
#'   too.
#' @examples
#' \dontrun{
#' auc <- function(y_true, y_pred) { # by ranks; Hanley and McNeil (1982), Radiology 143, 29-36
#'   cases <- y_true == 1
#'   (mean(rank(y_pred)[cases]) - (sum(cases) + 1) / 2) / sum(!cases)
#' }
#' x <- matrix(rnorm(400), ncol = 4)
#' y <- rbinom(100, 1, plogis(x[, 1]))
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1, activation = "sigmoid")
#' model |> compile(loss = "binary_crossentropy", metrics = metric_r("auc", auc, over = "epoch"))
#' model |> fit(x, y, epochs = 3, validation_split = 0.2, verbose = 0)
#' }
metric_r <- function(name, f, over = c("batch", "epoch"), values = NULL, max_rows = 1e7,
                     max_mb = 2000, dtype = NULL) {
  code <- substitute(f)
  if (missing(f)) {
    code <- substitute(name)
    f <- name
    name <- if (is.function(f)) given_name(f, code, parent.frame())$name
    if (is.null(name)) {
      stop("metric_r(): a function without a name needs one: metric_r(\"name\", f).", call. = FALSE)
    }
  }
  if (!is_string(name) || !nzchar(name)) {
    stop("metric_r(): `name` must be a string, not ", describe_value(name), ".", call. = FALSE)
  }
  over <- if (missing(over)) "batch" else over
  check_metric_arguments(name, f, over, list(max_rows = max_rows, max_mb = max_mb))
  facts <- metric_facts(f, name, values)
  given <- given_name(f, code, parent.frame())
  fn <- named_function(f, if (isTRUE(given$sure)) given else list(name = name, sure = TRUE))
  keras_module("plain_r.metric")$RMetric(
    fn, name, over, facts[[2L]], max_rows, max_mb, dtype
  )
}

check_metric_arguments <- function(name, f, over, bounds) {
  abort <- function(...) {
    stop("metric_r(): the metric `", name, "`", ..., ".", call. = FALSE)
  }
  if (!is_r_function(f)) {
    abort(" needs a function of R, not ", describe_metric_function(f))
  }
  if (!is_string(over) || !over %in% c("batch", "epoch")) {
    abort(": `over` must be \"batch\" or \"epoch\", not ", describe_value(over))
  }
  for (bound in names(bounds)) {
    value <- bounds[[bound]]
    if (!is.numeric(value) || length(value) != 1L || is.na(value) || value <= 0) {
      abort(": `", bound, "` must be a positive number, not ", describe_value(value))
    }
  }
}

describe_metric_function <- function(f) {
  name <- attr(f, "keras_name", exact = TRUE)
  if (is_string(name)) paste0("`", name, "()` of Keras") else describe_value(f)
}

# ---- what the function is ------------------------------------------------------------------------

# Does `f` take weights, and the names of what it returns (a list; NULL for one number).
metric_facts <- function(f, name, values = NULL) {
  label <- paste0("metric_r(): the metric `", name, "`")
  values <- announced_values(f, values, label)
  if (is.null(values)) {
    check_value_names(name, label)
  }
  list(weight_argument(f, paste0("metric_r(): the function of the metric `", name, "`")), values)
}

# Is there an argument `sample_weight`? "needed" if it has no default. An error if Keras can't call `f`.
weight_argument <- function(f, label) {
  formals <- formals(args(f))
  given <- names(formals)
  first <- utils::head(given, 2L)
  if (!"..." %in% first && (length(first) < 2L || "sample_weight" %in% first)) {
    stop(label, " must take `y_true` and `y_pred`, and it has ", if (length(given)) {
      paste0("the arguments ", ticked(given))
    } else {
      "no arguments"
    }, ".", call. = FALSE)
  }
  refuse_order(label, given, c("y_true", "y_pred"))
  needed <- given[vapply(formals, identical, NA, quote(expr = ))]
  beyond <- setdiff(needed, c(first, "...", "sample_weight"))
  if (length(beyond)) {
    stop(label, " is called with `y_true`, `y_pred` and perhaps `sample_weight`, so its argument `",
      beyond[[1L]], "` needs a default.",
      call. = FALSE
    )
  }
  if ("sample_weight" %in% needed) "needed" else "sample_weight" %in% given
}

# The names of the numbers that `f` returns, as a list: `values`, or what its code says; NULL for one
# number.
announced_values <- function(f, values, label) {
  if (is.null(values)) {
    values <- if (is.function(f) && !is.primitive(f)) result_names(body(f))
  } else {
    values <- as_strings(values)
    if (!length(values) || anyNA(values) || !all(nzchar(values))) {
      stop(label, ": `values` must be the names of the numbers that it returns.", call. = FALSE)
    }
  }
  check_value_names(values, label)
  if (length(values)) as.list(values)
}

check_value_names <- function(values, label) {
  if (anyDuplicated(values)) {
    stop(label, " has two values `", values[[anyDuplicated(values)]], "`.", call. = FALSE)
  }
  for (value in values) {
    taken <- name_in_logs(value)
    if (!is.null(taken)) {
      stop(label, " has a value `", value, "`, which is what Keras calls ", taken, ": use another name.",
        call. = FALSE
      )
    }
  }
}

# What Keras or a callback of it puts into the logs by this name, over a metric's number; NULL if nothing.
name_in_logs <- function(name) {
  if (name == "loss") {
    "the loss"
  } else if (name == "learning_rate") {
    "the learning rate in the logs of its callbacks"
  } else if (startsWith(name, "val_")) {
    of <- substring(name, 5L)
    if (of == "loss") "the loss of the validation" else paste0("the number `", of, "` of the validation")
  }
}

# The names of the list or vector that code ends with, if it is written out; NULL if it is not.
result_names <- function(code) {
  if (!is.call(code)) {
    return(NULL)
  }
  n <- length(code)
  switch(call_head(code),
    "{" = if (n > 1L) block_names(as.list(code)[-1L]),
    "(" = result_names(code[[2L]]),
    "return" = if (n == 2L) result_names(code[[2L]]),
    "invisible" = if (n == 2L) result_names(code[[2L]]),
    "if" = {
      either <- lapply(as.list(code)[-(1:2)], result_names)
      either <- either[lengths(either) > 0L]
      same <- vapply(either, function(names) setequal(names, either[[1L]]), NA)
      if (length(either) && all(same)) either[[1L]]
    },
    "list" = ,
    "c" = if (n > 1L && all(has_name(as.list(code)[-1L]))) names(code)[-1L]
  )
}

# Of the last expression; of a variable, of what is assigned to it last.
block_names <- function(codes) {
  last <- codes[[length(codes)]]
  if (!is.symbol(last)) {
    return(result_names(last))
  }
  for (code in rev(codes)) {
    if (call_head(code) %in% c("<-", "=") && identical(code[[2L]], last)) {
      return(result_names(code[[3L]]))
    }
  }
}

# ---- a call --------------------------------------------------------------------------------------

# The call that errors show, `name(y_true, y_pred)`, and the function that makes it.
metric_code <- function(name, is_weighted) {
  code <- call(name, quote(y_true), quote(y_pred))
  if (is_weighted) {
    code$sample_weight <- quote(sample_weight)
  }
  code
}

metric_caller <- function(f, name, code, arguments) {
  caller <- function() NULL
  formals(caller) <- structure(rep(list(quote(expr = )), length(arguments)), names = unlist(arguments))
  body(caller) <- code
  environment(caller) <- list2env(structure(list(f), names = name), parent = baseenv())
  caller
}

result_code <- function() quote(result())

plain_prediction <- function(y_pred, levels) {
  if (length(levels) && length(dim(y_pred)) == 2L && ncol(y_pred) == length(levels)) {
    colnames(y_pred) <- levels
  }
  y_pred
}

# The double vector for a result, in the order of `values`; an error that shows the call `code` if it is
# no such numbers.
metric_numbers <- function(result, values, label, code = NULL) {
  abort <- function(...) {
    stop(simpleError(paste0(label, ...), code))
  }
  if (is.null(values)) {
    return(metric_number(result, abort))
  }
  if (is.atomic(result) && is.object(result) && !are_numbers(result)) { # `[[` may drop the class
    abort(" gave ", described_result(result), ", not numbers", number_remedy(result), ".")
  }
  is_listed <- is.list(result) || is.atomic(result) && !is.null(result)
  if (!is_listed || !setequal(names(result), values) || length(result) != length(values)) {
    abort(" gave ", described_result(result), ", not the numbers ", ticked(values), ".")
  }
  vapply(values, function(value) {
    metric_number(result[[value]], function(...) abort(", value `", value, "`,", ...))
  }, 0, USE.NAMES = FALSE)
}

metric_number <- function(x, abort) {
  if (length(x) && !is.null(names(x)) && all(has_name(x)) && (is.list(x) || length(x) > 1L)) {
    abort(
      " gave the numbers ", ticked(names(x)), ", whose names must be known before it is called: give ",
      "them as `values = c(", quoted(names(x)), ")`."
    )
  }
  if (!are_numbers(x) || length(x) != 1L) {
    abort(" gave ", described_result(x), ", not a number", if (length(x) == 1L) number_remedy(x), ".")
  }
  x <- as.double(unclass(x))
  if (is.na(x) && !is.nan(x)) {
    abort(" gave NA, not a number.")
  }
  x
}

described_result <- function(x) {
  if (is.atomic(x) && length(x) > 1L && (!is.object(x) || are_numbers(x)) ||
    is.list(x) && !is.object(x)) {
    kind <- if (is.list(x)) "list" else paste(typeof(x), "vector")
    named <- if (length(x) && all(has_name(x))) paste0(" with the names ", ticked(names(x)))
    paste0("a ", kind, " of length ", length(x), named)
  } else {
    describe_value(x)
  }
}

# ---- classes -------------------------------------------------------------------------------------

# The bases and keywords of a class that Metric(eager = TRUE) makes, or whose base is one. `members` are
# its public members.
eager_class <- function(name, members, bases, values) {
  module <- keras_module("plain_r.metric_class")
  bases <- as.list(module$eager_bases(name, unname(bases)))
  needed <- setdiff(c("update_state", "result", "reset_state"), names(members))
  for (method in Filter(function(method) !inherits_plain_method(bases, method), needed)) {
    abort_class(
      name, "with `eager = TRUE` it needs a method `", method, "`", if (method == "reset_state") {
        ", which sets what `update_state` keeps in `self` or `private` back for each epoch"
      }, ". Write `", method, " = function(", if (method == "update_state") {
        "y_true, y_pred, sample_weight = NULL"
      }, ") ...`.",
      member = method
    )
  }
  if (is.function(members$update_state)) {
    given <- setdiff(names(formals(members$update_state)), "self")
    refuse_order(paste0("Class `", name, "`: `update_state`"), given, c("y_true", "y_pred"))
  }
  values <- announced_values(members$result, values, paste0("Class `", name, "`"))
  list(bases = bases, keywords = if (!is.null(values)) list(values = values) else list())
}

inherits_plain_method <- function(bases, method) {
  any(vapply(bases, function(base) for_r$has_attr(base, "__r_class__"), NA))
}
