# Tensors and Keras variables in R's own functions: dim(), Math, Summary, `%*%`, as.*(). The other
# halves are for_r/tensor.py and for_r/ops.py (Math, Summary); `[` is in for_r_index.R. Results are
# tensors, except for as.*() and dim(), which give R values. What needs no value works in traced
# code, too. S3 has no methods for `if (tensor)` and `for (i in tensor)`: write
# if (as.logical(tensor)) and iterate(tensor).

dim.python.builtin.object <- function(x) {
  if (py_is_null_xptr(x)) {
    return(NULL)
  }
  dims <- for_r$dim_of(x)
  if (is.null(dims)) {
    return(NULL)
  }
  dims <- as.integer(unlist(dims))
  dims[dims < 0L] <- NA
  dims
}

Math.python.builtin.object <- function(x, ...) {
  extra <- list(...)
  for_r_of(x)$math(.Generic, x, if (length(extra)) extra[[1L]])
}

# With `axis` (from 1) it reduces along that axis, as `op_sum()` does; else over all elements, as in
# R.
Summary.python.builtin.object <- function(..., axis = NULL, keepdims = FALSE, na.rm = FALSE) {
  values <- list(...)
  if (!is.null(axis) || keepdims) {
    return(reduced_along(.Generic, values, axis, keepdims, na.rm))
  }
  for_r_of(values[[1L]])$summary(.Generic, values, na.rm)
}

mean.python.builtin.object <- function(x, ..., axis = NULL, keepdims = FALSE, na.rm = FALSE) {
  if (!is.null(axis) || keepdims) {
    return(reduced_along("mean", list(x), axis, keepdims, na.rm))
  }
  for_r_of(x)$mean(x, na.rm)
}

reduced_along <- function(name, values, axis, keepdims, na_rm) {
  wrong <- if (length(values) > 1L) {
    "`axis` is for one tensor"
  } else if (na_rm) {
    "`na.rm` goes over all elements, without `axis`"
  } else if (name == "range") {
    "no `axis` here: min() and max() take one"
  }
  if (!is.null(wrong)) {
    stop(name, "(): ", wrong, ".", call. = FALSE)
  }
  reduce <- get(paste0("op_", name), envir = topenv())
  reduce(values[[1L]], axis = axis, keepdims = keepdims)
}

# Base R's `%*%` does not dispatch on S3 classes before R 4.3, so the package has its own.
#' Matrix product
#'
#' Of tensors and NumPy arrays by Python, also with an R matrix on one side; of R values as in base
#' R. Shapes that do not fit are an error of the backend.
#'
#' @param x,y Matrices, or tensors of more dims, whose last two count.
#' @return A tensor or array if one of them is, else an R matrix.
#' @examples
#' \dontrun{
#' x <- as_tensor(matrix(c(1, 2, 3, 4), 2))
#' x %*% x
#' x %*% diag(2)
#' }
`%*%` <- function(x, y) {
  if (is_py_object(x)) {
    for_r_of(x)$matmul(x, y)
  } else if (is_py_object(y)) {
    for_r_of(y)$matmul(x, y)
  } else {
    base::`%*%`(x, y)
  }
}

t.python.builtin.object <- function(x) {
  for_r_of(x)$transposed(x)
}

aperm.python.builtin.object <- function(a, perm = NULL, ...) {
  for_r_of(a)$aperm(a, if (!is.null(perm)) as.list(as.integer(perm)))
}

is.na.python.builtin.object <- function(x) {
  for_r$predicate("isnan", x)
}

is.nan.python.builtin.object <- function(x) {
  for_r$predicate("isnan", x)
}

is.finite.python.builtin.object <- function(x) {
  for_r$predicate("isfinite", x)
}

is.infinite.python.builtin.object <- function(x) {
  for_r$predicate("isinf", x)
}

as.array.python.builtin.object <- function(x, ...) {
  value <- plain_value(x, argument_label(sys.call()))
  dims <- dim(x)
  if (is.null(dim(value)) && length(dims) > 0L) {
    dim(value) <- dims
  }
  value
}

as.matrix.python.builtin.object <- function(x, ...) {
  value <- r_value(x, argument_label(sys.call()), "as.matrix")
  if (length(dim(value)) == 1L) as.matrix(as.vector(value)) else as.matrix(value)
}

as.vector.python.builtin.object <- function(x, mode = "any") {
  if (mode == "list") {
    return(as.list(x))
  }
  as.vector(r_value(x, argument_label(sys.call()), "as.vector"), mode)
}

as.double.python.builtin.object <- function(x, ...) {
  as.double(number_value(x, argument_label(sys.call())))
}

as.integer.python.builtin.object <- function(x, ...) {
  as.integer(number_value(x, argument_label(sys.call())))
}

as.logical.python.builtin.object <- function(x, ...) {
  value <- plain_value(x, argument_label(sys.call()))
  if (is_py_object(value)) for_r$truth(x) else as.logical(value)
}

as.character.python.builtin.object <- function(x, ...) {
  value <- plain_value(x, argument_label(sys.call()))
  if (is_py_object(value)) py_str(x) else as.character(value)
}

# The R value of a tensor or array with its dims, or of what the table of values converts;
# else `x` itself. `label` names `x` in the error on a symbolic tensor.
plain_value <- function(x, label) {
  value <- for_r$read_value(x, label)
  if (is.null(value)) py_to_r(x) else value
}

# The values of an iterable that has no R value of its own, or an error.
r_value <- function(x, label, what) {
  value <- plain_value(x, label)
  if (is_py_object(value) && for_r$has_attr(value, "__iter__")) {
    value <- iterate(value)
  }
  if (is_py_object(value)) {
    stop(what, "(): ", describe_py_object(x), " has no R value.", call. = FALSE)
  }
  value
}

# Also of objects that Python itself turns into a number (Decimal, Fraction).
number_value <- function(x, label) {
  value <- plain_value(x, label)
  if (is_py_object(value)) for_r$number(x) else value
}
