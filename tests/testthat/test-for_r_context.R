# with() on Python context managers.

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
