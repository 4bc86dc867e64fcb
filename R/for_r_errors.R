# Python exceptions in R: py_raise(), py_last_error(), py_clear_last_error(). The other half is
# for_r/errors.py, which holds the last exception that became an R condition (and the objects of its
# frames) until the next one or until R clears it.

#' The last Python exception
#'
#' It is the last one that became an R condition, handled or not; an error of R code that Python has
#' called and passed on is one, too. Python keeps it, and the objects of its frames, until the next
#' one or `py_clear_last_error()`.
#'
#' What R shows of an error of Keras or its backend is the sentence that matters; here is all of it.
#'
#' @param exception A Python exception to keep instead.
#' @return NULL, or a list that prints as Python's traceback, of strings: `type`, `value` (Python's
#'   whole text), `traceback`, `message` (`type` and `value`), `r_call` (the user's R call that
#'   failed), `r_trace` (all R calls under way, outermost first), and for an error of R code its
#'   `r_class`; `py_clear_last_error()` NULL,
#'   invisibly.
#' @examples
#' \dontrun{
#' try(py_eval("1 / 0"), silent = TRUE)
#' py_last_error()$message
#' py_clear_last_error()
#' }
py_last_error <- function(exception) {
  if (!missing(exception)) {
    py_clear_last_error()
    for_r$remember_error(exception)
  }
  error <- for_r$last_error()
  if (is.null(error)) {
    return(NULL)
  }
  if (is.null(error$r_class)) {
    # The calls become text only here, since most errors are never asked about.
    error$r_call <- if (!is.null(last_error$call)) shortened(shown_call(last_error$call))
    error$r_trace <- vapply(described_calls(last_error$calls), `[[`, "", "text")
  } else {
    error[c("r_class", "r_trace")] <- lapply(error[c("r_class", "r_trace")], as_strings)
  }
  structure(error, class = "py_error")
}

# The R calls under way when the last exception became a condition.
last_error <- new.env(parent = emptyenv())

#' @rdname py_last_error
py_clear_last_error <- function() {
  last_error$call <- last_error$calls <- NULL
  for_r$clear_last_error()
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
  stop_python(exception, inherits(exception, "python.builtin.Exception"), NULL)
}

print.py_error <- function(x, ...) {
  cat(x$traceback)
  invisible(x)
}
