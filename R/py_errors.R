# Python exceptions in R: py_raise(), and the last one that became an R condition: py_last_error(),
# py_clear_last_error().
# Python keeps it (with the frames it refers to) until the next one or until it is cleared.

py_last_error <- function(exception) {
  if (!missing(exception)) {
    bridge$remember_error(exception)
  }
  error <- bridge$last_error()
  if (is.null(error)) NULL else structure(error, class = "py_error")
}

py_clear_last_error <- function() {
  bridge$clear_last_error()
  invisible(NULL)
}

# Raise a Python exception: an instance, or a class of exceptions.
py_raise <- function(exception) {
  if (is_py_class(exception)) {
    exception <- exception()
  }
  if (!inherits(exception, "python.builtin.BaseException") || !is_py_object(exception)) {
    stop("py_raise() needs a Python exception, not ", describe_value(exception), ".", call. = FALSE)
  }
  stop_python(exception, inherits(exception, "python.builtin.Exception"))
}

print.py_error <- function(x, ...) {
  cat(x$traceback)
  invisible(x)
}
