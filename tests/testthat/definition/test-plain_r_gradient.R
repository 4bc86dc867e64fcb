# Losses in plain R without Python: the user's gradient, what is refused, sample weights, checks.
# Of: R/plain_r_gradient.R, R/plain_r_loss.R.

source("../../plain_r/likelihoods.R", local = TRUE)
ns <- asNamespace("pyclassbridge")

slope <- function(gradient, p, g = NULL, f = function(y_true, y_pred) y_pred^2, weight = NULL) {
  fn <- ns$loss_function(f, gradient, "loss `own`")
  rows <- if (is.matrix(p)) nrow(p) else length(p)
  ns$loss_gradient(fn, numeric(rows), p, weight, NULL, g %||% rep(1, rows), "loss `own`, batch 3")
}

`%||%` <- function(x, y) if (is.null(x)) y else x

test_that("the user's gradient is multiplied by the factors of the rows", {
  p <- array(1:6 + 0, 6L)
  expect_identical(c(slope(function(y_true, y_pred) 2 * y_pred, p, 1:6 + 0)), 2 * (1:6)^2)
  p <- cbind(1:3 + 0, 4:6 + 0)
  one <- function(y_true, y_pred) sum(y_pred^2)
  expect_identical(slope(function(y_true, y_pred) 2 * y_pred, p, 10, one), 20 * p)
  expect_identical(slope(function(y_true, y_pred) 2 * y_pred, p, c(1, 2, 3), one), 2 * p * (1:3))
})

test_that("a gradient of one column is a vector or a matrix", {
  p <- matrix(1:3 + 0)
  for (gradient in list(function(a, b) 2 * b, function(a, b) matrix(2 * b))) {
    expect_identical(slope(gradient, p), 2 * p)
  }
})

test_that("a gradient of other dims, or with NA, is an error that says what it is", {
  p <- cbind(1:3 + 0, 4:6 + 0)
  text <- "^gradient of the loss `own`, batch 3: the gradient is "
  expect_error(slope(function(a, b) b[, 1], p), paste0(text, "a vector of length 3.* 3 x 2"))
  expect_error(slope(function(a, b) t(b), p), paste0(text, "an array of 2 x 3"))
  expect_error(slope(function(a, b) "no", p), paste0(text, "the string"))
  expect_error(slope(function(a, b) NULL, p), paste0(text, "NULL"))
  wrong <- function(a, b) replace(b, cbind(2, 1), NA)
  expect_error(slope(wrong, p), "batch 3: the gradient is NA for row 2, column 1")
  expect_error(slope(function(a, b) 0 / (b - 2), p), "the gradient is NaN for row 2, column 1")
  expect_error(slope(function(a, b) stop("no slope"), p), "gradient of the loss `own`, batch 3: no slope")
})

values <- function(f, y = 1:3, p = matrix(1:3 + 0), weight = NULL) {
  ns$loss_values(ns$loss_function(f, NULL, "l"), y, p, weight, NULL, "loss `own`, batch 2")
}

test_that("the function gives one number, or one for each row or place", {
  expect_identical(values(function(y_true, y_pred) 5L), 5)
  expect_identical(values(function(y_true, y_pred) y_true), c(1, 2, 3))
  p <- array(1:24 + 0, 2:4)
  expect_identical(values(function(y_true, y_pred) y_pred[, , 1], 1:2, p), 1:6 + 0)
  expect_identical(values(function(y_true, y_pred) c(8, 9), 1:2, p), c(8, 9))
})

test_that("what is no such number is an error that names loss and batch", {
  text <- "^loss `own`, batch 2: the function has returned "
  expect_error(values(function(a, b) NULL), paste0(text, "NULL, and must return one number or a number"))
  expect_error(values(function(a, b) "x"), paste0(text, "the string"))
  expect_error(values(function(a, b) TRUE), paste0(text, "the value TRUE"))
  expect_error(values(function(a, b) Sys.Date()), paste0(text, "an object of class `Date`"))
  expect_error(values(function(a, b) 1:2), paste0(text, "2 numbers for a batch of 3 rows"))
  expect_error(values(function(a, b) numeric()), paste0(text, "0 numbers"))
  expect_error(values(function(a, b) NA_real_), paste0(text, "NA, and the predictions"))
  expect_error(values(function(a, b) c(1, NaN, 2)), paste0(text, "NaN for row 2"))
  expect_error(values(function(a, b) log("x")), "^loss `own`, batch 2: non-numeric argument")
})

test_that("a function with `sample_weight` gets the weights, and 1 where it has no default", {
  weighted <- function(y_true, y_pred, sample_weight) sample_weight * y_pred
  expect_identical(values(weighted, weight = array(c(1, 0, 2))), c(1, 0, 6))
  expect_identical(values(weighted), c(1, 2, 3))
  with_default <- function(y_true, y_pred, sample_weight = NULL) as.double(is.null(sample_weight))
  expect_identical(values(with_default), 1)
  gradient <- function(y_true, y_pred, sample_weight) sample_weight
  expect_identical(c(slope(gradient, array(1:3 + 0), f = weighted, weight = array(c(1, 0, 2)))), c(1, 0, 2))
})

test_that("arguments are checked where a loss is defined", {
  check <- function(f) ns$check_plain_function("loss_r", "f", f)
  fine <- list(
    function(a, b) 1, function(y_true, y_pred, sample_weight) 1, function(a, b, c = 3) 1, function(...) 1,
    function(a, ...) 1, atan2
  )
  for (f in fine) {
    expect_silent(check(f))
  }
  expect_error(check(function(a) 1), "`f` is called with `y_true` and `y_pred`, .* arguments `a`")
  expect_error(check(function() 1), "and it has no arguments")
  expect_error(check(function(a, b, c) 1), "arguments `a`, `b`, `c`")
  expect_error(check("mse"), "`f` must be an R function, not the string \"mse\"")
})

test_that("a wrong gradient is found with its place and both numbers", {
  set.seed(1)
  for (likelihood in likelihoods) {
    y <- likelihood$y(9L)
    p <- matrix(rnorm(9L * likelihood$columns), 9L)
    given <- if (likelihood$columns == 1L) c(p) else p
    fn <- ns$loss_function(likelihood$f, likelihood$gradient, "loss `own`")
    expect_silent(table <- ns$compared_gradient(fn, y, given, NULL, 1e-6))
    expect_identical(nrow(table), length(p))
    expect_false(any(table$is_wrong))
    wrong <- function(y_true, y_pred) {
      slopes <- likelihood$gradient(y_true, y_pred)
      slopes[[4L]] <- slopes[[4L]] * 1.001 + 0.001
      slopes
    }
    fn <- ns$loss_function(likelihood$f, wrong, "loss `own`")
    text <- "loss `own`: the gradient is wrong for 1 of [0-9]+ numbers; for row 4.* it is .*, and by "
    found <- expect_error(ns$compared_gradient(fn, y, given, NULL, 1e-6), text, class = "wrong_gradient")
    expect_identical(which(found$table$is_wrong), 4L)
  }
})
