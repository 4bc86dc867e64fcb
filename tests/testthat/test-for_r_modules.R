# Python modules in R: imported at once, later, or from a directory.

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

test_that("keras is imported on first use only", {
  expect_true("keras" %in% getNamespaceExports("pyclassbridge"))
  expect_true(bindingIsActive("keras", asNamespace("pyclassbridge")))
})

test_that("a delayed module calls its hooks", {
  called <- character()
  module <- import("not_there_by_this_name", delay_load = list(
    environment = "r-own", priority = 5,
    before_load = function() called <<- c(called, "before"),
    get_module = function() "colorsys",
    on_load = function() called <<- c(called, "loaded")
  ))
  expect_identical(called, character())
  expect_equal(module$rgb_to_hsv(0, 0, 0)[[3]], 0)
  module$hsv_to_rgb
  expect_identical(called, c("before", "loaded"))

  loaded <- FALSE
  module <- import("colorsys", delay_load = function() loaded <<- TRUE)
  expect_false(loaded)
  module$rgb_to_hsv
  expect_true(loaded)
})

test_that("the hook for an error gets it, and the error goes on", {
  failure <- NULL
  module <- import("no_such_module_at_all", delay_load = list(on_error = function(e) failure <<- e))
  expect_error(module$x, class = "python.builtin.ModuleNotFoundError")
  expect_s3_class(failure, "python.builtin.ModuleNotFoundError")
  expect_error(import("math", delay_load = list(on_lod = function() 1)), "not `on_lod`", fixed = TRUE)
})
