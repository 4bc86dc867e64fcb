# shape(): dims for Keras, with NA (or NULL) for an open dim; shape(x) returns the dims of `x`, as do
# op_shape(x) and x$shape of a tensor. It has no other half in Python. A shape is a list of integers
# and NULL, which Python gets as a tuple.

#' Dims of a tensor
#'
#' A dim that is neither a whole number nor open is an error.
#'
#' @param ... Whole numbers, with NA or NULL for open dims, scalar tensors, and tensors with dims of
#'   their own, which stand for these; or one tensor or array, whose dims are returned (open dims as
#'   scalar tensors).
#' @param dims The same in one list or vector.
#' @return A shape: a list of integers and NULL that prints as `shape(NA, 3)`. `[`, `c()`, `rev()`
#'   and `==` give and take shapes, and `prod()` and its kin take them as integers.
#' @examples
#' \dontrun{
#' shape(NA, 28, 28)
#' shape(matrix(0, 2, 3))
#' }
shape <- function(..., dims = list(...)) {
  parts <- as.list(if (missing(dims)) dynamic_dots(...) else dims)
  if (length(parts) == 1L && has_dims(parts[[1L]])) {
    dims <- tensor_dims(parts[[1L]])
  } else {
    dims <- unlist(lapply(parts, shape_dims), recursive = FALSE)
  }
  structure(as.list(dims), class = "keras_shape")
}

#' @rdname shape
#' @param x A tensor or an array.
op_shape <- function(x) {
  shape(if (has_dims(x)) x else as_tensor(x))
}

# `x$shape` of a tensor, which is a tuple on some backends; of a proxy that does not convert, Python's.
shape_or_attribute <- function(x, name) {
  value <- .Call(core_get_attr, x, name)
  if (name != "shape" || is_py_object(value)) value else shape(dims = value)
}

`$.keras.src.backend.common.keras_tensor.KerasTensor` <- shape_or_attribute
`$.keras.src.backend.common.variables.Variable` <- shape_or_attribute
`$.tensorflow.python.types.core.Tensor` <- shape_or_attribute
`$.jaxlib._jax.ArrayImpl` <- shape_or_attribute
`$.jax._src.core.Tracer` <- shape_or_attribute
`$.torch.Tensor` <- shape_or_attribute

has_dims <- function(x) {
  is_py_object(x) && !inherits(x, c("python.builtin.tuple", "python.builtin.list")) ||
    !is.null(dim(x))
}

tensor_dims <- function(x) {
  if (is_py_object(x)) unclass(models_module()$dims_of(x)) else as.list(dim(x))
}

# One argument of shape() as a list of dims.
shape_dims <- function(x) {
  if (is.null(x)) {
    return(list(NULL))
  }
  if (is_py_object(x)) {
    if (inherits(x, "python.builtin.tuple")) {
      return(iterate(x, simplify = FALSE))
    }
    dims <- if (py_has_attr(x, "shape")) tensor_dims(x)
    return(if (length(dims)) dims else list(x))
  }
  lapply(unclass(as.list(x)), function(dim) {
    if (is.null(dim) || is_py_object(dim)) {
      dim
    } else if (is.na(dim)) {
      NULL
    } else if (is.numeric(dim) && dim == trunc(dim)) {
      as.integer(dim)
    } else {
      stop(
        "shape(): a dim must be a whole number or NA, not ", short_label(dim), ".",
        call. = FALSE
      )
    }
  })
}

r_to_py.keras_shape <- function(x, convert = FALSE) {
  tuple(unclass(x), convert = convert)
}

format.keras_shape <- function(x, ...) {
  dims <- vapply(unclass(x), function(dim) {
    if (is.null(dim)) "NA" else if (is_py_object(dim)) "?" else format(dim)
  }, "")
  paste0("shape(", paste(dims, collapse = ", "), ")")
}

print.keras_shape <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  invisible(x)
}

as.integer.keras_shape <- function(x, ...) {
  vapply(unclass(x), function(dim) if (is.null(dim)) NA_integer_ else as.integer(dim), 1L)
}

as.double.keras_shape <- function(x, ...) {
  as.double(as.integer(x))
}

as.list.keras_shape <- function(x, ...) unclass(x)

is.na.keras_shape <- function(x) is.na(as.integer(x))

str.keras_shape <- function(object, ...) {
  cat(" ", format(object), "\n", sep = "")
}

`[.keras_shape` <- function(x, i) {
  structure(unclass(x)[i], class = "keras_shape")
}

c.keras_shape <- function(...) {
  shape(...)
}

# NA in the result stands for an open dim.
Summary.keras_shape <- function(..., na.rm = FALSE) {
  values <- lapply(list(...), function(x) if (inherits(x, "keras_shape")) as.integer(x) else x)
  do.call(.Generic, c(values, na.rm = na.rm))
}

`==.keras_shape` <- function(e1, e2) {
  identical(as.integer(shape(e1)), as.integer(shape(e2)))
}

`!=.keras_shape` <- function(e1, e2) !(e1 == e2)
