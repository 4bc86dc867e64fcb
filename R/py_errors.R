# Python exceptions in R: py_raise(), and the last one that became an R condition: py_last_error(),
# py_clear_last_error().
# Python keeps it (with the frames it refers to) until the next one or until it is cleared.

#' The last Python exception
#'
#' It is the last one that became an R condition, handled or not. Python keeps it, and the
#' objects of its frames, until the next one or `py_clear_last_error()`.
#'
#' @param exception A Python exception to keep instead.
#' @return NULL, or a list of strings, `type`, `value`, `traceback` and `message`, which prints as
#'   Python's traceback; `py_clear_last_error()` NULL, invisibly.
#' @examples
#' \dontrun{
#' try(py_eval("1 / 0"), silent = TRUE)
#' py_last_error()$message
#' py_clear_last_error()
#' }
py_last_error <- function(exception) {
  if (!missing(exception)) {
    bridge$remember_error(exception)
  }
  error <- bridge$last_error()
  if (is.null(error)) NULL else structure(error, class = "py_error")
}

#' @rdname py_last_error
py_clear_last_error <- function() {
  bridge$clear_last_error()
  invisible(NULL)
}

#' Raise a Python exception
#'
#' R code catches it by its classes, such as `python.builtin.ValueError` or `error`; Python code
#' that called R gets the same object. Anything but an exception is an error of its own.
#'
#' @param exception A Python exception, or a class of them, which is called without arguments.
#' @return Nothing: it does not return.
#' @examples
#' \dontrun{
#' tryCatch(
#'   py_raise(import_builtins()$ValueError("too small")),
#'   python.builtin.ValueError = function(e) conditionMessage(e)
#' )
#' }
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
