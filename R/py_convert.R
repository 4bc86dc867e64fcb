# py_to_r() and r_to_py(): conversion on request, as S3 generics that users extend by class.
# The defaults use the core's table of values; what has no counterpart stays a proxy or a handle.

py_to_r <- function(x) {
  UseMethod("py_to_r")
}

py_to_r.default <- function(x) {
  if (is_py_object(x)) .Call(core_to_r, x) else x
}

r_to_py <- function(x, convert = FALSE) {
  UseMethod("r_to_py")
}

r_to_py.default <- function(x, convert = FALSE) {
  py_proxy(x, convert)
}
