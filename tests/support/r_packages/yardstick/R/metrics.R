# Some metrics of each class.

rmse <- new_numeric_metric(function(data, ...) UseMethod("rmse"), "minimize")
rmse.data.frame <- function(data, truth, estimate, na_rm = TRUE, case_weights = NULL, ...) {
  value <- complete(
    column(data, substitute(truth)), column(data, substitute(estimate)),
    column(data, substitute(case_weights)), na_rm,
    function(y, p, w) sqrt(stats::weighted.mean((y - p[, 1L])^2, w))
  )
  one_row("rmse", "standard", value)
}

mae <- new_numeric_metric(function(data, ...) UseMethod("mae"), "minimize")
mae.data.frame <- function(data, truth, estimate, na_rm = TRUE, case_weights = NULL, ...) {
  value <- complete(
    column(data, substitute(truth)), column(data, substitute(estimate)),
    column(data, substitute(case_weights)), na_rm,
    function(y, p, w) stats::weighted.mean(abs(y - p[, 1L]), w)
  )
  one_row("mae", "standard", value)
}

rsq <- new_numeric_metric(function(data, ...) UseMethod("rsq"), "maximize")
rsq.data.frame <- function(data, truth, estimate, na_rm = TRUE, case_weights = NULL, ...) {
  value <- complete(
    column(data, substitute(truth)), column(data, substitute(estimate)),
    column(data, substitute(case_weights)), na_rm,
    function(y, p, w) stats::cov.wt(cbind(y, p[, 1L]), w, cor = TRUE)$cor[1L, 2L]^2
  )
  one_row("rsq", "standard", value)
}

accuracy <- new_class_metric(function(data, ...) UseMethod("accuracy"), "maximize")
accuracy.data.frame <- function(data, truth, estimate, na_rm = TRUE, case_weights = NULL, ...) {
  truth <- column(data, substitute(truth))
  value <- complete(truth, same_levels(truth, column(data, substitute(estimate))),
    column(data, substitute(case_weights)), na_rm,
    function(y, p, w) stats::weighted.mean(as.integer(y) == p[, 1L], w)
  )
  one_row("accuracy", "multiclass", value)
}

same_levels <- function(truth, estimate) {
  if (!is.factor(truth) || !is.factor(estimate) || !identical(levels(truth), levels(estimate))) {
    stop("`truth` and `estimate` levels must be equivalent.")
  }
  estimate
}

# By class, of one class, or the mean over classes.
by_class <- function(name, share, data, truth, estimate, weights, estimator, na_rm, event_level) {
  n <- nlevels(truth)
  if (is.null(estimator)) estimator <- if (n == 2L) "binary" else "macro"
  value <- complete(truth, same_levels(truth, estimate), weights, na_rm, function(y, p, w) {
    y <- as.integer(y)
    each <- vapply(seq_len(n), function(class) share(y == class, p[, 1L] == class, w), 0)
    if (estimator == "binary") {
      each[[if (event_level == "first") 1L else 2L]]
    } else if (estimator == "macro") {
      mean(each)
    } else {
      stats::weighted.mean(each, vapply(seq_len(n), function(class) sum(w[y == class]), 0))
    }
  })
  one_row(name, estimator, value)
}

sens <- new_class_metric(function(data, ...) UseMethod("sens"), "maximize")
sens.data.frame <- function(data, truth, estimate, estimator = NULL, na_rm = TRUE, case_weights = NULL,
                            event_level = "first", ...) {
  by_class("sens", function(y, p, w) sum(w[y & p]) / sum(w[y]), data, column(data, substitute(truth)),
    column(data, substitute(estimate)), column(data, substitute(case_weights)), estimator, na_rm, event_level
  )
}

precision <- new_class_metric(function(data, ...) UseMethod("precision"), "maximize")
precision.data.frame <- function(data, truth, estimate, estimator = NULL, na_rm = TRUE,
                                 case_weights = NULL, event_level = "first", ...) {
  share <- function(y, p, w) {
    if (!any(p)) {
      warning("no predicted events were detected")
      return(NA_real_)
    }
    sum(w[y & p]) / sum(w[p])
  }
  by_class("precision", share, data, column(data, substitute(truth)),
    column(data, substitute(estimate)), column(data, substitute(case_weights)), estimator, na_rm, event_level
  )
}

