# Survival times in targets, and probabilities of survival in predictions, as yardstick's metrics take
# them. It has no other half in Python.

# survival::Surv() of a target with the columns time and status (1: the event, 0: censored).
as_survival <- function(y_true) {
  if (length(dim(y_true)) != 2L || ncol(y_true) != 2L) {
    stop("the target of a survival metric has two columns, the times and the status (1: the event, 0: ",
      "censored), and this one has ", counted(NCOL(y_true), "column"), ".",
      call. = FALSE
    )
  }
  time <- y_true[, 1L]
  status <- y_true[, 2L]
  if (!all(status %in% c(0, 1, NA))) {
    stop("the second column of the target must be 0 (censored) or 1 (the event), and it has ",
      format(status[!status %in% c(0, 1, NA)][[1L]]), ".",
      call. = FALSE
    )
  }
  if (any(time < 0, na.rm = TRUE)) {
    stop("the first column of the target has the time ", format(min(time, na.rm = TRUE)), ", which is ",
      "negative.",
      call. = FALSE
    )
  }
  getExportedValue("survival", "Surv")(time, status)
}

# For each case a data frame of its probabilities to survive `eval_time` and the weights of the case.
# `censoring` has the times and status from which the weights are estimated.
survival_curves <- function(y_pred, y_true, eval_time, censoring) {
  y_pred <- as_columns(y_pred)
  if (ncol(y_pred) != length(eval_time)) {
    stop("the model gives ", counted(ncol(y_pred), "column"), " of predictions, and `eval_time` has ",
      counted(length(eval_time), "time"), ": it must give the probability to survive each of them.",
      call. = FALSE
    )
  }
  known <- y_pred[!is.na(y_pred)]
  if (any(known < -1e-6 | known > 1 + 1e-2)) {
    stop("the predictions are no probabilities of survival: they go from ", format(min(known), digits = 3L),
      " to ", format(max(known), digits = 3L), ".",
      call. = FALSE
    )
  }
  weights <- graf_weights(y_true[, 1L], y_true[, 2L], eval_time, censoring)
  lapply(seq_len(nrow(y_pred)), function(i) {
    columns <- list(
      .eval_time = eval_time, .pred_survival = y_pred[i, ], .weight_censored = weights[i, ]
    )
    columns_frame(columns, length(eval_time))
  })
}

# Weights for censoring: 1 / P(not censored before ...) at the time of an event up to `eval_time`, at
# `eval_time` for who is observed longer, and NA for who is censored before. Graf, Schmoor, Sauerbrei and
# Schumacher (1999), Statistics in Medicine 18, 2529-2545. As in parsnip, a probability of 0 is replaced by
# 0.05, or by half of the smallest one if that is less than 0.05.
graf_weights <- function(time, status, eval_time, censoring) {
  at <- outer(time, eval_time, function(time, t) {
    ifelse(time > t, t, ifelse(rep(status == 1, length.out = length(time)), time, NA_real_))
  })
  p <- uncensored_before(at, censoring[, 1L], censoring[, 2L])
  least <- min(p[!is.na(p) & p > 0], 1)
  p[!is.na(p) & p == 0] <- if (least < 0.05) least / 2 else 0.05
  1 / p
}

# The probability not to be censored before the times `at`: the Kaplan-Meier estimate in which being
# censored is the event, and who has the event at a time is no longer at risk of being censored then.
uncensored_before <- function(at, time, status) {
  when <- sort(unique(time[status == 0]))
  censored <- vapply(when, function(t) sum(time == t & status == 0), 0)
  at_risk <- vapply(when, function(t) sum(time > t), 0) + censored
  p <- c(1, cumprod(1 - censored / at_risk))
  at[] <- p[findInterval(at, when, left.open = TRUE) + 1L]
  at
}

# A data frame of any columns, whatever their names.
columns_frame <- function(columns, n) {
  structure(columns, class = "data.frame", row.names = .set_row_names(n))
}
