# tuple(), dict(), py_dict(), np_array(), items by index, and array_reshape().
# Also of: R/for_r_items.R.

test_that("tuples are made of values or of the elements of one list", {
  expect_s3_class(tuple(1, 2), "python.builtin.tuple")
  expect_identical(py_repr(tuple(1L, "a", NULL)), "(1, 'a', None)")
  expect_identical(py_repr(tuple(list(1L, 2L))), "(1, 2)")
  expect_identical(py_repr(tuple(1:2)), "(1, 2)")
  expect_identical(py_repr(tuple(1L)), "(1,)")
  expect_identical(py_repr(tuple()), "()")
  expect_identical(py_repr(tuple(tuple(1L, 2L))), "(1, 2)")
  expect_identical(py_to_r(tuple(1L, 2L)), list(1L, 2L))
  expect_identical(tuple(1L, 2L, convert = TRUE)[0], 1L)
})

test_that("dicts have string keys, py_dict() any", {
  d <- dict(a = 1L, items = 2L, convert = TRUE)
  expect_s3_class(d, "python.builtin.dict")
  expect_identical(names(d), c("a", "items"))
  expect_identical(d$a, 1L)
  expect_identical(d$items, 2L)
  expect_identical(d[["a"]], 1L)
  expect_identical(d["a"], 1L)
  d$b <- "x"
  d[["c"]] <- NULL
  d["d"] <- 4L
  expect_identical(py_repr(d), "{'a': 1, 'items': 2, 'b': 'x', 'c': None, 'd': 4}")
  expect_identical(d$get("b"), "x")
  expect_error(d[["z"]], class = "python.builtin.KeyError")
  expect_error(dict(1), "needs a name")
  expect_error(dict(a = 1, a = 2), "given twice")
  expect_true(is_py_object(dict(a = 1L)$a))
  any_keys <- py_dict(list(1L, tuple(1L, 2L)), list("x", "y"))
  expect_identical(py_repr(any_keys), "{1: 'x', (1, 2): 'y'}")
  expect_error(py_dict(1:2, 1), "2 keys, but 1 values")
})

test_that("items count from 0, negative from the end", {
  x <- tuple("a", "b", "c", convert = TRUE)
  expect_identical(x[0], "a")
  expect_identical(x[[2L]], "c")
  expect_identical(x[-1], "c")
  expect_error(x[3], class = "python.builtin.IndexError")
  expect_identical(py_get_item(x, 1), "b")
  expect_null(py_get_item(x, 9L, silent = TRUE))
  items <- r_to_py(list("a", "b"), convert = TRUE)
  items[1] <- "z"
  expect_identical(py_repr(items), "['a', 'z']")
  py_set_item(items, 0L, "y")
  py_del_item(items, 1L)
  expect_identical(py_repr(items), "['y']")
})

test_that("NumPy arrays are made with dtype and order, and read back", {
  m <- matrix(1:6, 2)
  a <- np_array(m, dtype = "float32")
  expect_s3_class(a, "numpy.ndarray")
  expect_identical(py_str(a$dtype), "float32")
  expect_identical(dim(a), c(2L, 3L))
  expect_identical(length(a), 6L)
  expect_equal(as.array(a), m)
  expect_identical(as.numeric(a), as.numeric(m))
  expect_true(py_bool(np_array(m, order = "F")$flags$f_contiguous))
  expect_equal(as.array(a + 1), m + 1)
  expect_equal(py_to_r(a[0, ]), array(c(1, 3, 5)))
  expect_equal(as.array(t(a)), t(m))
  expect_identical(as.numeric(sum(a)), 21)
})

test_that("array_reshape() reads and fills row by row", {
  x <- array_reshape(1:6, c(2, 3))
  expect_identical(x, matrix(1:6, 2, byrow = TRUE))
  expect_identical(array_reshape(x, 6), array(1:6, 6))
  expect_identical(array_reshape(x, c(3, 2)), matrix(1:6, 3, byrow = TRUE))
  expect_identical(array_reshape(1:6, c(2, 3), order = "F"), matrix(1:6, 2))
  expect_identical(array_reshape(1:8, c(2, -1, 2))[1, 2, 1], 3L)
  expect_identical(dim(array_reshape(1:8, list(NULL, 4))), c(2L, 4L))
  expect_identical(dim(array_reshape(integer(), c(0, 4))), c(0L, 4L))
  expect_error(array_reshape(1:6, c(4, 2)), "6 elements do not fit the dims (4, 2)", fixed = TRUE)
  expect_error(array_reshape(1:6, c(-1, -1)), "only one dim")
  expect_error(array_reshape(1:6, c(-1, 4)), "do not fit")
})

test_that("array_reshape() of a NumPy array is one, with its type", {
  x <- array_reshape(np_array(1:6, "int8"), c(NA, 3))
  expect_s3_class(x, "numpy.ndarray")
  expect_identical(py_repr(x), "array([[1, 2, 3],\n       [4, 5, 6]], dtype=int8)")
  by_column <- array_reshape(x, 6, order = "F")
  expect_identical(py_repr(by_column), "array([1, 4, 2, 5, 3, 6], dtype=int8)")
  expect_error(array_reshape(x, c(4, 2)), "6 elements do not fit the dims (4, 2)", fixed = TRUE)
})

test_that("array_reshape() agrees with NumPy", {
  x <- array(as.double(1:24), c(2, 3, 4))
  np <- import("numpy", convert = FALSE)
  expect_equal(array_reshape(x, c(4, 6)), as.array(np$reshape(np_array(x), tuple(4L, 6L))))
})
