# Which Python runs, what is installed, Python's prompt, hooks and documentation.

test_that("py_config() tells of the Python that runs", {
  config <- py_config()
  sys <- import("sys")
  expect_identical(config$python, sys$executable)
  expect_identical(py_exe(), sys$executable)
  expect_identical(config$version, as.character(py_version()))
  expect_identical(config$numpy_version, import("numpy")$`__version__`)
  expect_identical(py_discover_config("numpy"), config)
  expect_output(print(config), sys$executable, fixed = TRUE)
  expect_output(print(config), "NOTE: Python hosts R.", fixed = TRUE)
  expect_match(py_config_error_message("No such module."), "^No such module.\n\npython: ")
  expect_true(py_numpy_available())
  expect_identical(nrow(py_versions_windows()), 0L)
})

test_that("py_list_packages() lists what is installed", {
  packages <- py_list_packages()
  numpy <- packages[packages$package == "numpy", ]
  expect_identical(numpy$requirement, paste0("numpy==", numpy$version))
  expect_identical(py_list_packages(python = py_exe()), packages)
  expect_error(py_list_packages("other"), "of no other")
})

test_that("requirements are written and read", {
  files <- c(tempfile(), tempfile())
  on.exit(unlink(files))
  written <- py_write_requirements(files[[1]], files[[2]], quiet = TRUE)
  expect_identical(readLines(files[[1]]), py_list_packages()$requirement)
  expect_identical(readLines(files[[2]]), as.character(py_version(patch = TRUE)))
  expect_message(read <- py_read_requirements(files[[1]], files[[2]]), "stays; for another one")
  expect_identical(read, written)
  writeLines(c("# ours", "no-such-package  # later"), files[[1]])
  expect_message(py_read_requirements(files[[1]], NULL), "it lacks packages: .*no-such-package")
  expect_silent(py_read_requirements(files[[1]], NULL, action = "none"))
})

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

test_that("hooks run when a module is there", {
  directory <- tempfile()
  dir.create(directory)
  writeLines("value = 1", file.path(directory, "bridge_hooked.py"))
  on.exit({
    unlink(directory, recursive = TRUE)
    py_run_string("import sys; sys.modules.pop('bridge_hooked', None)")
  })
  seen <- character()
  py_register_load_hook("bridge_hooked", function() seen <<- c(seen, "first"))
  py_register_load_hook("bridge_hooked", function() seen <<- c(seen, "second"))
  expect_identical(seen, character())
  expect_identical(import_from_path("bridge_hooked", directory)$value, 1L)
  expect_identical(seen, c("first", "second"))
  py_register_load_hook("bridge_hooked", function() seen <<- c(seen, "at once"))
  expect_identical(seen[[3]], "at once")
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

test_that("a function for any thread runs on the thread that calls it", {
  threading <- import("threading")
  seen <- NULL
  thread <- threading$Thread(target = py_main_thread_func(function() {
    seen <<- threading$current_thread()$name
  }), name = "worker")
  thread$start()
  thread$join()
  expect_identical(seen, "worker")
  expect_error(py_main_thread_func(1), "`f` is a function")
})

test_that("Python functions are documented and wrapped", {
  py_run_string(paste(
    "def bridge_area(w, h=2, **more):", "    '''The area.", "", "    Of a rectangle.", "",
    "    Args:", "        w: The width.", "        h: The height.", "",
    "    Returns:", "        A number.", "    '''", "    return w * h",
    sep = "\n"
  ))
  on.exit(py_run_string("del bridge_area"))
  docs <- py_function_docs("__main__.bridge_area")
  expect_identical(docs$description, "The area.")
  expect_identical(docs$details, "Of a rectangle.")
  expect_identical(docs$parameters, list(w = "The width.", h = "The height."))
  expect_identical(docs$returns, "A number.")
  expect_identical(docs$signature, "bridge_area(w, h=2, **more)")
  expect_output(
    code <- py_function_wrapper("__main__.bridge_area", r_prefix = "my_"), "@param h The height."
  )
  scope <- list2env(list(`__main__` = import_main()))
  eval(base::parse(text = gsub("__main__$", "`__main__`$", code, fixed = TRUE)), scope)
  expect_identical(scope$my_bridge_area(3L), 6L)
  expect_error(py_function_docs("math.no_such"), class = "python.builtin.AttributeError")
})
