# Ten likelihoods: each as plain R (`f`), its derivatives by the predictions (`gradient`), and the same loss
# in the operations of Keras (`op`), which get a matrix of predictions; `columns` of the predictions,
# and `y(n)` draws a target. Cox gives one number for the batch, the others one for each row.

# ---- what the operations lack -------------------------------------------------------------------------

op_column <- function(x, j) op_take(x, j, axis = -1)

# The target as a vector.
op_target <- function(y) op_cast(op_reshape(y, -1), "float32")

op_plogis <- function(x) 1 / (1 + op_exp(-x))

# By Stirling's series at x + 8.
op_lgamma <- function(x) {
  z <- x + 8
  shift <- op_log(x)
  for (j in 1:7) {
    shift <- shift + op_log(x + j)
  }
  (z - 0.5) * op_log(z) - z + 0.5 * log(2 * pi) + 1 / (12 * z) - 1 / (360 * z^3) - shift
}

# ---- the likelihoods ----------------------------------------------------------------------------------

likelihoods <- list()

likelihoods$normal <- list(
  columns = 2L,
  y = function(n) rnorm(n, 0.5, 1.5),
  f = function(y_true, y_pred) -dnorm(y_true, y_pred[, 1], exp(y_pred[, 2]), log = TRUE),
  gradient = function(y_true, y_pred) {
    z <- (y_true - y_pred[, 1]) / exp(y_pred[, 2])
    cbind(-z / exp(y_pred[, 2]), 1 - z^2)
  },
  op = function(y_true, y_pred) {
    s <- op_column(y_pred, 2)
    z <- (op_target(y_true) - op_column(y_pred, 1)) / op_exp(s)
    z * z / 2 + s + 0.5 * log(2 * pi)
  }
)

likelihoods$poisson <- list(
  columns = 1L,
  y = function(n) as.double(rpois(n, 2)),
  f = function(y_true, y_pred) -dpois(y_true, exp(y_pred), log = TRUE),
  gradient = function(y_true, y_pred) exp(y_pred) - y_true,
  op = function(y_true, y_pred) {
    y <- op_target(y_true)
    op_exp(op_column(y_pred, 1)) - y * op_column(y_pred, 1) + op_lgamma(y + 1)
  }
)

likelihoods$negative_binomial <- list(
  columns = 2L,
  y = function(n) as.double(rnbinom(n, size = 2, mu = 3)),
  f = function(y_true, y_pred) {
    -dnbinom(y_true, size = exp(y_pred[, 2]), mu = exp(y_pred[, 1]), log = TRUE)
  },
  gradient = function(y_true, y_pred) {
    mu <- exp(y_pred[, 1])
    r <- exp(y_pred[, 2])
    by_size <- digamma(y_true + r) - digamma(r) + log(r / (r + mu)) + 1 - (y_true + r) / (r + mu)
    cbind(mu * (r + y_true) / (r + mu) - y_true, -r * by_size)
  },
  op = function(y_true, y_pred) {
    y <- op_target(y_true)
    mu <- op_exp(op_column(y_pred, 1))
    r <- op_exp(op_column(y_pred, 2))
    op_lgamma(r) + op_lgamma(y + 1) - op_lgamma(y + r) -
      r * op_log(r / (r + mu)) - y * op_log(mu / (r + mu))
  }
)

# Breslow's partial likelihood; the target has the columns time and status.
likelihoods$cox <- list(
  columns = 1L,
  y = function(n) cbind(rexp(n), rbinom(n, 1, 0.7)),
  f = function(y_true, y_pred) {
    by_time <- order(y_true[, 1], decreasing = TRUE)
    at_risk <- cumsum(exp(y_pred[by_time]))
    status <- y_true[by_time, 2]
    -sum(status * (y_pred[by_time] - log(at_risk))) / max(1, sum(status))
  },
  gradient = function(y_true, y_pred) {
    later <- outer(y_true[, 1], y_true[, 1], "<=") # [i, j]: j is at risk when i ends
    at_risk <- later %*% exp(y_pred)
    share <- exp(y_pred) * (t(later) %*% (y_true[, 2] / at_risk))
    (c(share) - y_true[, 2]) / max(1, sum(y_true[, 2]))
  },
  op = function(y_true, y_pred) {
    y_true <- op_cast(y_true, "float32")
    time <- op_column(y_true, 1)
    status <- op_column(y_true, 2)
    p <- op_column(y_pred, 1)
    later <- op_cast(op_expand_dims(time, 2) <= op_expand_dims(time, 1), "float32")
    at_risk <- op_sum(later * op_expand_dims(op_exp(p), 1), axis = 2)
    -op_sum(status * (p - op_log(at_risk))) / op_maximum(op_sum(status), 1)
  }
)

likelihoods$quantile <- list(
  columns = 1L,
  y = function(n) rnorm(n),
  f = function(y_true, y_pred) pmax(0.3 * (y_true - y_pred), -0.7 * (y_true - y_pred)),
  gradient = function(y_true, y_pred) ifelse(y_true > y_pred, -0.3, 0.7),
  op = function(y_true, y_pred) {
    off <- op_target(y_true) - op_column(y_pred, 1)
    op_maximum(0.3 * off, -0.7 * off)
  }
)

