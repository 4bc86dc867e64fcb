# Converts training data for Keras: R's vectors, factors, matrices and data frames to arrays, and
# named arguments to dicts. The other half is surface/data.py. Guarantees that no value changes
# silently: data that Keras can't take are an error that names the argument and the column.

# A vector becomes an array of one dim, a factor its codes counted from 0, a data frame a matrix;
# the elements of a list are converted. Python objects and functions are unchanged. `reading` is
# what data_reading() has made.
keras_data <- function(x, label = "x", reading = data_reading()) {
  if (is.null(x) || is_py_object(x) || is.function(x)) {
    x
  } else if (is.factor(x)) {
    array_of(factor_codes(x, label, reading), label)
  } else if (is.data.frame(x)) {
    array_of(frame_matrix(x, label), label, reading)
  } else if (is.list(x) && !is.object(x)) {
    each_element(x, label, keras_data, reading)
  } else if (is.atomic(x) && !is.object(x)) {
    array_of(x, label, reading)
  } else if (is_matrix_object(x)) {
    array_of(as.matrix(x), label, reading)
  } else if (is.numeric(x) && !inherits(x, "integer64")) {
    # A ts, a table or the result of I() is a numeric vector with a class.
    array_of(unclass(x), label, reading)
  } else {
    stop_at_user(
      "`", label, "` is ", describe_value(x), ", but Keras takes numbers. Convert it by ",
      "as.numeric() or as.matrix()."
    )
  }
}

# The elements of a list, each converted under its own label, such as `x$a` or `x[[2]]`.
each_element <- function(x, label, convert, ...) {
  labels <- paste0(
    label, ifelse(has_name(x), paste0("$", names(x)), paste0("[[", seq_along(x), "]]"))
  )
  # Not by lapply(), whose call of `convert` an error would name as the user's.
  for (i in seq_along(x)) {
    x[i] <- list(convert(x[[i]], labels[[i]], ...))
  }
  x
}

# A matrix of the package Matrix, sparse or not.
is_matrix_object <- function(x) {
  isS4(x) && methods::is(x, "Matrix")
}

# The data may fill half of the memory, so nothing here copies them but to replace NA.
array_of <- function(x, label, reading = data_reading()) {
  if (reading$na == "error" || is.character(x)) {
    refuse_na(x, label, reading$may_allow)
  } else if (length(places <- na_places(x))) {
    x[places] <- NaN
  }
  if (is.null(dim(x))) {
    dim(x) <- length(x)
  }
  x
}

# Where NA are. NaN is data, not NA: masks of NaN exist.
na_places <- function(x, at_once = 1e6) {
  if (!anyNA(x)) {
    return(integer())
  }
  if (!is.double(x)) {
    return(which(is.na(x)))
  }
  x <- unclass(x)
  parts <- lapply(seq(0, length(x) - 1, by = at_once), function(before) {
    part <- x[seq(before + 1, min(before + at_once, length(x)))]
    which(is.na(part) & !is.nan(part)) + before
  })
  places <- unlist(parts)
  if (length(x) <= .Machine$integer.max) as.integer(places) else places
}

# NA among numbers would become NaN, and so would all weights and losses. `may_allow` says whether
# the user's call has the argument `na`.
refuse_na <- function(x, label, may_allow = FALSE) {
  places <- na_places(x)
  if (!length(places)) {
    return(invisible())
  }
  stop_at_user(
    "`", label, "`", described_na(places, x), ". Leave these cases out or impute them",
    if (may_allow && !is.character(x) && !is.factor(x)) {
      "; `na = \"allow\"` makes NaN of NA"
    } else if (is.double(x)) {
      "; NaN is data, NA is not"
    }, "."
  )
}

# The functions that make training data, and their arguments in which NA is an error.
training_data <- list(
  normalize = "x", pad_sequences = "sequences", to_categorical = "x",
  timeseries_dataset_from_array = c("data", "targets")
)

refuse_na_in <- function(x, label) {
  if (is.data.frame(x)) {
    refuse_na(frame_matrix(x, label), label)
  } else if (is.atomic(x)) {
    refuse_na(x, label)
  } else if (is.list(x) && anyNA(x, recursive = TRUE)) {
    each_element(x, label, refuse_na_in)
  }
}

