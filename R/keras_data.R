# Training data on its way to Keras: what R users call data, as arrays, and arguments by name.
# Guarantees that no value changes silently: what Keras can't have is an error naming the column.

# A vector is an array of one dim, a factor its codes counted from 0, a data frame a matrix; lists
# keep their names. Python objects and functions pass.
keras_data <- function(x, label = "x") {
  if (is.null(x) || is_py_object(x)) {
    x
  } else if (is.factor(x)) {
    array_of(as.integer(x) - 1L, label)
  } else if (is.data.frame(x)) {
    array_of(frame_matrix(x, label), label)
  } else if (is.list(x) && !is.object(x)) {
    lapply(x, keras_data, label = label)
  } else if (is.atomic(x) && !is.object(x)) {
    array_of(x, label)
  } else {
    x
  }
}

array_of <- function(x, label) {
  if ((is.integer(x) || is.logical(x)) && anyNA(x)) {
    stop(
      "`", label, "` holds NA, which has no place among Keras' whole numbers. Leave these cases ",
      "out, or fill them in.",
      call. = FALSE
    )
  }
  array(x, dim = if (is.null(dim(x))) length(x) else dim(x))
}

frame_matrix <- function(x, label) {
  plain <- vapply(x, function(column) is.numeric(column) || is.logical(column), NA)
  if (!all(plain)) {
    column <- names(x)[!plain][[1L]]
    stop(
      "`", label, "`: the column `", column, "` of the data frame is ",
      describe_value(x[[column]]), ", and Keras takes numbers. Leave it out, or code it with ",
      "model.matrix() or to_categorical().",
      call. = FALSE
    )
  }
  as.matrix(x)
}

# Arguments given in `...`, all by name.
named_dots <- function(fun, ...) {
  dots <- list(...)
  if (!all(has_name(dots))) {
    stop(fun, "(): further arguments are given by name, as in `name = value`.", call. = FALSE)
  }
  dots
}