likelihoods$huber <- list(
  columns = 1L,
  y = function(n) rnorm(n, 0, 2),
  f = function(y_true, y_pred) {
    off <- abs(y_true - y_pred)
    ifelse(off <= 1, off^2 / 2, off - 0.5)
  },
  gradient = function(y_true, y_pred) pmax(-1, pmin(1, y_pred - y_true)),
  op = function(y_true, y_pred) {
    off <- op_abs(op_target(y_true) - op_column(y_pred, 1))
    op_where(off <= 1, off * off / 2, off - 0.5)
  }
)

# The cumulative logit of four classes, counted from 0, with known thresholds.
thresholds <- c(-1, 0.5, 2)

likelihoods$ordinal <- list(
  columns = 1L,
  y = function(n) sample(0:3, n, replace = TRUE),
  f = function(y_true, y_pred) {
    upper <- plogis(c(thresholds, Inf)[y_true + 1L] - y_pred)
    lower <- plogis(c(-Inf, thresholds)[y_true + 1L] - y_pred)
    -log(upper - lower)
  },
  gradient = function(y_true, y_pred) {
    upper <- plogis(c(thresholds, Inf)[y_true + 1L] - y_pred)
    lower <- plogis(c(-Inf, thresholds)[y_true + 1L] - y_pred)
    1 - upper - lower
  },
  op = function(y_true, y_pred) {
    y <- op_target(y_true)
    p <- op_column(y_pred, 1)
    below <- lapply(thresholds, function(at) op_plogis(at - p))
    ends <- c(list(0 * p), below, list(0 * p + 1))
    likelihood <- 0
    for (k in 0:3) {
      likelihood <- likelihood + op_cast(y == k, "float32") * (ends[[k + 2]] - ends[[k + 1]])
    }
    -op_log(likelihood)
  }
)

likelihoods$beta <- list(
  columns = 2L,
  y = function(n) rbeta(n, 2, 3) * 0.98 + 0.01,
  f = function(y_true, y_pred) {
    mu <- plogis(y_pred[, 1])
    phi <- exp(y_pred[, 2])
    -dbeta(y_true, mu * phi, (1 - mu) * phi, log = TRUE)
  },
  gradient = function(y_true, y_pred) {
    mu <- plogis(y_pred[, 1])
    phi <- exp(y_pred[, 2])
    by_a <- digamma(mu * phi) - digamma(phi) - log(y_true)
    by_b <- digamma((1 - mu) * phi) - digamma(phi) - log1p(-y_true)
    cbind((by_a - by_b) * phi * mu * (1 - mu), (by_a * mu + by_b * (1 - mu)) * phi)
  },
  op = function(y_true, y_pred) {
    y <- op_target(y_true)
    mu <- op_plogis(op_column(y_pred, 1))
    phi <- op_exp(op_column(y_pred, 2))
    a <- mu * phi
    b <- (1 - mu) * phi
    op_lgamma(a) + op_lgamma(b) - op_lgamma(phi) - (a - 1) * op_log(y) - (b - 1) * op_log(1 - y)
  }
)

# Half the deviance for the variance mu^1.5, but for what does not depend on the prediction.
likelihoods$tweedie <- list(
  columns = 1L,
  y = function(n) rbinom(n, 1, 0.6) * rgamma(n, 2),
  f = function(y_true, y_pred) 2 * y_true * exp(-y_pred / 2) + 2 * exp(y_pred / 2),
  gradient = function(y_true, y_pred) exp(y_pred / 2) - y_true * exp(-y_pred / 2),
  op = function(y_true, y_pred) {
    half <- op_exp(op_column(y_pred, 1) / 2)
    2 * op_target(y_true) / half + 2 * half
  }
)

likelihoods$zero_inflated <- list(
  columns = 2L,
  y = function(n) as.double(rbinom(n, 1, 0.6) * rpois(n, 3)),
  f = function(y_true, y_pred) {
    zero <- plogis(y_pred[, 2])
    -log(zero * (y_true == 0) + (1 - zero) * dpois(y_true, exp(y_pred[, 1])))
  },
  gradient = function(y_true, y_pred) {
    mean <- exp(y_pred[, 1])
    zero <- plogis(y_pred[, 2])
    from_poisson <- (1 - zero) * dpois(y_true, mean)
    share <- from_poisson / (zero * (y_true == 0) + from_poisson)
    cbind(share * (mean - y_true), zero - (1 - share))
  },
  op = function(y_true, y_pred) {
    y <- op_target(y_true)
    p <- op_column(y_pred, 1)
    zero <- op_plogis(op_column(y_pred, 2))
    poisson <- op_exp(y * p - op_exp(p) - op_lgamma(y + 1))
    -op_log(zero * op_cast(y == 0, "float32") + (1 - zero) * poisson)
  }
)