# Where NA are in `x`: for a matrix the first column that has any.
described_na <- function(places, x) {
  rows <- if (is.null(dim(x))) length(x) else nrow(x)
  row <- (places - 1L) %% rows + 1L
  if (length(dim(x)) != 2L) {
    return(paste0(" has ", length(places), " NA, the first in row ", min(row)))
  }
  column <- (places - 1L) %/% rows + 1L
  first <- row[column == column[[1L]]]
  others <- length(places) - length(first)
  name <- colnames(x)[column[[1L]]]
  named <- if (length(name) && nzchar(name)) paste("the column", ticked(name))
  paste0(
    ": ", if (is.null(named)) paste("column", column[[1L]]) else named, " has ", length(first),
    " NA, the first in row ", first[[1L]], if (others) paste0(", and other columns have ", others)
  )
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
target_data <- function(y, label, reading) {
  if (is.list(y) && !is.object(y)) {
    return(each_element(y, label, target_data, reading))
  }
  if (is.data.frame(y) && length(y) == 1L && !is.numeric(y[[1L]]) && !is.logical(y[[1L]])) {
    stop_at_user(
      "`", label, "` is a data frame of one column, which holds ",
      if (is.factor(y[[1L]])) "a factor" else describe_value(y[[1L]]),
      ", but labels are a vector: use `", label, "$", names(y), "`."
    )
  }
  if (is.character(y)) {
    stop_at_user(
      "`", label, "` holds strings, but the model takes numbers: factor() and to_categorical() ",
      "encode them."
    )
  }
  keras_data(y, label, reading)
}

# Weights of the cases.
weight_data <- function(x, label, reading) {
  if (is.factor(x)) {
    stop_at_user("`", label, "` is a factor, but weights are numbers.")
  }
  keras_data(x, label, reading)
}

# ---- x, as a model takes it --------------------------------------------------------------------

# `x` for the model: a data frame for a model of several inputs becomes a dict of its columns; a
# function, or an iterator that py_iterator() has made from one, gives batches.
model_data <- function(reading, x, label = "x") {
  if ((is.factor(x) || is.data.frame(x)) && data_module()$takes_text(reading$model)) {
    keras_data(text_data(x), label, reading)
  } else if (is.data.frame(x)) {
    inputs <- as.list(data_module()$inputs_of(reading$model))
    if (length(inputs)) frame_inputs(x, inputs, label, reading) else keras_data(x, label, reading)
  } else if (is.function(x) && !is_py_object(x)) {
    batch_iterator(reading, x, label)
  } else if (inherits(x, "pyclass_bridge.for_r.iterate.FunctionIterator")) {
    step <- x$step
    x$through(function() {
      batch <- step()
      if (is_done(batch)) batch else as_batch(reading, batch, label)
    })
  } else {
    keras_data(x, label, reading)
  }
}

data_module <- function() keras_module("surface.data")

# The strings of a factor or of a data frame, for a model or layer that reads text.
text_data <- function(x) {
  if (is.data.frame(x)) vapply(x, as.character, character(nrow(x))) else as.character(x)
}

# `inputs` are the dtypes of the model's inputs, by name.
frame_inputs <- function(x, inputs, label, reading) {
  absent <- setdiff(names(inputs), names(x))
  if (length(absent)) {
    stop_at_user(
      "`", label, "`: the data frame has no column `", absent[[1L]], "`, which is an input of the ",
      "model."
    )
  }
  columns <- lapply(names(inputs), function(name) {
    column <- x[[name]]
    if (is.character(column) && inputs[[name]] != "string") {
      stop_column(x, name, label)
    }
    text <- inputs[[name]] == "string"
    keras_data(if (text) as.character(column) else column, paste0(label, "$", name), reading)
  })
  as_dict(structure(columns, names = names(inputs)))
}

batch_iterator <- function(reading, f, label) {
  needed <- names(Filter(function(default) identical(default, quote(expr = )), formals(f)))
  if (length(setdiff(needed, "..."))) {
    stop_at_user(
      "`", label, "` is a function with the argument `", setdiff(needed, "...")[[1L]], "`, but a ",
      "function that gives batches takes none. Return list(x, y), and NULL at the end."
    )
  }
  py_iterator(function() {
    batch <- f()
    if (!is.null(batch)) as_batch(reading, batch, label)
  })
}

# A batch is list(x, y) or list(x, y, sample_weight), without names or with these; or `x` alone,
# unless `x` is a list.
as_batch <- function(reading, batch, label) {
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
  labels <- if (label == "x") parts else paste0(label, "[[", seq_along(parts), "]]")
  given <- list(
    model_data(reading, batch$x, labels[[1L]]), target_data(batch$y, labels[[2L]], reading),
    weight_data(batch$sample_weight, labels[[3L]], reading)
  )
  given[seq_len(max(match(names(batch), parts)))]
}

# `validation_data` is list(x, y), a dataset, or a function that gives batches.
validation <- function(reading, data) {
  if (is.list(data) && !is.object(data)) {
    return(as_batch(reading, data, "validation_data"))
  }
  if (is.atomic(data) && !is.null(data) || is.data.frame(data)) {
    stop_at_user(
      "`validation_data` must be list(x, y), a dataset or a function that gives such lists, not ",
      describe_value(data), "."
    )
  }
  model_data(reading, data, "validation_data")
}

# ---- arguments by name -------------------------------------------------------------------------

# A weight for each class, named by the number of the class, or by the level if `y` is a factor.
class_weights <- function(x, reading) {
  if (is.null(x) || is_py_object(x)) {
    return(x)
  }
  levels <- if ("y" %in% reading$given) known_levels(reading)$y
  names(x) <- class_numbers(names(x), levels)
  weights <- as.list(x)
  numbers <- vapply(weights, function(w) is.numeric(w) && length(w) == 1L && !is.na(w), NA)
  if (!all(numbers)) {
    first <- which(!numbers)[[1L]]
    stop_at_user(
      "`class_weight`: the weight of class ", names(x)[[first]], " must be a number, not ",
      describe_value(weights[[first]]), "."
    )
  }
  as_dict(weights)
}

class_numbers <- function(names, levels) {
  by_number <- length(names) > 0L && all(grepl("^[0-9]+$", names))
  by_level <- length(names) > 0L && all(names %in% levels)
  codes <- as.character(match(names, levels) - 1L)
  if (by_number && by_level && !identical(codes, names)) {
    stop_at_user(
      "`class_weight`: are its names the levels of `y` or their numbers from 0? Rename the levels."
    )
  }
  if (by_level) {
    return(codes)
  }
  if (!by_number) {
    wrong <- names[!names %in% levels & !grepl("^[0-9]+$", names)]
    stop_at_user(
      "`class_weight` must have the ", if (length(levels)) {
        paste0(counted_levels(levels), " as names")
      } else {
        "numbers of the classes as names, counted from 0, as in list(\"0\" = 1, \"1\" = 2)"
      }, if (length(wrong)) paste0(", not `", wrong[[1L]], "`"), "."
    )
  }
  names
}

# Arguments given in `...`, all by name.
named_dots <- function(fun, ...) {
  dots <- dynamic_dots(...)
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
