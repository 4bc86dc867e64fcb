# Converts training data for Keras: R's vectors, factors, matrices and data frames to arrays, and
# named arguments to dicts. The other half is surface/data.py. Guarantees that no value changes
# silently: data that Keras can't take are an error that names the argument and the column.

# A vector becomes an array of one dim, a factor its codes counted from 0, a data frame a matrix;
# the elements of a list are converted. Python objects and functions are unchanged.
keras_data <- function(x, label = "x") {
  if (is.null(x) || is_py_object(x) || is.function(x)) {
    x
  } else if (is.factor(x)) {
    array_of(as.integer(x) - 1L, label)
  } else if (is.data.frame(x)) {
    array_of(frame_matrix(x, label), label)
  } else if (is.list(x) && !is.object(x)) {
    lapply(x, keras_data, label = label)
  } else if (is.atomic(x) && !is.object(x)) {
    array_of(x, label)
  } else if (is_matrix_object(x)) {
    array_of(as.matrix(x), label)
  } else if (is.numeric(x) && !inherits(x, "integer64")) {
    # A ts, a table or the result of I() is a numeric vector with a class.
    array_of(unclass(x), label)
  } else {
    stop_at_user(
      "`", label, "` is ", describe_value(x), ", but Keras takes numbers. Convert it by ",
      "as.numeric() or as.matrix()."
    )
  }
}

# A matrix of the package Matrix, sparse or not.
is_matrix_object <- function(x) {
  isS4(x) && methods::is(x, "Matrix")
}

array_of <- function(x, label) {
  if ((is.integer(x) || is.logical(x)) && anyNA(x)) {
    stop_at_user(
      "`", label, "` holds NA, which Keras' whole numbers can't represent. Leave these cases ",
      "out, or impute them."
    )
  }
  array(x, dim = if (is.null(dim(x))) length(x) else dim(x))
}

frame_matrix <- function(x, label) {
  plain <- vapply(x, function(column) is.numeric(column) || is.logical(column), NA)
  if (!all(plain)) {
    stop_column(x, names(x)[!plain][[1L]], label)
  }
  as.matrix(x)
}

stop_column <- function(frame, column, label) {
  stop_at_user(
    "`", label, "`: the column `", column, "` of the data frame is ",
    describe_value(frame[[column]]), ", but Keras takes numbers. Leave it out, or encode it by ",
    "model.matrix() or to_categorical()."
  )
}

# Labels and other targets, which must be numbers: no model computes with text.
target_data <- function(y, label = "y") {
  for (part in if (is.list(y) && !is.object(y)) y else list(y)) {
    if (is.character(part)) {
      stop_at_user(
        "`", label, "` holds strings, but the model takes numbers: factor() and to_categorical() ",
        "encode them."
      )
    }
  }
  keras_data(y, label)
}

# ---- x, as a model takes it --------------------------------------------------------------------

# `x` for `model`: a data frame for a model of several inputs becomes a dict of its columns; a
# function, or an iterator that py_iterator() has made from one, gives batches.
model_data <- function(model, x, label = "x") {
  if (is.data.frame(x)) {
    inputs <- as.list(keras_module("surface.data")$inputs_of(model))
    if (length(inputs)) frame_inputs(x, inputs, label) else keras_data(x, label)
  } else if (is.function(x) && !is_py_object(x)) {
    batch_iterator(model, x, label)
  } else if (inherits(x, "pyclass_bridge.for_r.iterate.FunctionIterator")) {
    step <- x$step
    x$through(function() {
      batch <- step()
      if (is_done(batch)) batch else as_batch(model, batch, label)
    })
  } else {
    keras_data(x, label)
  }
}

