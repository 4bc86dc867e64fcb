# Indices of tensors, and `@`. The indices of other Python objects: test-for_r_containers.R.

m <- op_array(matrix(1:12, 3))
x <- op_array(1:6)
values <- function(tensor) as.vector(as.array(tensor))

test_that("a range keeps its dim and may be open or have steps", {
  expect_identical(dim(op_subset(m, , 2:2)), c(3L, 1L))
  expect_identical(dim(m[2:2, 3]), 1L)
  expect_identical(dim(m[2, 3:3]), 1L)
  expect_identical(values(op_subset(x, NA:2)), 1:2)
  expect_identical(values(op_subset(x, 5:NA)), 5:6)
  expect_identical(values(x[NULL:2]), 1:2)
  expect_identical(values(x[`:2`]), 1:2)
  expect_identical(values(x[`5:`]), 5:6)
  expect_identical(values(x[1:6:2]), c(1L, 3L, 5L))
  expect_identical(values(x[`::3`]), c(1L, 4L))
  expect_identical(values(x[6:1:-2]), c(6L, 4L, 2L))
  expect_identical(values(x[`::-1`]), 6:1)
  expect_identical(values(x[3:1]), 3:1)
  expect_identical(values(x[-2:NULL]), 5:6)
  expect_identical(values(x[2:-2]), 2:5)
  expect_error(x[0:2], "index 0; R counts from 1")
  expect_error(x[1:7], "index 7 is out of bounds for a dim of size 6")
})

test_that("ranges pass through the `...` of functions", {
  pass <- function(x, ...) op_subset(x, ...)
  again <- function(x, ...) pass(x, ...)
  n <- 2L
  expect_identical(dim(again(m, , n:n)), c(3L, 1L))
  expect_identical(values(again(x, n:NULL)), 2:6)
  expect_identical(values(again(x, `:n`)), 1:2)
})

test_that("a matrix with a column for each dim has an element in each row", {
  at <- cbind(1:3, c(1, 2, 4))
  expect_identical(values(m[at]), matrix(1:12, 3)[at])
  expect_identical(values(m[op_array(at, "int32")]), matrix(1:12, 3)[at])
  expect_identical(values(m[op_nonzero(m > 10)]), c(11L, 12L))
  expect_identical(values(x[op_where(x > 4)]), 5:6)
  expect_identical(values(m[cbind(-1, -1)]), 12L)
  expect_identical(values(x[cbind(c(2, 4))]), c(2L, 4L))
  expect_error(m[cbind(4, 1)], "index 4 is out of bounds for a dim of size 3")
  expect_error(m[cbind(0, 1)], "index 0; R counts from 1")
  op_subset(m, at) <- 0L
  expect_identical(sum(values(m)), sum(1:12) - sum(matrix(1:12, 3)[at]))
})

test_that("`@` has one sentence before R 4.3, and slots as ever", {
  skip_if(getRversion() >= "4.3.0")
  expect_error(x@r[1], "R 4.3 or later: op_subset")
  expect_error(x@py[1], "R 4.3 or later: op_subset")
  expect_error(x@r[1] <- 1L, "R 4.3 or later: op_subset")
  point <- methods::setClass("point", representation(x = "numeric"), where = environment())
  expect_identical(point(x = 3)@x, 3)
})

test_that("x@r counts from 1 and x@py from 0", {
  skip_if(getRversion() < "4.3.0")
  expect_identical(values(x@r[2:3]), 2:3)
  expect_identical(values(x@r[-1]), 6L)
  expect_identical(values(x@py[2:3]), 3L)
  expect_identical(values(x@py[`:2`]), 1:2)
  expect_identical(values(x@py[-1]), 6L)
  expect_identical(dim(m@r[, 2:2]), c(3L, 1L))
  expect_identical(dim(m@py[NULL]), c(1L, 3L, 4L))
  pass <- function(x, ...) x@r[...]
  expect_identical(values(pass(x, 2:NULL)), 2:6)
  y <- x
  y@r[2:3] <- 0L
  expect_identical(values(y), c(1L, 0L, 0L, 4:6))
  y@py[0:2] <- 9L
  expect_identical(values(y), c(9L, 9L, 0L, 4:6))
  expect_identical(values(x), 1:6)
  kept <- list(a = x)
  kept$a@r[1] <- 7L
  expect_identical(values(kept$a), c(7L, 2:6))
  weight <- keras_variable(c(1, 2, 3))
  weight@r[2] <- 0
  expect_equal(values(weight), c(1, 0, 3))
  items <- py_eval("['a', 'b']", convert = FALSE)
  expect_identical(py_to_r(items@py[1]), "b")
  items@py[0] <- "z"
  expect_identical(py_repr(items), "['z', 'b']")
  expect_error(items@r[1], "is for tensors")
  expect_error(x@shape, "an attribute is `x$shape`", fixed = TRUE)
})
