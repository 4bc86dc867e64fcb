# Tensors and Keras variables in R's own functions, eager and traced.
# Also of: R/for_r_tensor_subset.R.

skip_if_not(py_module_available("keras"), "Keras is not installed")

ops <- keras$ops
tensor <- function(x, dtype = "float32") ops$convert_to_tensor(x, dtype = dtype)
m <- matrix(c(1, 2, 3, 4, 5, 6), 2)
x <- tensor(m)

is_tensor <- function(x) is_py_object(x)

test_that("values come back with equal [i, j]", {
  expect_equal(as.array(x), m)
  expect_identical(as.numeric(x), as.numeric(m))
  expect_identical(as.integer(x), 1:6)
  expect_equal(as.matrix(x), m)
  expect_identical(as.vector(x), as.vector(m))
  expect_identical(as.logical(tensor(c(0, 1))), c(FALSE, TRUE))
  expect_identical(as.character(tensor(c(1, 2))), c("1", "2"))
  expect_identical(as.numeric(keras$Variable(2.5)), 2.5)
  expect_equal(as.array(tensor(array(1:24, 2:4))), array(as.numeric(1:24), 2:4))
  expect_identical(as.numeric(tensor(1.5)), 1.5)
  expect_true(as.logical(sum(x) > 20))
  expect_length(as.list(x), 2L)
})

test_that("dims and lengths, NA where unknown", {
  expect_identical(dim(x), c(2L, 3L))
  expect_identical(length(x), 6L)
  expect_identical(nrow(x), 2L)
  symbolic <- keras$KerasTensor(tuple(NULL, 3L))
  expect_identical(dim(symbolic), c(NA, 3L))
  expect_identical(length(symbolic), NA_integer_)
  expect_identical(dim(tensor(1)), integer())
  expect_identical(length(tensor(1)), 1L)
})

test_that("arithmetic mixes with R numbers and keeps the dtype", {
  expect_equal(as.array(x + 1), m + 1)
  expect_equal(as.array(1 - x), 1 - m)
  expect_equal(as.array(x * m), m * m)
  expect_equal(as.array(m / x), m / m)
  expect_equal(as.array(x^2), m^2)
  expect_equal(as.array(x %% 4), m %% 4)
  expect_equal(as.array(x %/% 4), m %/% 4)
  expect_equal(as.array(-x), -m)
  for (y in list(x + 1, x + m, x + c(1, 2, 3), x + 1L, m * x)) {
    expect_identical(py_str(ops$dtype(y) %||% y$dtype), "float32")
  }
  v <- keras$Variable(2)
  expect_identical(as.numeric(v + v), 4)
})

test_that("comparison and logic give logical tensors", {
  expect_equal(as.array(x > 2), m > 2)
  expect_equal(as.array(x == m), m == m)
  expect_equal(as.array(x > 2 & x < 5), m > 2 & m < 5)
  expect_equal(as.array(x < 2 | x > 5), m < 2 | m > 5)
  expect_equal(as.array(!(x > 2)), m <= 2)
})

test_that("Math and Summary are R's", {
  for (f in list(abs, sqrt, exp, log, floor, ceiling, cos, tanh, log1p, sign)) {
    expect_equal(as.array(f(x)), f(m), tolerance = 1e-6)
  }
  expect_equal(as.numeric(cumsum(x)), cumsum(m))
  expect_equal(as.numeric(cummax(tensor(c(1, 3, 2)))), c(1, 3, 3))
  expect_equal(as.array(round(x / 3, 1)), round(m / 3, 1), tolerance = 1e-6)
  expect_equal(as.array(log(x, base = 2)), log(m, base = 2), tolerance = 1e-6)
  expect_equal(as.array(signif(x * 1.2345, 2)), signif(m * 1.2345, 2), tolerance = 1e-6)
  for (f in list(sum, prod, max, min, mean)) {
    expect_equal(as.numeric(f(x)), f(m))
  }
  expect_equal(as.numeric(range(x)), range(m))
  expect_equal(as.numeric(sum(x, 1, m)), sum(m, 1, m))
  expect_true(as.logical(any(x > 5)))
  expect_false(as.logical(all(x > 5)))
  expect_equal(as.numeric(sum(x > 2)), sum(m > 2))
  expect_equal(as.numeric(sum(tensor(c(1, NaN)), na.rm = TRUE)), 1)
  expect_identical(as.logical(is.nan(tensor(c(1, NaN)))), c(FALSE, TRUE))
  expect_error(lgamma(x), "no counterpart in keras.ops")
})

