# flags() and run_dir(): the parameters of a training script, and where it works.

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
