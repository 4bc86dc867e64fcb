# Classes in the predictions and targets of a model: probabilities with a column for each level, the most
# probable class, and the factor that codes or one-hot rows stand for. It has no other half in Python.

# A matrix of probabilities with a column for each of `levels`. One column of predictions, such as that of
# a sigmoid, is the probability of the second of two levels, since Keras calls it class 1.
class_probabilities <- function(y_pred, levels, from_logits = FALSE) {
  y_pred <- as_columns(y_pred)
  n <- length(levels)
  if (ncol(y_pred) == 1L && n == 2L) {
    p <- if (from_logits) stats::plogis(y_pred) else y_pred
    p <- cbind(1 - p, p)
  } else if (ncol(y_pred) != n) {
    stop("the model gives ", counted(ncol(y_pred), "column"), " of predictions, and there ",
      if (n == 1L) "is the " else "are the ", counted_levels(levels), ": it must give a probability for ",
      "each of them", if (n == 2L) ", or one, of the second", ".",
      call. = FALSE
    )
  } else if (from_logits) {
    p <- exp(y_pred - apply(y_pred, 1L, max))
    p <- p / rowSums(p)
  } else {
    p <- y_pred
  }
  refuse_logits(p)
  dimnames(p) <- list(NULL, levels)
  p
}

as_columns <- function(y_pred) {
  d <- dim(y_pred)
  if (length(d) > 2L) {
    stop("the predictions for a case are an array of ", paste(d[-1L], collapse = " x "), " numbers, and ",
      "they must be one number or a row of them.",
      call. = FALSE
    )
  }
  if (length(d) == 2L) y_pred else matrix(as.vector(y_pred), ncol = 1L)
}

# Rounding of 16-bit numbers is no fault.
refuse_logits <- function(p) {
  known <- p[!is.na(p)]
  remedy <- " If they are logits, say so: from_logits = TRUE."
  if (any(known < -1e-6 | known > 1 + 1e-2)) {
    stop("the predictions are no probabilities: they go from ", format(min(known), digits = 3L), " to ",
      format(max(known), digits = 3L), ".", remedy,
      call. = FALSE
    )
  }
  sums <- rowSums(p)
  off <- which(abs(sums - 1) > 0.02)
  if (length(off)) {
    stop("the predictions are no probabilities of classes of which one is true: those of case ", off[[1L]],
      " have the sum ", format(sums[[off[[1L]]]], digits = 3L), ".", remedy,
      call. = FALSE
    )
  }
}

# The factor of the most probable classes, the first of equals; NA where a probability is NaN.
predicted_classes <- function(p, ordered = FALSE) {
  codes <- rep(NA_integer_, nrow(p))
  complete <- !is.na(rowSums(p))
  codes[complete] <- max.col(p[complete, , drop = FALSE], ties.method = "first")
  factor(colnames(p)[codes], levels = colnames(p), ordered = ordered)
}

# The factor for a target: it is one already, one-hot rows, or codes from 0. `levels` are those that the
# user gave, or NULL; one-hot rows without levels have their codes for levels.
true_classes <- function(y_true, levels = NULL) {
  if (is.factor(y_true)) {
    if (!is.null(levels) && !identical(levels, levels(y_true))) {
      stop("`levels` are ", quoted(levels), ", and the model is trained with the ",
        counted_levels(levels(y_true)), ": leave `levels` out.",
        call. = FALSE
      )
    }
    return(y_true)
  }
  if (length(dim(y_true)) == 2L) {
    return(one_hot_classes(y_true, levels))
  }
  if (is.null(levels)) {
    stop("the target has no levels: train with a factor, or give `levels = c(...)`, the names of the ",
      "classes in the order of their codes.",
      call. = FALSE
    )
  }
  if (any(y_true != round(y_true), na.rm = TRUE)) {
    stop("the target has the value ", format(y_true[y_true != round(y_true)][[1L]]), ", which is no code of ",
      "a class.",
      call. = FALSE
    )
  }
  plain_factor(y_true, levels)
}

one_hot_classes <- function(y_true, levels) {
  if (!all(y_true %in% c(0, 1)) || any(rowSums(y_true) != 1)) {
    stop("the target is a matrix of ", ncol(y_true), " columns that has not one 1 in each row: classes ",
      "are a factor, codes or one-hot rows.",
      call. = FALSE
    )
  }
  levels <- levels %||% as.character(seq_len(ncol(y_true)) - 1L)
  if (length(levels) != ncol(y_true)) {
    stop("the target has ", ncol(y_true), " columns, and `levels` are ", quoted(levels), ".", call. = FALSE)
  }
  factor(levels[max.col(y_true, ties.method = "first")], levels = levels)
}
