# Gradients by differences: ten likelihoods, kinks, edges of the domain, rows that depend on others.

source("../../plain_r/likelihoods.R", local = TRUE)
ns <- asNamespace("pyclassbridge")

# What loss_r() would know of `f`, without tapes.
loss_of <- function(f) {
  fn <- ns$loss_function(f, NULL, "loss `own`")
  fn$tape_fault <- ""
  fn
}

slopes_of_array <- function(fn, y, p, g) {
  suppressWarnings(ns$loss_gradient(fn, y, p, NULL, NULL, g, "loss `own`, batch 1"))
}

slopes_of <- function(fn, y, p, g) slopes_of_array(fn, y, as.matrix(p), g)

# The largest error, relative to the number, or to a thousandth of the largest.
worst <- function(found, right) {
  max(abs(c(found) - c(right)) / pmax(abs(c(right)), 1e-3 * max(abs(right))))
}

for (name in names(likelihoods)) {
  test_that(paste("differences are good to 1e-6:", name), {
    likelihood <- likelihoods[[name]]
    for (seed in 1:5) {
      set.seed(seed)
      n <- c(40L, 7L, 2L, 33L, 100L)[[seed]]
      y <- likelihood$y(n)
      p <- matrix(rnorm(n * likelihood$columns), n)
      given <- if (likelihood$columns == 1L) c(p) else p
      g <- rnorm(length(likelihood$f(y, given)))
      fn <- loss_of(likelihood$f)
      expect_lt(worst(slopes_of(fn, y, p, g), c(likelihood$gradient(y, given)) * g), 1e-6)
      expect_identical(fn$shapes[[1L]]$rows, if (name == "cox") 1L else n)
    }
  })
}

test_that("rows that depend on others are found, however little", {
  set.seed(2)
  y <- rnorm(12)
  p <- rnorm(12)
  for (share in c(1, 1e-2, 1e-4)) {
    f <- function(y_true, y_pred) (y_true - y_pred - share * mean(y_pred))^2
    g <- rnorm(12)
    off <- 2 * (y - p - share * mean(p)) * g
    fn <- loss_of(f)
    expect_lt(worst(slopes_of(fn, y, p, g), -off - share * mean(off)), 1e-6)
    expect_identical(fn$shapes[[1L]]$rows, 1L)
  }
  # A neighbour's prediction alone.
  fn <- loss_of(function(y_true, y_pred) y_pred[c(2:12, 1)] * y_true)
  expect_equal(c(slopes_of(fn, y, p, rep(1, 12))), y[c(12, 1:11)], tolerance = 1e-8)
})

test_that("near kinks and edges of the domain the steps become smaller", {
  gap <- 10^-(1:6)
  fn <- loss_of(function(y_true, y_pred) abs(y_pred - y_true))
  expect_equal(c(slopes_of(fn, numeric(6), gap, rep(1, 6))), rep(1, 6), tolerance = 1e-6)
  fn <- loss_of(function(y_true, y_pred) -log(ifelse(y_true == 1, y_pred, 1 - y_pred)))
  p <- c(1e-9, 1e-5, 0.3, 1 - 1e-6)
  y <- c(1, 1, 0, 0)
  right <- ifelse(y == 1, -1 / p, 1 / (1 - p))
  expect_lt(max(abs(c(slopes_of(fn, y, p, rep(1, 4))) / right - 1)), 1e-6)
  # An error beyond the edge is no more than NaN there.
  fn <- loss_of(function(y_true, y_pred) {
    if (any(y_pred <= 0)) stop("a prediction must be positive")
    y_pred - y_true * log(y_pred)
  })
  expect_equal(c(slopes_of(fn, y, p, rep(1, 4))), 1 - y / p, tolerance = 1e-6)
})

test_that("numbers of any size", {
  for (size in 10^c(-6, -2, 3, 8)) {
    p <- size * c(0.3, 1, -2)
    fn <- loss_of(function(y_true, y_pred) exp(y_pred / size) + y_true)
    expect_lt(worst(slopes_of(fn, c(0, 1, 2), p, rep(1, 3)), exp(p / size) / size), 1e-6)
  }
})

test_that("sequences: a number for each place, and one for each row", {
  set.seed(3)
  p <- array(rnorm(24), c(2L, 3L, 4L))
  y <- array(rnorm(24), c(2L, 3L, 4L))
  places <- loss_of(function(y_true, y_pred) apply((y_true - y_pred)^2, 1:2, sum))
  g <- rnorm(6)
  expect_equal(slopes_of_array(places, y, p, g), 2 * (p - y) * array(g, dim(p)), tolerance = 1e-9)
  expect_identical(places$shapes[[1L]]$rows, 6L)
  rows <- loss_of(function(y_true, y_pred) apply((y_true - y_pred)^2, 1, sum))
  expect_equal(slopes_of_array(rows, y, p, g[1:2]), 2 * (p - y) * array(g[1:2], dim(p)), tolerance = 1e-9)
  expect_identical(rows$shapes[[1L]]$rows, 2L)
})

test_that("one warning names the loss, the cost and the remedy", {
  run <- function(fn, n) ns$loss_gradient(fn, numeric(n), cbind(1:n + 0, 1), NULL, NULL, 1, "l")
  fn <- loss_of(function(y_true, y_pred) sum(y_pred^2))
  expect_warning(run(fn, 5L), "^loss `own` has no `gradient`, .*: 40 evaluations .* RTMB[.]$")
  expect_silent(run(fn, 5L))
  expect_silent(run(fn, 3L))
  fn <- loss_of(function(y_true, y_pred) rowSums(y_pred^2))
  expect_warning(
    ns$loss_gradient(fn, numeric(5), cbind(1:5 + 0, 1), NULL, NULL, rep(1, 5), "l"), "8 evaluations"
  )
})

test_that("the count of evaluations is what the warning says", {
  count <- 0L
  fn <- loss_of(function(y_true, y_pred) {
    count <<- count + 1L
    rowSums(y_pred^2)
  })
  p <- cbind(c(1, 2, 3), 1)
  invisible(slopes_of(fn, numeric(3), p, rep(1, 3)))
  count <- 0L
  invisible(slopes_of(fn, numeric(3), p + 1, rep(1, 3)))
  expect_identical(count, 8L)
})

test_that("a function that draws random numbers is an error, and no random number is drawn here", {
  fn <- loss_of(function(y_true, y_pred) y_pred * runif(1))
  expect_error(slopes_of(fn, 1:3, c(1, 2, 3), rep(1, 3)), "loss `own` gives other numbers")
  set.seed(4)
  before <- .Random.seed
  fn <- loss_of(function(y_true, y_pred) y_pred^2)
  invisible(slopes_of(fn, 1:3, c(1, 2, 3), rep(1, 3)))
  expect_identical(.Random.seed, before)
})