# ---- probabilities of classes --------------------------------------------------------------------

# Options that a metric does not have are among the columns, by name, and have no effect.
probabilities <- function(data, codes, n) {
  columns <- data[column_names(codes)]
  if (length(columns) != (if (n == 2L) 1L else n)) {
    stop("The number of levels in `truth` (", n, ") must match the number of columns supplied in `...` (",
      length(columns), ").")
  }
  as.matrix(columns)
}

column_names <- function(codes) {
  if (!is.null(names(codes))) codes <- codes[!names(codes) %in% c("estimator", "event_level")]
  vapply(codes, as.character, "")
}

roc_auc <- new_prob_metric(function(data, ...) UseMethod("roc_auc"), "maximize")
roc_auc.data.frame <- function(data, truth, ..., estimator = NULL, na_rm = TRUE, event_level = "first",
                               case_weights = NULL) {
  truth <- column(data, substitute(truth))
  n <- nlevels(truth)
  weights <- column(data, substitute(case_weights))
  p <- probabilities(data, eval(substitute(alist(...))), n)
  if (is.null(estimator)) {
    estimator <- if (n == 2L) "binary" else if (is.null(weights)) "hand_till" else "macro"
  }
  value <- complete(truth, p, weights, na_rm, function(y, p, w) {
    y <- as.integer(y)
    event <- if (event_level == "first") 1L else 2L
    if (estimator == "binary") {
      auc(y == event, p[, 1L], w)
    } else if (estimator == "hand_till") {
      mean(utils::combn(n, 2L, function(ij) {
        here <- y %in% ij
        (auc(y[here] == ij[[1L]], p[here, ij[[1L]]], w[here]) +
          auc(y[here] == ij[[2L]], p[here, ij[[2L]]], w[here])) / 2
      }))
    } else {
      mean(vapply(seq_len(n), function(class) auc(y == class, p[, class], w), 0))
    }
  })
  one_row("roc_auc", estimator, value)
}

auc <- function(y, p, w) {
  if (!any(y) || all(y)) {
    warning("No event or no control observations were detected in `truth`")
    return(NA_real_)
  }
  higher <- outer(p[y], p[!y], ">") + outer(p[y], p[!y], "==") / 2
  pairs <- outer(w[y], w[!y])
  sum(higher * pairs) / sum(pairs)
}

pr_auc <- new_prob_metric(function(data, ...) UseMethod("pr_auc"), "maximize")
pr_auc.data.frame <- function(data, truth, ..., estimator = NULL, na_rm = TRUE, event_level = "first",
                              case_weights = NULL) {
  truth <- column(data, substitute(truth))
  p <- probabilities(data, eval(substitute(alist(...))), nlevels(truth))
  value <- complete(truth, p, column(data, substitute(case_weights)), na_rm, function(y, p, w) {
    y <- as.integer(y) == if (event_level == "first") 1L else 2L
    cuts <- sort(unique(p[, 1L]), decreasing = TRUE)
    recall <- c(0, vapply(cuts, function(cut) sum(w[y & p[, 1L] >= cut]) / sum(w[y]), 0))
    precision <- c(1, vapply(cuts, function(cut) sum(w[y & p[, 1L] >= cut]) / sum(w[p[, 1L] >= cut]), 0))
    sum(diff(recall) * (precision[-1L] + precision[-length(precision)]) / 2)
  })
  one_row("pr_auc", "binary", value)
}

mn_log_loss <- new_prob_metric(function(data, ...) UseMethod("mn_log_loss"), "minimize")
mn_log_loss.data.frame <- function(data, truth, ..., na_rm = TRUE, sum = FALSE, event_level = "first",
                                   case_weights = NULL) {
  truth <- column(data, substitute(truth))
  n <- nlevels(truth)
  p <- probabilities(data, eval(substitute(alist(...))), n)
  value <- complete(truth, p, column(data, substitute(case_weights)), na_rm, function(y, p, w) {
    y <- as.integer(y)
    if (n == 2L) p <- if (event_level == "first") cbind(p, 1 - p) else cbind(1 - p, p)
    each <- -log(pmin(pmax(p[cbind(seq_along(y), y)], .Machine$double.eps), 1 - .Machine$double.eps))
    if (sum) base::sum(each * w) else stats::weighted.mean(each, w)
  })
  one_row("mn_log_loss", if (n == 2L) "binary" else "multiclass", value)
}

