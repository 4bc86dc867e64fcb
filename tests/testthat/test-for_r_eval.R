# Python code from R: evaluation, files, modules, context managers, output, errors.

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

test_that("import() finds modules, and says which is missing", {
  expect_identical(import("math")$floor(1.5), 1L)
  expect_true(is_py_object(import("math", convert = FALSE)$floor(1.5)))
  expect_s3_class(import("os.path"), "python.builtin.module")
  expect_error(import("no_such_module_b"), class = "python.builtin.ModuleNotFoundError")
  expect_error(import(3), "one string")
  expect_true(py_module_available("json"))
  expect_false(py_module_available("no_such_module_b"))
  expect_identical(import_main()$`__name__`, "__main__")
})

test_that("a delayed module is imported by its first attribute", {
  sys <- import("sys")
  lazy <- import("sndhdr_that_is_not_there", delay_load = TRUE)
  expect_output(print(lazy), "Module(sndhdr_that_is_not_there)", fixed = TRUE)
  expect_error(lazy$x, class = "python.builtin.ModuleNotFoundError")
  expect_identical(import("colorsys", delay_load = TRUE)$rgb_to_hsv(0, 0, 0), list(0, 0, 0))
})

test_that("import_from_path() looks in a directory first", {
  dir <- tempfile()
  dir.create(dir)
  on.exit(unlink(dir, recursive = TRUE))
  writeLines("value = 3", file.path(dir, "bridge_module_by_path.py"))
  expect_identical(import_from_path("bridge_module_by_path", dir)$value, 3L)
})

context_manager <- function(swallow = "False") {
  py_run_string(paste0("
class Manager:
    events = []
    def __enter__(self):
        self.events.append('enter')
        return 'value'
    def __exit__(self, kind, error, traceback):
        self.events.append('exit')
        self.error = error
        return ", swallow, "
manager = Manager()
"), local = TRUE)$manager
}

test_that("with() enters and leaves a context manager", {
  manager <- context_manager()
  x <- "before"
  result <- with(manager %as% x, {
    seen <- x
    42
  })
  expect_identical(result, 42)
  expect_identical(seen, "value")
  expect_identical(x, "value")
  expect_null(manager$error)
  expect_identical(with(manager, "again", as = y), "again")
  expect_identical(y, "value")
  expect_error(with(tuple(1), 1), "no context manager")
})

test_that("__exit__ sees R errors as exceptions and may swallow them", {
  manager <- context_manager()
  condition <- errorCondition("mine", class = "my_error")
  expect_error(with(manager, stop(condition)), class = "my_error")
  expect_match(py_str(manager$error), "mine")
  manager <- context_manager()
  expect_error(with(manager, py_eval("1 / 0")), class = "python.builtin.ZeroDivisionError")
  expect_s3_class(manager$error, "python.builtin.ZeroDivisionError")
  expect_null(with(context_manager("True"), stop("swallowed")))
})

test_that("return() leaves a with() block as a normal end", {
  manager <- context_manager()
  f <- function() {
    with(manager, return("early"))
    "late"
  }
  expect_identical(f(), "early")
  expect_null(manager$error)
  expect_identical(unlist(manager$events), c("enter", "exit"))
})

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

test_that("keras is imported on first use only", {
  expect_true("keras" %in% getNamespaceExports("pyclassbridge"))
  expect_true(bindingIsActive("keras", asNamespace("pyclassbridge")))
})
