# Items of Python objects: py_get_item() and its like, and `[` and `[<-`. The other half is
# for_r/items.py. Python containers count as Python does (from 0, negative from the end); tensors
# count as R does (for_r_tensor.R). A missing index is Python's `:`.

#' Items of a Python object
#'
#' Keys are Python's: places count from 0, and from the end below it. A key that is not there is a
#' `python.builtin.KeyError` or `python.builtin.IndexError`.
#'
#' @param x A dict, list, array or the like.
#' @param key A name or place; for a dict any value that can be a key.
#' @param silent TRUE gives NULL for a key that is not there.
#' @param value The new value.
#' @return `py_get_item()` the item, the others `x`, invisibly.
#' @examples
#' \dontrun{
#' sizes <- dict(small = 8L, large = 64L, convert = TRUE)
#' py_get_item(sizes, "small")
#' py_get_item(sizes, "medium", silent = TRUE)
#' py_set_item(sizes, "medium", 32L)
#' py_del_item(sizes, "large")
#' py_get_item(py_eval("['a', 'b']", convert = FALSE), -1)
#' }
py_get_item <- function(x, key, silent = FALSE) {
  if (!silent) {
    return(for_r_of(x)$get_item(x, key))
  }
  tryCatch(
    for_r_of(x)$get_item(x, key),
    python.builtin.LookupError = function(e) NULL
  )
}

#' @rdname py_get_item
py_set_item <- function(x, key, value) {
  for_r$set_item(x, key, value)
  invisible(x)
}

#' @rdname py_get_item
py_del_item <- function(x, key) {
  for_r$del_item(x, key)
  invisible(x)
}

`[.python.builtin.object` <- function(x, ..., drop = TRUE) {
  exprs <- as.list(substitute(list(...)))[-1L]
  if (for_r$is_any_tensor(x)) {
    env <- if (!forwards_dots(sys.call())) parent.frame()
    label <- argument_label(sys.call())
    return(tensor_extract(x, exprs, function(i) ...elt(i), env, drop, label))
  }
  there <- are_present(exprs)
  if (length(exprs) == 1L && there) {
    for_r_of(x)$get_item(x, ..1)
  } else {
    for_r_of(x)$get_items(x, present(there, ...), as.list(there))
  }
}

`[<-.python.builtin.object` <- function(x, ..., value) {
  if (for_r$is_any_tensor(x)) {
    refuse_assignment()
  }
  there <- are_present(as.list(substitute(list(...)))[-1L])
  if (length(there) == 1L && there) {
    for_r$set_item(x, ..1, value)
  } else {
    for_r$set_items(x, present(there, ...), as.list(there), value)
  }
  x
}

refuse_assignment <- function() {
  stop(
    "Elements of a tensor cannot be assigned by `[<-`. Use `op_subset(x, ...) <- value`, or ",
    "op_subset_set(), op_where() for a changed copy; a Keras variable has $assign().",
    call. = FALSE
  )
}

is_missing <- function(expr) {
  identical(expr, quote(expr = ))
}

are_present <- function(exprs) {
  !vapply(exprs, is_missing, logical(1L))
}

# The indices in `...` that are not missing.
present <- function(there, ...) {
  lapply(which(there), function(i) ...elt(i))
}

# In `x[...]` the expressions of the indices belong to another frame than the call.
forwards_dots <- function(call) {
  any(vapply(as.list(call), identical, logical(1L), quote(...)))
}

# The expression of the first argument of a call, for messages. (substitute() would give a builtin
# generic's method the value.)
argument_label <- function(call) {
  short_label(call[[2L]])
}

short_label <- function(expr) {
  text <- paste(deparse(expr, width.cutoff = 60L), collapse = " ")
  if (nchar(text) > 60L || startsWith(text, "structure(") || startsWith(text, "<")) "x" else text
}
