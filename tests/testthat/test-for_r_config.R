# Which Python runs and what is installed in it; functions and hooks that R gives to Python.
# Also of: R/for_r_hooks.R, for_r/hooks.py, R/for_r_call.R.

test_that("py_config() tells of the Python that runs", {
  config <- py_config()
  sys <- import("sys")
  expect_identical(config$python, sys$executable)
  expect_identical(py_exe(), sys$executable)
  expect_identical(config$version, as.character(py_version()))
  expect_identical(config$numpy_version, import("numpy")$`__version__`)
  expect_identical(py_discover_config("numpy"), config)
  expect_output(print(config), sys$executable, fixed = TRUE)
  host <- if (r_hosts()) "R hosts Python, chosen by " else "Python hosts R."
  expect_output(print(config), paste("NOTE:", host), fixed = TRUE)
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