test_that("reductions go along an axis, counted from 1", {
  expect_equal(as.numeric(sum(x, axis = 1)), colSums(m))
  expect_equal(as.numeric(max(x, axis = 2)), apply(m, 1, max))
  expect_equal(as.numeric(min(x, axis = -1)), apply(m, 1, min))
  expect_equal(as.numeric(prod(x, axis = 1)), apply(m, 2, prod))
  expect_equal(as.numeric(mean(x, axis = c(1, 2))), mean(m))
  expect_identical(dim(sum(x, axis = 2, keepdims = TRUE)), c(2L, 1L))
  expect_identical(dim(mean(x, keepdims = TRUE)), c(1L, 1L))
  expect_identical(as.logical(any(x > 4, axis = 1)), c(FALSE, FALSE, TRUE))
  expect_identical(as.logical(all(x > 1, axis = 2)), c(FALSE, TRUE))
  expect_error(sum(x, 1, axis = 1), "`axis` is for one tensor")
  expect_error(sum(x, axis = 1, na.rm = TRUE), "without `axis`")
  expect_error(range(x, axis = 1), "min() and max() take one", fixed = TRUE)
  expect_error(sum(x, axis = 0), "from 1")
})

test_that("matrix functions", {
  expect_equal(as.array(x %*% t(m)), m %*% t(m))
  expect_equal(as.array(m %*% t(x)), m %*% t(m))
  expect_equal(as.array(t(x)), t(m))
  expect_identical(m %*% t(m), base::`%*%`(m, t(m)))
  a <- array(as.numeric(1:24), 2:4)
  expect_equal(as.array(aperm(tensor(a), c(3, 1, 2))), aperm(a, c(3, 1, 2)))
})

test_that("`[` counts from 1 and includes both ends", {
  a <- array(as.numeric(1:24), 2:4)
  y <- tensor(a)
  expect_equal(as.array(y[1, , ]), a[1, , ])
  expect_equal(as.array(y[, 2:3, 1]), a[, 2:3, 1])
  expect_equal(as.numeric(y[2, 3, 4]), a[2, 3, 4])
  expect_equal(as.array(y[, c(3, 1), ]), a[, c(3, 1), ])
  expect_equal(as.array(y[, 3:1, ]), a[, 3:1, ])
  expect_equal(as.array(y[, c(TRUE, FALSE, TRUE), ]), a[, c(TRUE, FALSE, TRUE), ])
  expect_equal(as.array(y[1, , , drop = FALSE]), a[1, , , drop = FALSE])
  expect_equal(as.array(y[2]), a[2, , ])
  expect_equal(as.array(y[[2]]), a[2, , ])
  expect_equal(as.array(y[.., 1]), a[, , 1])
  expect_equal(as.array(y[all_dims(), 1]), a[, , 1])
  expect_equal(as.array(y[, 2:NULL, ]), a[, 2:3, ])
  n <- 2
  expect_equal(as.array(y[, 1:n, ]), a[, 1:2, ])
  expect_identical(dim(y[newaxis, .., NULL]), c(1L, 2L, 3L, 4L, 1L))
  expect_equal(as.numeric(y[y > 20]), a[a > 20])
  expect_equal(as.numeric(y[a > 20]), a[a > 20])
  expect_equal(as.array(y[, tensor(c(3L, 1L), "int32"), ]), a[, c(3, 1), ])
  expect_identical(y[], y)
  extract <- function(t, ...) t[...]
  expect_equal(as.array(extract(y, , 1:2, 1)), a[, 1:2, 1])
})

