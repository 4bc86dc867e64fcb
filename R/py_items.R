# Items of Python objects: py_get_item() and its like, and `[` and `[<-`.
# Python containers count as Python does (from 0, negative from the end); tensors count as R does
# (tensor.R). A missing index is Python's `:`.

py_get_item <- function(x, key, silent = FALSE) {
  if (!silent) {
    return(bridge_of(x)$get_item(x, key))
  }
  tryCatch(
    bridge_of(x)$get_item(x, key),
    python.builtin.LookupError = function(e) NULL
  )
}

py_set_item <- function(x, key, value) {
  bridge$set_item(x, key, value)
  invisible(x)
}

py_del_item <- function(x, key) {
  bridge$del_item(x, key)
  invisible(x)
}

`[.python.builtin.object` <- function(x, ..., drop = TRUE) {
  exprs <- as.list(substitute(list(...)))[-1L]
  if (bridge$is_tensor(x)) {
    env <- if (!forwards_dots(sys.call())) parent.frame()
    label <- argument_label(sys.call())
    return(tensor_extract(x, exprs, function(i) ...elt(i), env, drop, label))
  }
  there <- are_present(exprs)
  if (length(exprs) == 1L && there) {
    bridge_of(x)$get_item(x, ..1)
  } else {
    bridge_of(x)$get_items(x, present(there, ...), as.list(there))
  }
}

`[<-.python.builtin.object` <- function(x, ..., value) {
  if (bridge$is_tensor(x)) {
    refuse_assignment()
  }
  there <- are_present(as.list(substitute(list(...)))[-1L])
  if (length(there) == 1L && there) {
    bridge$set_item(x, ..1, value)
  } else {
    bridge$set_items(x, present(there, ...), as.list(there), value)
  }
  x
}

refuse_assignment <- function() {
  stop(
    "Elements of a tensor cannot be assigned. Use op_slice_update(), op_scatter_update() or ",
    "op_where() for a changed copy; a Keras variable has $assign().",
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
