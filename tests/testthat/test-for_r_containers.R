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

# The Python keys that `[` and `[<-` make, as text.
keys <- py_eval("type('Keys', (), {
  '__getitem__': lambda self, key: repr(key),
  '__setitem__': lambda self, key, value: setattr(self, 'last', repr(key)),
})()")

test_that("indices are Python's keys, and ranges are slices", {
  i <- 2L
  pass <- function(x, ...) x[...]
  pass_again <- function(x, ...) pass(x, ...)
  here <- function() {
    k <- 3L
    pass_again(keys, 1:k, k:NULL, `k:`)
  }
  `a:b` <- 7
  expect_identical(keys[1:2], "slice(1, 2, None)")
  expect_identical(keys[1:2, ], "(slice(1, 2, None), slice(None, None, None))")
  expect_identical(keys[, 1], "(slice(None, None, None), 1)")
  expect_identical(keys[`:2`], "slice(None, 2, None)")
  expect_identical(keys[`1:`], "slice(1, None, None)")
  expect_identical(keys[`::2`], "slice(None, None, 2)")
  expect_identical(keys[`:`], "slice(None, None, None)")
  expect_identical(keys[`1:i`], "slice(1, 2, None)")
  expect_identical(keys[`a:b`], "7")
  expect_identical(keys[1:9:2], "slice(1, 9, 2)")
  expect_identical(keys[NA:2], "slice(None, 2, None)")
  expect_identical(keys[2:NULL], "slice(2, None, None)")
  expect_identical(keys[-1:i], "slice(-1, 2, None)")
  expect_identical(keys[5:1], "slice(5, 1, None)")
  expect_identical(keys[NULL], "None")
  expect_identical(keys[NULL, ], "(None, slice(None, None, None))")
  expect_identical(keys[.., 1], "(Ellipsis, 1)")
  expect_identical(keys[all_dims(), newaxis], "(Ellipsis, None)")
  expect_identical(keys[], "slice(None, None, None)")
  expect_identical(keys[(1:2)], "[1, 2]")
  expect_identical(keys[c(1, 3)], "[1, 3]")
  expect_identical(keys["a", "b"], "('a', 'b')")
  expect_identical(keys[tuple(1L, 2L)], "(1, 2)")
  expect_identical(pass(keys, 1:i), "slice(1, 2, None)")
  expect_identical(pass(keys, , `:2`), "(slice(None, None, None), slice(None, 2, None))")
  expect_identical(here(), "(slice(1, 3, None), slice(3, None, None), slice(3, None, None))")
  expect_identical(lapply(list(keys), `[`, 1:2), list("slice(1, 2, None)"))
  keys[1:2, ] <- 0
  expect_identical(keys$last, "(slice(1, 2, None), slice(None, None, None))")
  keys[`2:`] <- 0
  expect_identical(keys$last, "slice(2, None, None)")
})

test_that("py_get_item() and py_set_item() take the same keys, and vectors", {
  expect_identical(py_get_item(keys, `:2`), "slice(None, 2, None)")
  expect_identical(py_get_item(keys, NULL), "None")
  expect_identical(py_get_item(keys, ..), "Ellipsis")
  expect_identical(py_get_item(keys, 1:2), "[1, 2]")
  py_set_item(keys, `1:3`, 0)
  expect_identical(keys$last, "slice(1, 3, None)")
  items <- py_eval("['a', 'b', 'c', 'd']", convert = FALSE)
  expect_identical(py_repr(items[1:3]), "['b', 'c']")
  expect_identical(py_repr(py_get_item(items, 1:3)), "['b', 'c']")
  py_del_item(items, `:2`)
  expect_identical(py_repr(items), "['c', 'd']")
  items[0:1] <- list("x", "y")
  expect_identical(py_repr(items), "['x', 'y', 'd']")
  table <- np_array(matrix(1:6, 2))
  expect_identical(py_repr(table[0:1, ]), "array([[1, 3, 5]], dtype=int32)")
  expect_identical(py_repr(table[NULL]$shape), "(1, 2, 3)")
  expect_identical(py_repr(table[, c(0, 2)]$shape), "(2, 2)")
})

test_that("NumPy arrays have R's type and one dim for a vector", {
  kinds <- list(1:3, 1L, c(1, 2), 2, TRUE, matrix(1:4, 2), 3 + 1i, integer())
  arrays <- lapply(kinds, np_array)
  expect_identical(
    vapply(arrays, function(x) py_str(x$dtype), ""),
    c("int32", "int32", "float64", "float64", "bool", "int32", "complex128", "int32")
  )
  expect_identical(lapply(arrays, dim), list(3L, 1L, 2L, 1L, 1L, c(2L, 2L), 1L, 0L))
  expect_identical(py_str(np_array(1:2, "int64")$dtype), "int64")
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
