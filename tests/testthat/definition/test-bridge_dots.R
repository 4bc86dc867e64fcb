# Arguments in `...`: a comma at the end, and what rlang splices and names.

dynamic_dots <- asNamespace("pyclassbridge")$dynamic_dots
require_rlang <- asNamespace("pyclassbridge")$require_rlang
dots <- function(...) dynamic_dots(...)
outer <- function(first, ...) dots(...)

test_that("a comma at the end says nothing", {
  expect_identical(dots(1, a = 2, ), list(1, a = 2))
  expect_identical(outer(0, 1, NULL, ), list(1, NULL))
  expect_identical(dots(), list())
  expect_identical(dots(NULL), list(NULL))
  expect_error(dots(1, , 2))
})

test_that("rlang's operators splice and name", {
  skip_if_not_installed("rlang")
  values <- list(b = 2, 3)
  name <- "x"
  expect_equal(dots(a = 1, !!!values), list(a = 1, b = 2, 3), ignore_attr = "names")
  expect_identical(names(outer(0, a = 1, !!!values, )), c("a", "b", ""))
  expect_identical(dots("{name}_1" := 5), list(x_1 = 5))
})

test_that("without rlang an error says that it is needed", {
  mocked <- dynamic_dots
  environment(mocked) <- list2env(
    list(requireNamespace = function(...) FALSE), parent = environment(dynamic_dots)
  )
  needed <- require_rlang
  environment(needed) <- environment(mocked)
  environment(mocked)$require_rlang <- needed
  call_it <- function() mocked(!!!list(1)) # expect_error() would splice by itself
  expect_error(call_it(), "need the R package rlang: install.packages")
})
