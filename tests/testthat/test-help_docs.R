# The documentation of Python functions, and R functions that call them.

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
