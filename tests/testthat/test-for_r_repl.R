# Python's prompt in R: repl_python(), and eng_python() as knitr's engine.

test_that("repl_python() shows values, and goes on after an exception", {
  on.exit(py_run_string("del bridge_n"))
  code <- c("bridge_n = 6", "bridge_n * 7", "1 / 0", "print('on')")
  said <- capture.output(repl_python(input = code))
  expect_identical(said[[1]], "42")
  expect_match(said[[length(said) - 1L]], "ZeroDivisionError")
  expect_identical(said[[length(said)]], "on")
  expect_output(repl_python("math", input = "floor(2.5)"), "2")
  expect_output(repl_python(input = "x ="), "SyntaxError")
})

test_that("eng_python() is an engine of knitr", {
  skip_if_not_installed("knitr")
  options <- function(code, ...) modifyList(knitr::opts_chunk$get(), list(code = code, ...))
  expect_match(eng_python(options("20 + 1", engine = "python")), "21")
  expect_no_match(eng_python(options("20 + 1", engine = "python", eval = FALSE)), "21")
  expect_error(eng_python(options("1 / 0", engine = "python", error = FALSE)), "ZeroDivisionError")
  expect_match(eng_python(options("1 / 0", engine = "python", error = TRUE)), "ZeroDivisionError")
})

test_that("in a chunk `r` has the variables of the document", {
  skip_if_not_installed("knitr")
  old <- knitr::knit_global()
  options <- function(code) modifyList(knitr::opts_chunk$get(), list(code = code, error = FALSE))
  assign("bridge_x", 20, envir = old)
  on.exit(rm("bridge_x", "bridge_y", envir = old))
  bridge_x <- 1
  expect_match(eng_python(options(c("r.bridge_x + 1", "r.bridge_y = 2"))), "21")
  expect_identical(get("bridge_y", envir = old), 2L)
})
