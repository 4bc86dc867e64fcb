# What the engines run: functions, an estimator, a scorer and objectives, none of which needs Keras.

optuna <- import("optuna")

factor_of_all <- 3

times <- function(x) x * factor_of_all

tripled <- function(x) times(x)

spread <- function(n, seed) {
  set.seed(seed)
  stats::var(stats::rnorm(n))
}

process_of <- function(x) Sys.getpid()

fails <- function(x) stop("no luck with ", x)

fails_by_class <- function(x) {
  stop(structure(
    class = c("too_far", "error", "condition"),
    list(message = "too far", call = NULL, at = x, where = environment())
  ))
}

# Its condition can't travel.
fails_with_a_connection <- function(x) {
  kept <- new.env()
  kept$file <- textConnection("a line")
  on.exit(close(kept$file))
  stop(structure(class = c("open", "error", "condition"), list(message = "still open", kept = kept)))
}

Counter %py_class% {
  initialize <- function(start = 0) self$n <- start
  add <- function(by) {
    self$n <- self$n + by
    self$n
  }
}

Ridge(
  import("sklearn.base")$RegressorMixin, import("sklearn.base")$BaseEstimator
) %py_class% {
  initialize <- function(alpha = 1) self$alpha <- alpha
  fit <- function(X, y) {
    X <- as.matrix(X)
    self$coef_ <- solve(crossprod(X) + self$alpha * diag(ncol(X)), crossprod(X, y))
    self
  }
  predict <- function(X) as.vector(as.matrix(X) %*% self$coef_)
}

minus_mae <- function(estimator, X, y) -mean(abs(estimator$predict(X) - y))

parabola <- function(trial) {
  x <- trial$suggest_float("x", -3, 3)
  for (step in 1:4) {
    trial$report((x - 1)^2 / step, step)
    if (trial$should_prune()) stop(optuna$TrialPruned("too high"))
  }
  (x - 1)^2
}

parabola_by_class <- function(trial) {
  if (trial$suggest_float("x", -3, 3) > 0) py_raise(optuna$TrialPruned)
  1
}
