# Python's output and warnings while R code runs.

test_that("py_capture_output() gets the output of both languages", {
  out <- py_capture_output({
    import_builtins()$print("from Python")
    cat("from R\n")
  })
  expect_identical(out, "from Python\nfrom R\n")
  complain <- "import sys; print('e', file=sys.stderr)"
  err <- py_capture_output(py_run_string(complain, local = TRUE), "stderr")
  expect_identical(err, "e\n")
  expect_error(py_capture_output(stop("inside")), "inside")
})

test_that("py_suppress_warnings() silences Python's warnings", {
  warn <- function() import("warnings")$warn("loud")
  expect_silent(py_suppress_warnings(warn()))
})

test_that("handlers go round code without warnings", {
  state <- environment(py_config)$surface
  on.exit(state$warning_handlers <- NULL)
  seen <- character()
  for (name in c("a", "b")) local({
    name <- name
    register_suppress_warnings_handler(list(
      suppress = function() {
        seen <<- c(seen, paste("off", name))
        name
      },
      restore = function(kept) seen <<- c(seen, paste("on", kept))
    ))
  })
  expect_identical(py_suppress_warnings(length(seen)), 2L)
  expect_identical(seen, c("off a", "off b", "on b", "on a"))
  expect_error(py_suppress_warnings(stop("on purpose")), "on purpose")
  expect_identical(seen[7:8], c("on b", "on a"))
  expect_error(register_suppress_warnings_handler(1), "`suppress` and `restore`")
})
