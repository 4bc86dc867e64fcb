# Iteration in both directions.

test_that("iterate() maps over any iterable", {
  expect_identical(iterate(tuple(1L, 2L, 3L, convert = TRUE)), 1:3)
  values <- py_eval("range(3)")
  expect_identical(iterate(values), 0:2)
  expect_identical(iterate(values, function(x) x * 2), c(0, 2, 4))
  expect_identical(iterate(values, simplify = FALSE), list(0L, 1L, 2L))
  expect_identical(iterate(py_eval("iter([1, 2.5])")), c(1, 2.5))
  expect_identical(iterate(py_eval("iter([1, 'a'])")), list(1L, "a"))
  expect_identical(iterate(py_eval("iter([None, 1])")), list(NULL, 1L))
  expect_identical(iterate(py_eval("iter([])")), list())
})

test_that("an iterator ends with `completed` and is used up", {
  it <- as_iterator(py_eval("range(2)"))
  expect_identical(iter_next(it), 0L)
  expect_identical(iter_next(it), 1L)
  expect_null(iter_next(it))
  expect_identical(iter_next(it, completed = "end"), "end")
})

test_that("an unconverted iterable gives unconverted items", {
  it <- as_iterator(py_eval("iter([1])", convert = FALSE))
  expect_true(is_py_object(iter_next(it)))
  expect_identical(iter_next(it, "end"), "end")
})

test_that("errors in an iterator are conditions", {
  it <- py_eval("(1 / n for n in [1, 0])")
  expect_identical(iter_next(it), 1)
  expect_error(iter_next(it), class = "python.builtin.ZeroDivisionError")
  expect_error(as_iterator(py_eval("object()")), class = "python.builtin.TypeError")
})

test_that("py_iterator() makes a Python iterator of an R function", {
  counter <- function(n, end = NULL) {
    i <- 0L
    function() if (i < n) (i <<- i + 1L) else end
  }
  builtins <- import_builtins()
  expect_identical(builtins$sum(py_iterator(counter(4L))), 10L)
  expect_identical(iterate(py_iterator(counter(3L), prefetch = 2L), py_to_r), 1:3)
  expect_identical(builtins$list(py_iterator(counter(2L, "end"), completed = "end")), 1:2)
  failing <- py_iterator(function() stop("no more"))
  expect_error(builtins$sum(failing), "no more")
  expect_error(py_iterator(1), "function without arguments")
})

test_that("as.list() takes a mapping by its keys, anything else by its items", {
  expect_identical(as.list(dict(a = 1, b = "x", convert = TRUE)), list(a = 1, b = "x"))
  expect_identical(names(as.list(py_dict(1:2, c("x", "y"), convert = TRUE))), c("1", "2"))
  expect_identical(as.list(py_eval("range(2)")), list(0L, 1L))
  expect_identical(sapply(py_eval("range(3)"), function(x) x + 1L), 1:3)
})