# It takes no `event_level`: one column is that of the first level.
brier_class <- new_prob_metric(function(data, ...) UseMethod("brier_class"), "minimize")
brier_class.data.frame <- function(data, truth, ..., na_rm = TRUE, case_weights = NULL) {
  truth <- column(data, substitute(truth))
  n <- nlevels(truth)
  p <- probabilities(data, eval(substitute(alist(...))), n)
  value <- complete(truth, p, column(data, substitute(case_weights)), na_rm, function(y, p, w) {
    if (n == 2L) p <- cbind(p, 1 - p)
    brier(outer(as.integer(y), seq_len(n), "=="), p, w) / 2
  })
  one_row("brier_class", if (n == 2L) "binary" else "multiclass", value)
}

brier <- function(hot, p, w) stats::weighted.mean(rowSums((hot - p)^2), w)

ranked_prob_score <- new_ordered_prob_metric(function(data, ...) UseMethod("ranked_prob_score"), "minimize")
ranked_prob_score.data.frame <- function(data, truth, ..., na_rm = TRUE, case_weights = NULL) {
  truth <- column(data, substitute(truth))
  n <- nlevels(truth)
  if (!is.ordered(truth)) stop("`truth` should be a ordered factor, not a factor.")
  p <- as.matrix(data[column_names(eval(substitute(alist(...))))])
  value <- complete(truth, p, column(data, substitute(case_weights)), na_rm, function(y, p, w) {
    brier(outer(as.integer(y), seq_len(n), "<="), t(apply(p, 1L, cumsum)), w) / (n - 1)
  })
  one_row("ranked_prob_score", "multiclass", value)
}

# ---- survival ------------------------------------------------------------------------------------

concordance_survival <- new_static_survival_metric(
  function(data, ...) UseMethod("concordance_survival"), "maximize"
)
concordance_survival.data.frame <- function(data, truth, estimate, na_rm = TRUE, case_weights = NULL, ...) {
  value <- complete(
    column(data, substitute(truth)), column(data, substitute(estimate)),
    column(data, substitute(case_weights)), na_rm,
    function(y, p, w) {
      y <- unclass(y)
      # The case in the row has the event before the one in the column.
      earlier <- outer(y[, 1L], y[, 1L], "<") | (outer(y[, 1L], y[, 1L], "==") & outer(y[, 2L], y[, 2L], ">"))
      pairs <- earlier * (y[, 2L] == 1) * outer(w, w)
      right <- outer(p[, 1L], p[, 1L], "<") + outer(p[, 1L], p[, 1L], "==") / 2
      sum(pairs * right) / sum(pairs)
    }
  )
  one_row("concordance_survival", "standard", value)
}

brier_survival <- new_dynamic_survival_metric(function(data, ...) UseMethod("brier_survival"), "minimize")
brier_survival.data.frame <- function(data, truth, ..., na_rm = TRUE, case_weights = NULL) {
  y <- unclass(column(data, substitute(truth)))
  w <- column(data, substitute(case_weights))
  if (is.null(w)) w <- rep(1, nrow(y))
  curves <- data[[as.character(eval(substitute(alist(...)))[[1L]])]]
  times <- curves[[1L]]$.eval_time
  scores <- vapply(seq_along(times), function(j) {
    p <- vapply(curves, function(curve) curve$.pred_survival[[j]], 0)
    censoring <- vapply(curves, function(curve) curve$.weight_censored[[j]], 0)
    each <- ifelse(y[, 1L] > times[[j]], (1 - p)^2, p^2) * censoring
    sum(each * w, na.rm = TRUE) / sum(w)
  }, 0)
  data.frame(
    .metric = "brier_survival", .estimator = "standard", .eval_time = times, .estimate = scores
  )
}

brier_survival_integrated <- new_integrated_survival_metric(
  function(data, ...) UseMethod("brier_survival_integrated"), "minimize"
)
brier_survival_integrated.data.frame <- function(data, truth, ..., na_rm = TRUE, case_weights = NULL) {
  table <- eval(as.call(c(list(brier_survival), as.list(sys.call())[-1L])), parent.frame())
  t <- table$.eval_time
  y <- table$.estimate
  area <- sum(diff(t) * (y[-1L] + y[-length(y)]) / 2)
  one_row("brier_survival_integrated", "standard", area / max(t))
}
