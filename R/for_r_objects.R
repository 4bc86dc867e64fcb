# A Python object as an R value: what it is, how it prints, `$`, `[[`, names(), length(), Ops. The
# other halves are for_r/objects.py and for_r/ops.py. Assumes the core's symbols and `for_r`, which
# the session defines; guarantees that a method on a proxy made with convert = FALSE gives such
# proxies again, except for text, names and TRUE/FALSE, which are R values.

# for_r or for_r_proxies: the one that converts results as the proxy `x` does.
for_r_of <- function(x) {
  if (is_py_object(x) && !.Call(core_convert_flag, x)) for_r_proxies else for_r
}

# The Python object of `x` (a proxy, or an R value, which is converted to Python first).
py_proxy <- function(x, convert) {
  .Call(core_proxy, x, convert)
}

#' Is it a Python object?
#'
#' Only what R has as an object of Python: an R value is none, though Python may hold it.
#'
#' @param x Any value.
#' @return TRUE or FALSE.
#' @examples
#' \dontrun{
#' is_py_object(import("sys"))
#' is_py_object(3)
#' }
is_py_object <- function(x) {
  .Call(core_is_proxy, x)
}

#' Is a Python object still there?
#'
#' An object does not outlive its process: it is gone after `readRDS()` or in a workspace that is
#' loaded again. `py_validate_xptr()` makes that an error.
#'
#' @param x Any value; one that is not Python's is never gone.
#' @return `py_is_null_xptr()` TRUE or FALSE, `py_validate_xptr()` `x`, invisibly.
#' @examples
#' \dontrun{
#' file <- tempfile(fileext = ".rds")
#' saveRDS(import("sys"), file)
#' py_is_null_xptr(readRDS(file))
#' py_validate_xptr(import("sys"))
#' }
py_is_null_xptr <- function(x) {
  is_py_object(x) && tryCatch(
    is.null(for_r$identity(x)),
    python.builtin.ReferenceError = function(e) TRUE
  )
}

#' @rdname py_is_null_xptr
py_validate_xptr <- function(x) {
  if (py_is_null_xptr(x)) {
    stop(
      "This Python object does not exist any more: it comes from another R session ",
      "(saved with the workspace or by saveRDS()). Make it again, or use py_save_object() ",
      "and py_load_object() to keep it.",
      call. = FALSE
    )
  }
  invisible(x)
}

#' The identity of a Python object
#'
#' Two names for one object have the same identity, which may be another's once the object is gone.
#'
#' @param object A Python object.
#' @return A string: the number may be too large for an integer of R.
#' @examples
#' \dontrun{
#' py_id(import("sys")) == py_id(import("sys"))
#' }
py_id <- function(object) {
  for_r$identity(object)
}

#' None and Ellipsis
#'
#' Python's `None` and `...` as objects. `None` is NULL in R otherwise, and NULL in a call of
#' Python is `None`.
#'
#' @return A Python object.
#' @examples
#' \dontrun{
#' py_none()
#' x <- np_array(matrix(1:4, 2))
#' py_get_item(x, tuple(py_ellipsis(), 0L))
#' }
py_none <- function() {
  py_proxy(NULL, FALSE)
}

#' @rdname py_none
py_ellipsis <- function() {
  for_r_proxies$ellipsis()
}

#' Truth and length as Python sees them
#'
#' `py_bool()` is what `if` in Python decides by. An object without a length, and a truth value that
#' the object refuses, is a Python exception, such as `python.builtin.TypeError`.
#'
#' @param x A Python object, or an R value, which becomes one first.
#' @param default The result for an object that has no length.
#' @return `py_bool()` TRUE or FALSE, `py_len()` a whole number.
#' @examples
#' \dontrun{
#' py_bool(dict())
#' py_len(tuple(1, 2))
#' py_len(import("sys"), default = 1L)
#' }
py_bool <- function(x) {
  for_r$truth(x)
}

#' @rdname py_bool
py_len <- function(x, default = NULL) {
  for_r$length(x, default)
}

#' Make a Python string
#'
#' As an object, which stays Python's and has the methods of strings.
#'
#' @param str String.
#' @return A Python `str`.
#' @examples
#' \dontrun{
#' py_unicode("keras")$upper()
#' }
py_unicode <- function(str) {
  py_proxy(as.character(str), FALSE)
}

#' A Python object as text
#'
#' `py_str()` gives Python's `str()`, `py_repr()` its `repr()`. `py_str()` is a generic, which
#' `format()` uses: a method for a class of Python decides how its objects look.
#'
#' @param object A Python object, or an R value, which becomes one first.
#' @param ... For methods.
#' @return A string.
#' @examples
#' \dontrun{
#' when <- import("datetime")$date(2024L, 2L, 29L)
#' py_str(when)
#' py_repr(when)
#' }
py_str <- function(object, ...) {
  UseMethod("py_str")
}

py_str.default <- function(object, ...) {
  for_r$str_of(object)
}

#' @rdname py_str
py_repr <- function(object) {
  for_r$repr_of(object)
}

print.python.builtin.object <- function(x, ...) {
  text <- if (py_is_null_xptr(x)) "<pointer: 0x0>" else for_r$print_text(x)
  cat(text, "\n", sep = "")
  invisible(x)
}

