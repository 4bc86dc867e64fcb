# Attributes of Python objects by functions: py_get_attr(), py_set_attr(), and their like. The other
# half is for_r/attributes.py. Names are checked here; a missing attribute is an AttributeError that
# suggests the nearest one.

#' Attributes of a Python object
#'
#' What `$` and `$<-` do, for names that are computed.
#'
#' An attribute that is not there is a `python.builtin.AttributeError`, which suggests the nearest
#' name.
#'
#' @param x A Python object, or an R value, which becomes one first.
#' @param name String, the name of an attribute.
#' @param silent TRUE gives NULL for an attribute that is not there.
#' @param value The new value.
#' @return `py_get_attr()` the attribute, `py_has_attr()` TRUE or FALSE, `py_list_attributes()`
#'   all names, sorted; the others `x`, invisibly.
#' @examples
#' \dontrun{
#' sys <- import("sys")
#' py_get_attr(sys, "byteorder")
#' py_get_attr(sys, "bytorder", silent = TRUE)
#' point <- import("types")$SimpleNamespace(x = 1)
#' py_set_attr(point, "y", 2)
#' py_has_attr(point, "y")
#' py_del_attr(point, "y")
#' grep("^max", py_list_attributes(sys), value = TRUE)
#' }
py_get_attr <- function(x, name, silent = FALSE) {
  check_name(name)
  if (silent && !py_has_attr(x, name)) {
    return(NULL)
  }
  for_r_of(x)$get_attr(x, name)
}

#' @rdname py_get_attr
py_set_attr <- function(x, name, value) {
  check_name(name)
  .Call(core_set_attr, x, name, value)
  invisible(x)
}

#' @rdname py_get_attr
py_has_attr <- function(x, name) {
  check_name(name)
  for_r$has_attr(x, name)
}

#' @rdname py_get_attr
py_del_attr <- function(x, name) {
  check_name(name)
  for_r$del_attr(x, name)
  invisible(x)
}

#' @rdname py_get_attr
py_list_attributes <- function(x) {
  as_strings(for_r$attribute_names(x))
}

check_name <- function(name) {
  if (!is.character(name) || length(name) != 1L || is.na(name)) {
    stop("`name` is one string, the name of an attribute.", call. = FALSE)
  }
}
