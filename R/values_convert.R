# py_to_r() and r_to_py(): conversion as S3 generics that users extend by class. The other halves
# are values/convert.py and values/request.py. The default methods use the core's table of values;
# what has no counterpart stays a proxy or a handle.

#' Convert between R and Python
#'
#' Both are generics: a method for the class of `x` decides for that class, wherever such a value
#' crosses: it is in the global environment, or registered by a package. What has no counterpart on
#' the other side stays what it is: a Python object in R, an R value held by Python, which comes
#' back identical. `py_to_r()` gives what R gets for `x` as a result, `r_to_py()` what a Python
#' function gets for `x` as an argument.
#'
#' @param x A Python object for `py_to_r()`, an R value for `r_to_py()`; the other kind is
#'   returned as it is.
#' @param convert TRUE or FALSE: do attributes, items and results of the new object become R values?
#' @return `py_to_r()` an R value if there is one, `r_to_py()` a Python object.
#' @examples
#' \dontrun{
#' py_to_r(tuple("a", "b"))
#' py_to_r(np_array(matrix(1:4, 2)))
#' r_to_py(list(units = 10L, rate = 0.5))
#' r_to_py(factor("a"))
#' r_to_py.money <- function(x, convert = FALSE) list(amount = unclass(x))
#' r_to_py(list(structure(5, class = "money")))
#' }
py_to_r <- function(x) {
  UseMethod("py_to_r")
}

py_to_r.default <- function(x) {
  if (is_py_object(x)) .Call(core_to_r, x) else x
}

#' @rdname py_to_r
r_to_py <- function(x, convert = FALSE) {
  UseMethod("r_to_py")
}

# A user's method may come here for its own class with NextMethod(), so it is not asked again.
r_to_py.default <- function(x, convert = FALSE) {
  if (is.object(x) && !is_py_object(x) && !is.null(user_method(x))) {
    rule <- known_class(x, call_classes)
    if (!is.null(rule)) {
      x <- for_r_proxies$by_rule(.Call(core_handle, x), rule)
    } else if (is.atomic(x) || is.list(x)) {
      x <- unclass(x)
    } else if (!is.function(x)) {
      x <- .Call(core_handle, x)
    }
  }
  py_proxy(x, convert)
}

# Registers the methods of both generics that an R file has defined in its own environment: at a
# crossing, the global environment and the registered methods are asked.
register_conversions <- function(env) {
  pattern <- "^(py_to_r|r_to_py)[.](.+)$"
  for (name in grep(pattern, names(env), value = TRUE)) {
    registerS3method(sub(pattern, "\\1", name), sub(pattern, "\\2", name), env[[name]], topenv())
  }
}

# R's own generics of conversion, for proxies.
as.data.frame.python.builtin.object <- function(x, ...) {
  as.data.frame(converted(x, "as.data.frame"), ...)
}

as.Date.python.builtin.object <- function(x, ...) {
  as.Date(converted(x, "as.Date"), ...)
}

as.POSIXct.python.builtin.object <- function(x, tz = "", ...) {
  as.POSIXct(converted(x, "as.POSIXct"), tz = tz, ...)
}

# The text of Python's bytes is what they are in UTF-8.
as.character.python.builtin.bytes <- function(x, ...) py_to_r(x$decode())

as.raw.python.builtin.bytes <- function(x) import_builtins()$bytearray(x)

converted <- function(x, what) {
  value <- py_to_r(x)
  if (is_py_object(value)) {
    stop(what, "(): ", describe_py_object(x), " has no R value.", call. = FALSE)
  }
  value
}
