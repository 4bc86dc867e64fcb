# Indices of tensors as functions: op_subset(), and elements that are set: op_subset_set(),
# `op_subset<-`. The other half is for_r/index.py. Tensors are immutable, so the result is a copy; a
# Keras variable is changed in place.

#' Read and set elements of a tensor
#'
#' `op_subset()` is `x[...]` as a function, for pipes; `op_subset_set()` gives a copy with other
#' elements. `op_subset(x, ...) <- value` puts that copy in the place of `x`; a Keras variable, as a
#' weight is, changes itself.
#'
#' An index that is no whole number, TRUE or FALSE, range or tensor is an error, and so is a value
#' whose dims do not fit; in traced code with open dims elements cannot be set.
#'
#' @param x A tensor, or for `op_subset_set()` what becomes one.
#' @param ... Indices, as in `x[...]`: counted from 1.
#' @param value The new elements, repeated along dims as in arithmetic.
#' @return A tensor; the variable, if `op_subset<-` changes one.
#' @examples
#' \dontrun{
#' x <- as_tensor(matrix(1:6, 2))
#' x |> op_subset(1, 2:3)
#' x |> op_subset_set(1, , value = 0L)
#' op_subset(x, 2, 3) <- 10L
#' weight <- keras_variable(c(1, 2, 3))
#' op_subset(weight, -1) <- 0
#' weight
#' }
op_subset <- function(x, ...) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  if (!is_py_object(x) || !for_r$is_any_tensor(x)) {
    x <- as_tensor(x)
  }
  tensor_extract(x, parts, TRUE, argument_label(sys.call()))
}

#' @rdname op_subset
op_subset_set <- function(x, ..., value) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  set_elements(x, parts, value)
}

#' @rdname op_subset
`op_subset<-` <- function(x, ..., value) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  replace_elements(x, parts, value)
}

replace_elements <- function(x, parts, value) {
  in_place(x, set_elements(x, parts, value))
}

# `changed`, the copy of `x` with other elements; a Keras variable takes its values.
in_place <- function(x, changed) {
  if (!inherits(x, "keras.src.backend.common.variables.Variable")) {
    return(changed)
  }
  x$assign(changed)
  x
}

set_elements <- function(x, parts, value) {
  if (!is_py_object(x) || !for_r$is_any_tensor(x)) {
    x <- as_tensor(x)
  }
  indices <- if (length(parts) != 1L || parts[[1L]]$kind != "all") {
    tensor_indices(parts, TRUE, "x")
  }
  kinds <- as.list(indices$kinds)
  for_r_of(x)$tensor_item_set(x, kinds, as.list(indices$values), value, "x")
}
