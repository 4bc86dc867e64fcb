# zip_lists() and named_list().

test_that("zip_lists() turns lists inside out", {
  expect_identical(zip_lists(list(1, 2), list("a", "b")), list(list(1, "a"), list(2, "b")))
  expect_identical(zip_lists(x = 1:2, y = c("a", "b"))[[2]], list(x = 2L, y = "b"))
  expect_identical(
    zip_lists(list(a = 1, b = 2), list(b = 20, a = 10)),
    list(a = list(1, 10), b = list(2, 20))
  )
  expect_identical(zip_lists(), list())
  expect_identical(zip_lists(tuple(1L, 2L, convert = TRUE), 3:4)[[1]], list(1L, 3L))
  expect_error(zip_lists(list(1), list(1, 2)), "the same length, not 1, 2")
  expect_error(zip_lists(list(a = 1), list(2)), "must have the same names")
})

test_that("named_list() names its elements", {
  units <- 3
  expect_identical(named_list(units, b = NULL, ), list(units = 3, b = NULL))
  expect_identical(names(named_list(units + 1)), "units + 1")
  expect_identical(named_list(), structure(list(), names = character()))
  expect_error(named_list(a = 1, a = 2), "`a` is given twice")
})
