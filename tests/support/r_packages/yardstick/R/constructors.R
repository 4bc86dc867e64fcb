# What tests need of yardstick where it is not installed: the constructors of its metrics with their
# classes and attributes, metric_set(), metric_tweak(), and some metrics of each class. Written from
# yardstick's documented interface (version 1.3). It can't show: selections other than bare names, groups,
# the `_vec()` functions, the texts of yardstick's errors and warnings, its checks of types, and whether a
# later yardstick changes its interface. Where yardstick is installed, the tests use it.

new_metric <- function(fn, direction, class) {
  structure(fn, direction = direction, class = c(class, "metric", "function"))
}
new_numeric_metric <- function(fn, direction) new_metric(fn, direction, "numeric_metric")
new_class_metric <- function(fn, direction) new_metric(fn, direction, "class_metric")
new_prob_metric <- function(fn, direction) new_metric(fn, direction, "prob_metric")
new_ordered_prob_metric <- function(fn, direction) new_metric(fn, direction, "ordered_prob_metric")
new_static_survival_metric <- function(fn, direction) new_metric(fn, direction, "static_survival_metric")
new_dynamic_survival_metric <- function(fn, direction) new_metric(fn, direction, "dynamic_survival_metric")
new_integrated_survival_metric <- function(fn, direction) {
  new_metric(fn, direction, "integrated_survival_metric")
}
new_linear_pred_survival_metric <- function(fn, direction) {
  new_metric(fn, direction, "linear_pred_survival_metric")
}
new_quantile_metric <- function(fn, direction) new_metric(fn, direction, "quantile_metric")

# A set is a function, too, which these tests don't call.
metric_set <- function(...) {
  fns <- list(...)
  codes <- as.list(substitute(list(...)))[-1L]
  labels <- sub("^.*::", "", vapply(codes, function(code) paste(deparse(code), collapse = ""), ""))
  given <- names(fns)
  if (is.null(given)) given <- character(length(fns))
  names(fns) <- ifelse(nzchar(given), given, labels)
  first <- class(fns[[1L]])[[1L]]
  kind <- if (first == "numeric_metric") {
    "numeric_metric_set"
  } else if (grepl("survival", first)) {
    "survival_metric_set"
  } else {
    "class_prob_metric_set"
  }
  set <- function(data, truth, ...) stop("the stand-in of yardstick computes no set")
  structure(set, class = c(kind, "metric_set", "function"), metrics = fns)
}

metric_tweak <- function(.name, .fn, ...) {
  fixed <- list(...)
  out <- function(...) {
    table <- eval(as.call(c(list(.fn), as.list(sys.call())[-1L], fixed)), parent.frame())
    table$.metric <- .name
    table
  }
  structure(out, static = names(fixed), class = class(.fn), direction = attr(.fn, "direction"))
}

# ---- what the metrics share ----------------------------------------------------------------------

column <- function(data, code) {
  if (is.null(code)) NULL else data[[as.character(code)]]
}

one_row <- function(.metric, .estimator, .estimate) {
  data.frame(.metric = .metric, .estimator = .estimator, .estimate = .estimate)
}

# Without the cases that have NA, or NA for all if they are to stay.
complete <- function(truth, estimate, weights, na_rm, compute) {
  if (is.null(weights)) weights <- rep(1, NROW(truth))
  estimate <- as.matrix(if (is.factor(estimate)) as.integer(estimate) else estimate)
  keep <- !is.na(rowSums(estimate)) & !is.na(weights) & !is.na(if (is.factor(truth)) truth else rowSums(
    as.matrix(unclass(truth))
  ))
  if (!na_rm && !all(keep)) {
    return(NA_real_)
  }
  compute(truth[keep], estimate[keep, , drop = FALSE], weights[keep])
}
