# Gradients by the tapes of RTMB: the real package where it is installed, else tests/support/RTMB, which
# has its interface. What a tape keeps from the batch that it was recorded with must never be used for
# another.

is_real <- requireNamespace("RTMB", quietly = TRUE)
if (!is_real) {
  library_of_tests <- tempfile("library")
  dir.create(library_of_tests)
  utils::install.packages("../../support/RTMB",
    lib = library_of_tests, repos = NULL, type = "source", quiet = TRUE
  )
  loadNamespace("RTMB", lib.loc = library_of_tests)
}
ns <- asNamespace("pyclassbridge")
count_tapes <- function() asNamespace("RTMB")$state$count

loss_of <- function(f) ns$loss_function(f, NULL, "loss `own`")

# The errors of the gradients of `f` in batches of one shape, and how many tapes were made.
batches <- function(f, slopes, draw_y = rnorm, n = 6L, columns = 1L, count = 4L, fn = loss_of(f)) {
  set.seed(1)
  before <- if (is_real) 0L else count_tapes()
  errors <- vapply(seq_len(count), function(i) {
    y <- draw_y(n)
    p <- matrix(rnorm(n * columns), n)
    given <- if (columns == 1L) c(p) else p
    g <- rnorm(length(f(y, given)))
    found <- ns$loss_gradient(fn, y, p, NULL, NULL, g, "loss `own`, batch 1")
    max(abs(c(found) - c(slopes(y, given)) * g))
  }, 0)
  list(error = max(errors), tapes = if (is_real) NA else count_tapes() - before, fn = fn)
}

expect_tapes <- function(found, count) {
  expect_lt(found$error, 1e-8)
  if (!is_real) expect_identical(found$tapes, count)
}

test_that("one tape for each shape, with the target as an input of it", {
  f <- function(y_true, y_pred) exp(y_pred) - y_true * y_pred
  slopes <- function(y_true, y_pred) exp(y_pred) - y_true
  expect_silent(found <- batches(f, slopes))
  expect_tapes(found, 1L)
  expect_tapes(batches(f, slopes, n = 3L, fn = found$fn), 1L)
  expect_tapes(batches(f, slopes, n = 6L, fn = found$fn), 0L)
  one <- function(y_true, y_pred) mean((y_true - y_pred[, 1])^2 / exp(y_pred[, 2]) + y_pred[, 2])
  by_one <- function(y_true, y_pred) {
    z <- (y_true - y_pred[, 1]) / exp(y_pred[, 2])
    cbind(-2 * z, 1 - z * (y_true - y_pred[, 1])) / length(y_true)
  }
  expect_tapes(batches(one, by_one, columns = 2L), 1L)
})

test_that("sample weights are inputs of the tape, too", {
  fn <- loss_of(function(y_true, y_pred, sample_weight) sample_weight * (y_true - y_pred)^2)
  for (seed in 1:3) {
    set.seed(seed)
    y <- rnorm(4)
    p <- rnorm(4)
    weight <- runif(4)
    found <- ns$loss_gradient(fn, y, as.matrix(p), as.matrix(weight), NULL, rep(1, 4), "l")
    expect_equal(c(found), 2 * (p - y) * weight, tolerance = 1e-10)
  }
})

test_that("a target that is compared, or is whole numbers, has a tape for each batch", {
  f <- function(y_true, y_pred) ifelse(y_true > 0, 1, -1) * exp(y_pred)
  # ifelse() gives numbers here, since the target is data.
  slopes <- function(y_true, y_pred) ifelse(y_true > 0, 1, -1) * exp(y_pred)
  found <- batches(f, slopes)
  expect_lt(found$error, 1e-8)
  expect_null(found$fn$tape_fault)
  whole <- batches(f, slopes, draw_y = function(n) rbinom(n, 1L, 0.5))
  expect_tapes(whole, 4L)
})

test_that("what the code decides by the target is never kept for another batch", {
  # order() of recorded numbers is no error, and wrong.
  f <- function(y_true, y_pred) {
    by_time <- order(y_true)
    seq_along(y_true) * (y_pred[by_time])^2
  }
  slopes <- function(y_true, y_pred) 2 * y_pred[order(y_true)]
  set.seed(1)
  fn <- loss_of(function(y_true, y_pred) sum(f(y_true, y_pred)))
  for (i in 1:4) {
    y <- rnorm(6)
    p <- rnorm(6)
    right <- 2 * p * rank(y)
    expect_equal(c(ns$loss_gradient(fn, y, as.matrix(p), NULL, NULL, 1, "l")), right, tolerance = 1e-8)
  }
  expect_null(fn$tape_fault)
})

test_that("what the code decides by the predictions is never kept, even where comparisons are allowed", {
  f <- function(y_true, y_pred) if (sum(y_pred) > 0) exp(y_pred) * y_true else y_pred^2
  slopes <- function(y_true, y_pred) if (sum(y_pred) > 0) exp(y_pred) * y_true else 2 * y_pred
  fn <- loss_of(f)
  expect_warning(found <- batches(f, slopes, fn = fn), "computed by differences: 4 eval.*RTMB can't")
  expect_lt(found$error, 1e-7)
  RTMB::TapeConfig(comparison = "allow")
  on.exit(RTMB::TapeConfig(comparison = "forbid"))
  found <- batches(f, slopes, count = 8L)
  expect_lt(found$error, 1e-8)
})

test_that("what RTMB can't record goes by differences, and the warning says why", {
  f <- function(y_true, y_pred) pmax(0.3 * (y_true - y_pred), -0.7 * (y_true - y_pred))
  slopes <- function(y_true, y_pred) ifelse(y_true > y_pred, -0.3, 0.7)
  text <- "^loss `own` has no `gradient`, .*4 evaluations .*RTMB can't: .*give `gradient = function"
  expect_warning(found <- batches(f, slopes), text)
  expect_lt(found$error, 1e-7)
})

test_that("a tape whose derivative is not that of the function is not used", {
  f <- function(y_true, y_pred) {
    # The values alone, as code does that asks the tape for them.
    held <- if (inherits(y_pred, "advector")) held_numbers else y_pred
    held * y_pred
  }
  p <- c(0.5, -1, 2)
  held_numbers <- p
  fn <- loss_of(f)
  expect_warning(
    found <- ns$loss_gradient(fn, numeric(3), as.matrix(p), NULL, NULL, rep(1, 3), "l"),
    "the derivative of its tape is not that of the function"
  )
  expect_equal(c(found), 2 * p, tolerance = 1e-8)
})

test_that("check_gradient() looks at the gradient of a tape", {
  fn <- loss_of(function(y_true, y_pred) rowSums_of(exp(y_pred)))
  rowSums_of <- function(x) x[, 1] + x[, 2]
  expect_silent(table <- ns$compared_gradient(fn, 1:3 + 0, cbind(1:3 / 3, 1), NULL, 1e-6))
  expect_equal(table$gradient, exp(c(1:3 / 3, 1, 1, 1)), tolerance = 1e-10)
  expect_false(any(table$is_wrong))
  fn <- loss_of(function(y_true, y_pred) max(y_pred))
  expect_error(
    suppressWarnings(ns$compared_gradient(fn, 1:3 + 0, c(1, 3, 2), NULL, 1e-6)),
    "^check_gradient[(][)]: the loss `own` has no gradient of its own, but differences [(]RTMB can't: "
  )
})
