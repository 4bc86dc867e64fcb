# Attributes of Python objects by functions: py_get_attr(), py_set_attr(), and their like.
# Names are checked here; a missing attribute is an AttributeError that suggests the nearest one.

py_get_attr <- function(x, name, silent = FALSE) {
  check_name(name)
  if (silent && !py_has_attr(x, name)) {
    return(NULL)
  }
  bridge_of(x)$get_attr(x, name)
}

py_set_attr <- function(x, name, value) {
  check_name(name)
  .Call(core_set_attr, x, name, value)
  invisible(x)
}

py_has_attr <- function(x, name) {
  check_name(name)
  bridge$has_attr(x, name)
}

py_del_attr <- function(x, name) {
  check_name(name)
  bridge$del_attr(x, name)
  invisible(x)
}

py_list_attributes <- function(x) {
  as_strings(bridge$attribute_names(x))
}

check_name <- function(name) {
  if (!is.character(name) || length(name) != 1L || is.na(name)) {
    stop("`name` is one string, the name of an attribute.", call. = FALSE)
  }
}
