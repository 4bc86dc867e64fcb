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

test_that("logging is captured, and goes where it went before", {
  py_run_string("
import io, logging, sys
logger = logging.getLogger('captured_here')
logger.propagate = False
handler = logging.StreamHandler(sys.stderr)
logger.addHandler(handler)
kept = handler.stream
")
  text <- py_capture_output(py_run_string("logger.warning('seen')"))
  expect_identical(text, "seen\n")
  expect_true(py_eval("handler.stream is kept"))
  expect_identical(py_capture_output(py_run_string("logger.warning('x')"), type = "stdout"), "")
  made <- py_capture_output(py_run_string("
later = logging.StreamHandler()
logger.addHandler(later)
logger.removeHandler(handler)
logger.error('made inside')
"))
  expect_identical(made, "made inside\n")
  expect_true(py_eval("later.stream is sys.stderr"))
  py_run_string("logger.removeHandler(later)")
})
