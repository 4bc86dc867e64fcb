# Tensors and Keras variables in R's own functions: `[`, dim(), Math, Summary, `%*%`, as.*(). The
# other halves are for_r/tensor.py, for_r/index.py (`[`) and for_r/ops.py (Math, Summary). Results
# are tensors, except for as.*() and dim(), which give R values. `[` counts as R does. What needs no
# value works in traced code, too. S3 has no methods for `if (tensor)` and `for (i in tensor)`:
# write if (as.logical(tensor)) and iterate(tensor).

#' Indices of tensors that are no numbers
#'
#' In `x[...]` of a tensor, `newaxis` (or NULL) makes a new dim of size 1 and `all_dims()` (or
#' `..`) stands for all the dims that have no index. Other indices count from 1 as in R, from the
#' end if negative; `2:NULL` goes to the end.
#'
#' A tensor has no place for a second `all_dims()`; that is an error, as are too many indices.
#'
#' @format `newaxis` is NULL.
#' @return `all_dims()` a mark for `[`.
#' @examples
#' \dontrun{
#' x <- as_tensor(array(1:24, c(2, 3, 4)))
#' x[all_dims(), 1]
#' x[newaxis, 1, 2:NULL, ]
#' }
#' @name newaxis
newaxis <- NULL

#' @rdname newaxis
all_dims <- function() {
  structure(list(), class = "all_dims")
}

# `value_at(i)` evaluates one index. Of `2:NULL` (to the end) the two parts are evaluated in `env`,
# since R's own `:` refuses NULL.
tensor_extract <- function(x, exprs, value_at, env, drop, label) {
  if (length(exprs) == 1L && is_missing(exprs[[1L]])) {
    return(x)
  }
  indices <- tensor_indices(exprs, value_at, env, drop, label)
  for_r_of(x)$tensor_item(x, indices$kinds, indices$values, label)
}

# list(kinds =, values =) as tensor_item() takes them.
tensor_indices <- function(exprs, value_at, env, drop, label) {
  indices <- lapply(seq_along(exprs), function(i) {
    index <- tensor_index(exprs[[i]], function() value_at(i), env, label)
    if (!drop && index$kind == "at") {
      index <- list(kind = "take", value = list(index$value))
    }
    index
  })
  tell_negative(indices)
  list(kinds = lapply(indices, `[[`, "kind"), values = lapply(indices, `[[`, "value"))
}

# One index as list(kind =, value =), the kinds of tensor_item() in for_r/index.py.
tensor_index <- function(expr, value, env, label) {
  if (is_missing(expr)) {
    return(list(kind = "all"))
  }
  if (identical(expr, quote(..))) {
    return(list(kind = "rest"))
  }
  if (!is.null(env) && is.call(expr) && identical(expr[[1L]], quote(`:`))) {
    return(range_index(eval(expr[[2L]], env), eval(expr[[3L]], env), label))
  }
  value_index(value(), label)
}

range_index <- function(from, to, label) {
  open <- function(end) is.null(end) || (is.atomic(end) && length(end) == 1L && is.na(end))
  if (open(from) || open(to)) {
    from <- if (!open(from)) whole(from, label)
    to <- if (!open(to)) whole(to, label)
    return(list(kind = "range", value = list(from, to)))
  }
  from <- whole(from, label)
  to <- whole(to, label)
  if (from > 0L && to < 0L) {
    return(list(kind = "range", value = list(from, to)))
  }
  value_index(from:to, label)
}

value_index <- function(value, label) {
  if (is.null(value)) {
    list(kind = "newaxis")
  } else if (inherits(value, "all_dims")) {
    list(kind = "rest")
  } else if (is_py_object(value)) {
    list(kind = "tensor", value = value)
  } else if (is.logical(value)) {
    list(kind = "mask", value = if (is.null(dim(value))) as.list(value) else value)
  } else if (length(value) == 1L) {
    list(kind = "at", value = whole(value, label))
  } else {
    value <- whole(value, label)
    is_range <- length(value) > 1L && all(diff(value) == 1L) && prod(range(value)) > 0
    if (is_range) {
      list(kind = "range", value = list(value[[1L]], value[[length(value)]]))
    } else {
      list(kind = "take", value = as.list(value))
    }
  }
}

whole <- function(value, label) {
  if (!is.numeric(value) || anyNA(value) || any(value != trunc(value))) {
    stop(
      "`", label, "[...]`: an index is a whole number, TRUE/FALSE, NULL (a new dim), `..`, a ",
      "range or a tensor, not ", short_label(value), ".",
      call. = FALSE
    )
  }
  as.integer(value)
}

told <- new.env(parent = emptyenv())

tell_negative <- function(indices) {
  numbers <- unlist(lapply(indices, function(index) {
    if (index$kind %in% c("at", "range", "take")) index$value
  }))
  if (any(numbers < 0L) && is.null(told$negative)) {
    told$negative <- TRUE
    message(
      "A negative index of a tensor counts from its end (-1 is the last element); it leaves ",
      "nothing out as in an R vector. (Said once per session.)"
    )
  }
}

dim.python.builtin.object <- function(x) {
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
