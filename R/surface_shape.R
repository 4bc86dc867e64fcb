# shape(): dims for Keras, with NA (or NULL) for an open dim; shape(x) returns the dims of `x`. It
# has no other half in Python. A shape is a list of integers and NULL, which Python gets as a tuple.

#' Dims of a tensor
#'
#' A dim that is neither a whole number nor open is an error.
#'
#' @param ... Whole numbers, with NA or NULL for open dims; or one tensor or array, whose dims are
#'   returned (open dims as scalar tensors).
#' @return A shape.
#' @examples
#' \dontrun{
#' shape(NA, 28, 28)
#' shape(matrix(0, 2, 3))
#' }
shape <- function(...) {
  parts <- dots_list(...)
  if (length(parts) == 1L && has_dims(parts[[1L]])) {
    dims <- tensor_dims(parts[[1L]])
  } else {
    dims <- unlist(lapply(parts, shape_dims), recursive = FALSE)
  }
  structure(as.list(dims), class = "keras_shape")
}

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
    return(if (inherits(x, "python.builtin.tuple")) iterate(x, simplify = FALSE) else list(x))
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

`[.keras_shape` <- function(x, i) {
  structure(unclass(x)[i], class = "keras_shape")
}

c.keras_shape <- function(...) {
  shape(...)
}

`==.keras_shape` <- function(e1, e2) {
  identical(as.integer(shape(e1)), as.integer(shape(e2)))
}
