# Python code from R: evaluation and files, errors, objects in files, seeds.
# Also of: R/for_r_errors.R, R/for_r_pickles.R, R/for_r_seeds.R.

test_that("py_eval() gives the value of an expression", {
  expect_identical(py_eval("1 + 1"), 2L)
  expect_true(is_py_object(py_eval("1 + 1", convert = FALSE)))
  expect_error(py_eval("x ="), class = "python.builtin.SyntaxError")
  expect_error(py_eval(1), "Python code as text")
})

test_that("py_run_string() runs in __main__ or in a scope of its own", {
  on.exit(py_run_string("del bridge_x"))
  main <- py_run_string("bridge_x = 10")
  expect_identical(main$bridge_x, 10L)
  expect_identical(py$bridge_x, 10L)
  local <- py_run_string("def bridge_f(): return bridge_g()\ndef bridge_g(): return bridge_x + 1", local = TRUE)
  expect_setequal(names(local), c("bridge_f", "bridge_g"))
  expect_identical(local$bridge_f(), 11L)
  expect_false(py_has_attr(py, "bridge_f"))
  raw <- py_run_string("y = 2", local = TRUE, convert = FALSE)
  expect_true(is_py_object(raw$y))
})

test_that("py_run_file() and source_python() run files", {
  file <- tempfile(fileext = ".py")
  on.exit({
    unlink(file)
    py_run_string("del bridge_value, bridge_twice, bridge_where")
  })
  writeLines(c(
    "import os",
    "bridge_value = 21",
    "def bridge_twice(x): return 2 * x",
    "bridge_where = os.path.basename(__file__)",
    "_bridge_hidden = 1"
  ), file)
  expect_identical(py_run_file(file)$bridge_where, basename(file))
  env <- new.env()
  source_python(file, envir = env)
  expect_setequal(ls(env, all.names = TRUE), c("bridge_value", "bridge_twice", "bridge_where"))
  expect_identical(env$bridge_twice(env$bridge_value), 42L)
  expect_error(py_run_file("no_such_file.py"), "there is no file \"no_such_file.py\"")
})

test_that("the last Python error is kept until it is cleared", {
  py_clear_last_error()
  expect_null(py_last_error())
  try(py_eval("[][1]"), silent = TRUE)
  error <- py_last_error()
  expect_identical(error$type, "IndexError")
  expect_match(error$traceback, "py_eval")
  expect_output(print(error), "IndexError")
  py_clear_last_error()
  expect_null(py_last_error())
})

test_that("a Python exception is an R condition with its classes", {
  error <- tryCatch(py_eval("{}['k']"), error = identity)
  expect_s3_class(error, c("python.builtin.KeyError", "python.builtin.LookupError"))
  expect_true(is_py_object(error$py_object))
})

test_that("objects are saved and loaded", {
  file <- tempfile(fileext = ".pkl")
  on.exit(unlink(file))
  py_save_object(dict(a = 1L), file, protocol = 2L)
  expect_identical(py_load_object(file), list(a = 1L))
  expect_error(py_save_object(1, file, "pickle", 2), "need names")
})

test_that("versions, seeds and help", {
  expect_true(py_available())
  expect_true(py_version() >= "3.10")
  py_set_seed(1L)
  random <- import("random")
  first <- random$random()
  py_set_seed(1L)
  expect_identical(random$random(), first)
  expect_output(py_help(import_builtins()$len), "number of items")
})