# `inputs` are the dtypes of the model's inputs, by name.
frame_inputs <- function(x, inputs, label) {
  absent <- setdiff(names(inputs), names(x))
  if (length(absent)) {
    stop_at_user(
      "`", label, "`: the data frame has no column `", absent[[1L]], "`, which is an input of the ",
      "model."
    )
  }
  columns <- lapply(names(inputs), function(name) {
    column <- x[[name]]
    if (inputs[[name]] == "string") {
      array_of(as.character(column), label)
    } else if (is.character(column)) {
      stop_column(x, name, label)
    } else {
      keras_data(column, label)
    }
  })
  as_dict(structure(columns, names = names(inputs)))
}

batch_iterator <- function(model, f, label) {
  needed <- names(Filter(function(default) identical(default, quote(expr = )), formals(f)))
  if (length(setdiff(needed, "..."))) {
    stop_at_user(
      "`", label, "` is a function with the argument `", setdiff(needed, "...")[[1L]], "`, but a ",
      "function that gives batches takes none. Return list(x, y), and NULL at the end."
    )
  }
  py_iterator(function() {
    batch <- f()
    if (!is.null(batch)) as_batch(model, batch, label)
  })
}

# A batch is list(x, y) or list(x, y, sample_weight), without names or with these; or `x` alone,
# unless `x` is a list.
as_batch <- function(model, batch, label) {
  if (is_py_object(batch)) {
    return(batch)
  }
  if (!is.list(batch) || is.object(batch)) {
    batch <- list(batch)
  }
  parts <- c("x", "y", "sample_weight")
  if (any(has_name(batch)) && !all(names(batch) %in% parts) || !length(batch) %in% 1:3) {
    stop_at_user(
      "`", label, "` must be list(x, y) or list(x, y, sample_weight)", if (any(has_name(batch))) {
        paste0(", not a list of ", ticked(names(batch)), ": give inputs by name as the list `x`")
      }, "."
    )
  }
  if (is.null(names(batch))) {
    names(batch) <- parts[seq_along(batch)]
  }
  given <- list(
    model_data(model, batch$x), target_data(batch$y), keras_data(batch$sample_weight)
  )
  given[seq_len(max(match(names(batch), parts)))]
}

# `validation_data` is list(x, y), a dataset, or a function that gives batches.
validation <- function(model, data) {
  if (is.list(data) && !is.object(data)) {
    return(as_batch(model, data, "validation_data"))
  }
  if (is.atomic(data) && !is.null(data) || is.data.frame(data)) {
    stop_at_user(
      "`validation_data` must be list(x, y), a dataset or a function that gives such lists, not ",
      describe_value(data), "."
    )
  }
  model_data(model, data, "validation_data")
}

# ---- arguments by name -------------------------------------------------------------------------

# A weight for each class, named by the number of the class.
class_weights <- function(x) {
  if (is.null(x) || is_py_object(x)) {
    return(x)
  }
  wrong <- names(x)[!grepl("^[0-9]+$", names(x))]
  if (is.null(names(x)) || length(wrong)) {
    stop_at_user(
      "`class_weight` must have the numbers of the classes as names, counted from 0, as in ",
      "list(\"0\" = 1, \"1\" = 2)", if (length(wrong)) paste0(", not `", wrong[[1L]], "`"), "."
    )
  }
  weights <- as.list(x)
  numbers <- vapply(weights, function(weight) is.numeric(weight) && length(weight) == 1L, NA)
  if (!all(numbers)) {
    first <- which(!numbers)[[1L]]
    stop_at_user(
      "`class_weight`: the weight of class ", names(x)[[first]], " must be a number, not ",
      describe_value(weights[[first]]), "."
    )
  }
  as_dict(weights)
}

# Arguments given in `...`, all by name.
named_dots <- function(fun, ...) {
  dots <- dots_list(...)
  if (!all(has_name(dots))) {
    stop(fun, "(): further arguments must have names, as in `name = value`.", call. = FALSE)
  }
  dots
}

# `object`, if it has the Python method that `fun` needs; `what` says which objects have it.
with_method <- function(object, fun, method, what, argument = "object") {
  if (!is_py_object(object) || !for_r$has_attr(object, method)) {
    stop_at_user(fun, "(): `", argument, "` must be ", what, ", not ", describe_value(object), ".")
  }
  object
}