# An editor's panes call format(), str(), names() and .DollarNames() of all that there is, unbidden:
# they do not fail, whatever the object does, and say its class instead.
format.python.builtin.object <- function(x, ...) {
  if (py_is_null_xptr(x)) {
    return("<pointer: 0x0>")
  }
  if (identical(py_str_method(x), py_str.default)) {
    return(for_r$format_of(x))
  }
  tryCatch(py_str(x, ...), error = function(e) for_r$class_text(x))
}

# The method of py_str() for `x`, which may be a user's.
py_str_method <- function(x) {
  for (class in c(class(x), "default")) {
    method <- utils::getS3method("py_str", class, optional = TRUE, envir = globalenv())
    if (is.null(method)) {
      method <- utils::getS3method("py_str", class, optional = TRUE, envir = topenv())
    }
    if (!is.null(method)) {
      return(method)
    }
  }
}

str.python.builtin.object <- function(object, ...) {
  text <- if (py_is_null_xptr(object)) "<pointer: 0x0>" else for_r$line_of(object)
  cat(" ", text, "\n", sep = "")
  invisible(NULL)
}

`$.python.builtin.object` <- function(x, name) {
  .Call(core_get_attr, x, name)
}

# Keys of a dict come first; `$` finds a method only if no key has its name.
`$.python.builtin.dict` <- function(x, name) {
  for_r_of(x)$item_or_attr(x, name)
}

# An exception that R has caught is a list with its message and call; Python's attributes, such as
# `e$args` and `e$errno`, follow them.
`$.python.builtin.BaseException` <- function(x, name) {
  if (is_py_object(x)) {
    return(.Call(core_get_attr, x, name))
  }
  fields <- unclass(x)
  exception <- fields[["py_object"]]
  if (name %in% names(fields) || !is_py_object(exception) || !py_has_attr(exception, name)) {
    fields[[name]]
  } else {
    .Call(core_get_attr, exception, name)
  }
}

`$<-.python.builtin.object` <- function(x, name, value) {
  .Call(core_set_attr, x, name, value)
  x
}

`$<-.python.builtin.dict` <- function(x, name, value) {
  py_set_item(x, name, value)
}

# A name gives an attribute (of a mapping: an item). Other indices give an item: of a tensor as R
# counts, of anything else as Python counts.
`[[.python.builtin.object` <- function(x, i, ...) {
  if (is.character(i) && length(i) == 1L) {
    for_r_of(x)$element(x, i)
  } else if (for_r$is_any_tensor(x)) {
    x[i, ...]
  } else {
    check_one_index(...length())
    for_r_of(x)$get_item(x, "value", i)
  }
}

`[[<-.python.builtin.object` <- function(x, i, ..., value) {
  check_one_index(...length())
  if (is.character(i) && length(i) == 1L && !for_r$is_mapping(x)) {
    .Call(core_set_attr, x, i, value)
    x
  } else {
    x[i] <- value
    x
  }
}

check_one_index <- function(more) {
  if (more > 0L) {
    stop("`[[` takes one index of a Python object; use `[` for several.", call. = FALSE)
  }
}

names.python.builtin.object <- function(x) {
  if (py_is_null_xptr(x)) {
    return(character())
  }
  as_strings(for_r$names_of(x))
}

# An object that is gone has the length 0, as it has no names: a loop over it does nothing.
length.python.builtin.object <- function(x) {
  if (py_is_null_xptr(x)) {
    return(0L)
  }
  size <- for_r$size_of(x)
  if (is.null(size)) {
    for_r$length(x, 1L)
  } else if (size < 0) {
    NA_integer_
  } else {
    size
  }
}

.DollarNames.python.builtin.object <- function(x, pattern = "") {
  hidden <- grepl("^\\^?_", pattern)
  if (py_is_null_xptr(x)) {
    return(character())
  }
  names <- if (hidden) as_strings(for_r$all_names_of(x)) else names(x)
  grep(pattern, names, value = TRUE)
}

# A Python list of strings reaches R as a list or as a character vector, by its length.
as_strings <- function(x) {
  as.character(unlist(x))
}

refuse_replacement <- function(what, remedy) {
  force(what)
  force(remedy)
  function(x, value) {
    stop(
      "`", what, "<-` does not work on a Python object (", class(x)[[1L]], "). ", remedy,
      call. = FALSE
    )
  }
}

`names<-.python.builtin.object` <- refuse_replacement(
  "names", "Set attributes with `$<-`, items with `[[<-`."
)
`length<-.python.builtin.object` <- refuse_replacement(
  "length", "Its length is Python's: use its own methods, such as $append()."
)
`dim<-.python.builtin.object` <- refuse_replacement(
  "dim", "Use op_reshape() for a tensor, array_reshape() for an R array."
)
`dimnames<-.python.builtin.object` <- refuse_replacement(
  "dimnames", "Python arrays have no dimnames."
)
`levels<-.python.builtin.object` <- refuse_replacement(
  "levels", "Convert it with py_to_r() first."
)

# Tensors go through keras.ops, other objects through Python's operators (for_r/ops.py).
Ops.python.builtin.object <- function(e1, e2) {
  if (nargs() == 1L) {
    return(for_r_of(e1)$unary(.Generic, e1))
  }
  module <- for_r_of(if (is_py_object(e1)) e1 else e2)
  if (.Generic %in% c("==", "!=", "<", "<=", ">", ">=")) {
    result <- for_r$binary(.Generic, e1, e2)
    return(if (is_py_object(result)) module$itself(result) else result)
  }
  module$binary(.Generic, e1, e2)
}