test_that("negative indices count from the end, told once", {
  y <- tensor(c(1, 2, 3, 4))
  told$negative <- NULL
  expect_message(last <- y[-1], "counts from its end")
  expect_silent(more <- y[-2:-1])
  expect_identical(as.numeric(last), 4)
  expect_identical(as.numeric(more), c(3, 4))
  expect_identical(as.numeric(y[2:-2]), c(2, 3))
})

test_that("wrong indices and assignment name the tensor", {
  expect_error(x[3, 1], "`x[...]`: index 3 is out of bounds for a dim of size 2", fixed = TRUE)
  expect_error(x[0, 1], "R counts from 1")
  expect_error(x[1, 1, 1], "3 indices for a tensor of 2 dims")
  expect_error(x[1.5, 1], "an index is a whole number")
  expect_error(x["a", 1], "an index is a whole number")
  expect_error(x[1, 1] <- 0, "Elements of a tensor cannot be assigned")
})

test_that("all of it works on symbolic tensors, whose value is refused", {
  symbolic <- keras$KerasTensor(tuple(NULL, 3L))
  y <- sum(exp(symbolic[, 1:2] * 2 + 1)) / mean(symbolic %*% matrix(1, 3, 1))
  expect_s3_class(y, "keras.src.backend.common.keras_tensor.KerasTensor")
  expect_error(as.numeric(symbolic), "`symbolic` is symbolic here (traced code)", fixed = TRUE)
  expect_error(as.array(symbolic), "run_eagerly = TRUE")
})

test_that("traced code computes the same", {
  skip_if_not(keras$backend$backend() == "tensorflow", "tf.function is TensorFlow's")
  tf <- import("tensorflow")
  error <- NULL
  f <- tf[["function"]](function(x) {
    error <<- tryCatch(as.numeric(x), error = conditionMessage)
    sum(round(x[, 2:3] %% 2)) + max(x)
  })
  expect_equal(as.numeric(f(x)), sum(m[, 2:3] %% 2) + max(m))
  expect_match(error, "symbolic here")
})

test_that("op_subset_set() and `op_subset<-` set elements", {
  x <- as_tensor(matrix(1:6, 2))
  first_row <- op_subset_set(x, 1, , value = 0L)
  expect_identical(as.matrix(first_row), matrix(c(0L, 2L, 0L, 4L, 0L, 6L), 2))
  expect_identical(as.matrix(op_subset_set(x, , -1, value = c(8L, 9L)))[, 3], 8:9)
  expect_identical(as.matrix(op_subset_set(x, , value = 1L)), matrix(1L, 2, 3))
  mask <- matrix(c(TRUE, FALSE, FALSE, TRUE, FALSE, FALSE), 2)
  expect_identical(as.matrix(op_subset_set(x, mask, value = c(7L, 8L)))[mask], 7:8)
  expect_identical(as.matrix(op_subset_set(diag(2), 1, 2, value = 5)), matrix(c(1, 0, 5, 1), 2))
  before <- as.matrix(x)
  y <- x
  op_subset(y, 2, 2:NULL) <- c(-1L, -2L)
  expect_identical(as.matrix(y)[2, ], c(2L, -1L, -2L))
  expect_identical(as.matrix(x), before)
  expect_error(op_subset_set(x, 1, value = 1:2), "dims \\(2\\) does not fit into the dims \\(3\\)")
  expect_error(op_subset_set(x, 3, 1, value = 1L), "index 3 is out of bounds")
})

test_that("`op_subset<-` changes a Keras variable itself", {
  variable <- keras_variable(c(1, 2, 3))
  same <- variable
  op_subset(variable, 2) <- 20
  expect_identical(py_id(variable), py_id(same))
  expect_equal(as.numeric(same), c(1, 20, 3))
  changed <- op_subset_set(variable, 1, value = 0)
  expect_equal(as.numeric(variable), c(1, 20, 3))
  expect_equal(as.numeric(changed), c(0, 20, 3))
})
