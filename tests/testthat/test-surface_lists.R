# zip_lists() and named_list(), and the flags of a training script.
# Of: R/surface_lists.R, R/training_flags.R.

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

parse <- function(...) {
  flags(
    flag_integer("units", 32, "units"), flag_numeric("drop_out", 0.4), flag_boolean("big", FALSE),
    flag_string("activation", "relu"), ...
  )
}

test_that("flags have defaults, and values of the command line", {
  expect_identical(
    parse(arguments = character()),
    list(units = 32L, drop_out = 0.4, big = FALSE, activation = "relu")
  )
  words <- c("file.csv", "--units", "64", "--drop-out=-0.5", "--big", "--mine", "1")
  given <- parse(arguments = words)
  expect_identical(given, list(units = 64L, drop_out = -0.5, big = TRUE, activation = "relu"))
  expect_true(parse(arguments = c("--big", "yes"))$big)
  expect_error(parse(arguments = c("--units=1.5")), "`units` takes a whole number, not \"1.5\"")
  expect_error(parse(arguments = c("--big", "perhaps")), "TRUE or FALSE")
  expect_error(parse(arguments = "--activation"), "has no value")
})

test_that("flags are read from a file", {
  file <- tempfile(fileext = ".yml")
  on.exit(unlink(file))
  writeLines(c(
    "# sizes", "default:", "  units: 16  # few", "  activation: 'tanh'", "",
    "large:", "  inherits: middle", "  units: 128", "middle:", "  drop_out: 0.9", "  units: 5"
  ), file)
  read <- function(...) parse(file = file, arguments = character(), ...)
  expect_identical(read()$units, 16L)
  large <- read(config = "large")
  expect_identical(large, list(units = 128L, drop_out = 0.9, big = FALSE, activation = "tanh"))
  expect_identical(parse(file = file, arguments = "--units=1")$units, 1L)
  writeLines(c("units: 7", "big: yes"), file)
  expect_identical(read()[c("units", "big")], list(units = 7L, big = TRUE))
  writeLines("units = 7", file)
  expect_error(read(), "the line `units = 7` is not `name: value`")
})

test_that("run_dir() is where the script works", {
  expect_identical(run_dir(), getwd())
})
