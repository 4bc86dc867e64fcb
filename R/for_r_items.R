# Items of Python objects: py_get_item() and its like, and `[` and `[<-`. The other half is
# for_r/items.py. Python containers count as Python does (from 0, negative from the end); tensors
# count as R does. How indices are described: for_r_index.R.

#' Items of a Python object
#'
#' Keys are Python's: places count from 0, and from the end below it. In `x[...]` a range is a
#' slice, whose end is not in it (`x[1:3]`, `` x[`:2`] ``, `x[2:NULL]`, `x[0:9:2]`); an index that
#' is left out is `:`, NULL is `None`, and `..` is `...`. A key that is not there is a
#' `python.builtin.KeyError` or `python.builtin.IndexError`.
#'
#' @param x A dict, list, array or the like.
#' @param key A name or place, `` `1:3` `` in backticks for a slice; for a dict any value that can
#'   be a key.
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
#' letters <- py_eval("['a', 'b', 'c']", convert = FALSE)
#' py_get_item(letters, -1)
#' letters[`:2`]
#' }
py_get_item <- function(x, key, silent = FALSE) {
  part <- key_part(substitute(key), x, function() key, parent.frame())
  if (!silent) {
    return(python_item(x, list(part)))
  }
  tryCatch(
    python_item(x, list(part)),
    python.builtin.LookupError = function(e) NULL
  )
}

#' @rdname py_get_item
py_set_item <- function(x, key, value) {
  part <- key_part(substitute(key), x, function() key, parent.frame())
  set_python_item(x, list(part), value)
  invisible(x)
}

#' @rdname py_get_item
py_del_item <- function(x, key) {
  part <- key_part(substitute(key), x, function() key, parent.frame())
  for_r$del_item(x, part$kind, part$value)
  invisible(x)
}

# The key of py_get_item(): a range is a vector, unless it is in backticks or `x` is a list or
# another object that takes no vectors.
key_part <- function(expr, x, value, env) {
  if (is_colon(expr) && !for_r$is_sequence(x)) {
    return(list(kind = "value", value = value()))
  }
  index_part(expr, value, env)
}

`[.python.builtin.object` <- function(x, ..., drop = TRUE) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  if (for_r$is_any_tensor(x)) {
    tensor_extract(x, parts, drop, argument_label(sys.call()))
  } else {
    python_item(x, parts)
  }
}

`[<-.python.builtin.object` <- function(x, ..., value) {
  if (for_r$is_any_tensor(x)) {
    refuse_assignment()
  }
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  set_python_item(x, parts, value)
  x
}

python_item <- function(x, parts) {
  if (length(parts) == 1L) {
    for_r_of(x)$get_item(x, parts[[1L]]$kind, parts[[1L]]$value)
  } else {
    for_r_of(x)$get_items(x, lapply(parts, `[[`, "kind"), lapply(parts, `[[`, "value"))
  }
}

set_python_item <- function(x, parts, value) {
  if (length(parts) == 1L) {
    for_r$set_item(x, parts[[1L]]$kind, parts[[1L]]$value, value)
  } else {
    for_r$set_items(x, lapply(parts, `[[`, "kind"), lapply(parts, `[[`, "value"), value)
  }
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

# The expression of the first argument of a call, for messages. (substitute() would give a builtin
# generic's method the value.)
argument_label <- function(call) {
  short_label(call[[2L]])
}

short_label <- function(expr) {
  text <- paste(deparse(expr, width.cutoff = 60L), collapse = " ")
  if (nchar(text) > 60L || startsWith(text, "structure(") || startsWith(text, "<")) "x" else text
}
