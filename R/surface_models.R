# Keras models for R users: keras_model_sequential(), keras_model(), summary(), layers, weights. The
# indices of layers count from 1.
# Python half: surface/models.py.

#' Make a Keras model
#'
#' A sequential model is a chain of layers, to whose end `layer_*()` in a pipe adds a layer. Without
#' `input_shape` it is built when it is first called on data. `keras_model()` takes any graph of
#' layers.
#'
#' A dim that is not a whole number is an error, and so are outputs that do not depend on `inputs`.
#'
#' @param input_shape Dims of one case, such as `32` or `c(28, 28, 1)`; NA is an open dim.
#' @param name String, the name of the model.
#' @param ... Layers, or for `keras_model()` further arguments by name.
#' @param input_dtype,input_batch_size,input_sparse,input_ragged As in `layer_input()`.
#' @param input_batch_shape,input_name,input_tensor,input_optional As in `layer_input()`.
#' @param trainable TRUE or FALSE.
#' @param layers A list of layers.
#' @param inputs,outputs Tensors that `layer_input()` and layers return, or lists of these.
#' @return A model.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |>
#'   layer_dense(16, activation = "relu") |>
#'   layer_dense(1)
#'
#' inputs <- layer_input(shape = 4)
#' outputs <- inputs |> layer_dense(16, activation = "relu") |> layer_dense(1)
#' keras_model(inputs, outputs, name = "functional")
#' }
keras_model_sequential <- function(input_shape = NULL, name = NULL, ..., input_dtype = NULL,
                                   input_batch_size = NULL, input_sparse = NULL,
                                   input_ragged = NULL, input_batch_shape = NULL,
                                   input_name = NULL, input_tensor = NULL, input_optional = FALSE,
                                   trainable = TRUE, layers = list()) {
  if (is_layers(input_shape)) {
    layers <- c(input_shape, layers)
    input_shape <- NULL
  }
  start <- list(
    shape = shape_value(input_shape), batch_shape = shape_value(input_batch_shape),
    dtype = input_dtype, batch_size = input_batch_size, sparse = input_sparse,
    ragged = input_ragged, name = input_name, tensor = input_tensor,
    optional = if (isTRUE(input_optional)) TRUE
  )
  given <- unname(as.list(if (is_py_object(layers)) list(layers) else layers))
  models_module()$sequential(c(given, dots_list(...)), as_dict(start), name, trainable)
}

is_layers <- function(x) {
  is.list(x) && !is.object(x) && length(x) && all(vapply(x, is_py_object, NA))
}

#' @rdname keras_model_sequential
keras_model <- function(inputs, outputs = NULL, ...) {
  models_module()$functional(inputs, outputs, as_dict(named_dots("keras_model", ...)))
}

#' Describe a model
#'
#' A misspelt argument is an error that names the nearest one.
#'
#' @param object,x A Keras model.
#' @param ... Further arguments of Keras' own `summary()`, by name, such as `layer_range`; for
#'   `print()` all arguments of `summary()`.
#' @param line_length A whole number: the width of the table.
#' @param positions The ends of its columns, as fractions of the width.
#' @param expand_nested Show the layers of models in the model?
#' @param show_trainable Show which layers are trainable? NA: if a layer with weights is not.
#' @param compact Remove empty lines, if Keras does not print the text itself?
#' @return The model, invisibly; `format()` returns the text.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' summary(model, show_trainable = TRUE)
#' cat(format(model, line_length = 60))
#' }
#' @name summary_of_models
summary.keras.src.models.model.Model <- function(object, ..., line_length = NULL, positions = NULL,
                                                 expand_nested = FALSE, show_trainable = NA,
                                                 compact = TRUE) {
  given <- summary_arguments(line_length, positions, expand_nested, show_trainable)
  extra <- as_dict(named_dots("summary", ...))
  if (sink.number() > 0L) {
    cat(summary_lines(object, given, extra, compact), sep = "\n")
  } else {
    # Keras prints with the colours of a terminal, and as HTML in a notebook.
    models_module()$summary(object, given, extra)
  }
  invisible(object)
}

#' @rdname summary_of_models
print.keras.src.models.model.Model <- function(x, ...) {
  summary(x, ...)
}

#' @rdname summary_of_models
format.keras.src.models.model.Model <- function(x, ..., line_length = NULL, positions = NULL,
                                                expand_nested = FALSE, show_trainable = NA,
                                                compact = TRUE) {
  given <- summary_arguments(line_length, positions, expand_nested, show_trainable)
  extra <- as_dict(named_dots("format", ...))
  paste(summary_lines(x, given, extra, compact), collapse = "\n")
}

summary_arguments <- function(line_length, positions, expand_nested, show_trainable) {
  as_dict(list(
    line_length = line_length, positions = if (!is.null(positions)) as.list(positions),
    expand_nested = expand_nested, show_trainable = if (!is.na(show_trainable)) show_trainable
  ))
}

summary_lines <- function(object, given, extra, compact) {
  text <- models_module()$summary_text(object, given, extra)
  lines <- strsplit(paste0(text, "\n"), "\n", fixed = TRUE)[[1L]]
  if (compact) lines[nzchar(trimws(lines))] else lines
}

#' Layers of a model
#'
#' It is an error if no layer has the `name` or `index`, and to give both or neither.
#'
#' @param object A model; for `pop_layer()` a sequential one, for `count_params()` also a layer.
#' @param name String, the name of a layer.
#' @param index The index of the layer, counted from 1; negative from the end.
#' @param rebuild Build the model again without the layer?
#' @return A layer; `pop_layer()` returns the removed layer, invisibly; `count_params()` a number.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |>
#'   layer_dense(8, name = "hidden") |>
#'   layer_dense(1)
#' get_layer(model, "hidden")$units
#' get_layer(model, index = -1)$units
#' count_params(model)
#' pop_layer(model)
#' }
get_layer <- function(object, name = NULL, index = NULL) {
  if (is.null(name) == is.null(index)) {
    stop("get_layer(): give either the `name` of a layer or its `index`.", call. = FALSE)
  }
  with_method(object, "get_layer", "get_layer", "a Keras model")
  if (!is.null(name) && !is_string(name)) {
    stop(
      "get_layer(): `name` must be the name of a layer, not ", describe_value(name), "; give its ",
      "number as `index`.",
      call. = FALSE
    )
  }
  models_module()$get_layer(object, name, index)
}

#' @rdname get_layer
pop_layer <- function(object, rebuild = TRUE) {
  with_method(object, "pop_layer", "pop", "a Sequential model")
  if (!length(object$layers)) {
    stop("pop_layer(): the model has no layer to remove.", call. = FALSE)
  }
  invisible(object$pop(rebuild = rebuild))
}

#' @rdname get_layer
count_params <- function(object) {
  with_method(object, "count_params", "count_params", "a Keras model or layer")$count_params()
}

#' Freeze or unfreeze layers
#'
#' `freeze_weights()` freezes the layers that `from`, `to` or `which` choose, and unfreezes all
#' other layers; `unfreeze_weights()` does the opposite. Without these arguments, all layers are
#' chosen. After a change, [compile()] the model again.
#'
#' It is an error if a layer of that name or index does not exist, or if `which` does not fit the
#' number of layers.
#'
#' @param object A model, or a layer, which is frozen as a whole.
#' @param from,to The first and the last layer: a name, an index (negative from the end), or a
#'   layer.
#' @param which Layers: names or indices, a logical value for each layer, or a function that returns
#'   TRUE or FALSE for a layer.
#' @return The model, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |>
#'   layer_dense(8, name = "hidden") |>
#'   layer_dense(1)
#' freeze_weights(model, to = "hidden")
#' length(get_weights(model, trainable = TRUE))
#' freeze_weights(model, which = function(layer) layer$name == "hidden")
#' model
#' unfreeze_weights(model)
#' }
freeze_weights <- function(object, from = NULL, to = NULL, which = NULL) {
  with_method(object, "freeze_weights", "trainable", "a Keras model or layer")
  models_module()$set_trainable(object, FALSE, from, to, which)
  invisible(object)
}

#' @rdname freeze_weights
unfreeze_weights <- function(object, from = NULL, to = NULL, which = NULL) {
  with_method(object, "unfreeze_weights", "trainable", "a Keras model or layer")
  models_module()$set_trainable(object, TRUE, from, to, which)
  invisible(object)
}

#' Weights of a model or layer
#'
#' If the number or the dims of new weights differ from the old ones, Keras raises an error.
#'
#' @param object A model or layer.
#' @param trainable TRUE for the trainable weights, FALSE for the others, NA for all.
#' @param weights A list of arrays, as `get_weights()` returns.
#' @return A list of arrays; `set_weights()` returns the object, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
#' set_weights(model, list(matrix(1, 2, 1), 0.5))
#' get_weights(model)
#' }
get_weights <- function(object, trainable = NA) {
  with_method(object, "get_weights", "get_weights", "a Keras model or layer")
  as.list(models_module()$get_weights(object, if (!is.na(trainable)) trainable))
}

#' @rdname get_weights
set_weights <- function(object, weights) {
  with_method(object, "set_weights", "set_weights", "a Keras model or layer")
  object$set_weights(lapply(unname(weights), keras_data, label = "weights"))
  invisible(object)
}

#' Make a tensor
#'
#' A factor becomes its codes, counted from 0, and a data frame a matrix. A column that is not
#' numeric is an error. For a value or `dtype` that it does not support, the backend raises an
#' error.
#'
#' @param x An R value or a Python object.
#' @param dtype String, such as `"float32"`.
#' @param shape Dims of the tensor: a single value is repeated, several values fill it row by row.
#' @param ... Must be empty.
#' @param name Not used.
#' @return A tensor of Keras' backend.
#' @examples
#' \dontrun{
#' as_tensor(matrix(1:4, 2), dtype = "float32")
#' as_tensor(1:6, shape = c(2, 3))
#' as_tensor(factor(c("a", "b", "a")))
#' }
as_tensor <- function(x, dtype = NULL, ..., shape = NULL, name = NULL) {
  if (...length()) {
    other <- c(names(list(...)), "")[[1L]]
    stop("as_tensor()", if (nzchar(other)) {
      no_argument_text(other, c("x", "dtype", "shape", "name"))
    } else {
      " takes `dtype` and `shape` by name, as in `shape = c(2, 3)`."
    }, call. = FALSE)
  }
  tensor <- op_convert_to_tensor(keras_tensor_value(x), dtype = dtype)
  if (is.null(shape)) {
    return(tensor)
  }
  dims <- shape_value(shape(shape))
  if (for_r$size_of(tensor) == 1) {
    tensor <- keras$ops$broadcast_to(keras$ops$reshape(tensor, list()), dims)
  }
  keras$ops$reshape(tensor, dims)
}

keras_tensor_value <- function(x) {
  if (is.factor(x) || is.data.frame(x)) keras_data(x) else x
}

#' Seed every random generator
#'
#' These are the generators of R, Python, NumPy and Keras' backend.
#'
#' @param seed A whole number, 0 or more; anything else is an error.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' set_random_seed(1)
#' random_normal(shape(2))
#' }
set_random_seed <- function(seed) {
  if (!is.numeric(seed) || length(seed) != 1L || is.na(seed) || seed != trunc(seed) || seed < 0) {
    stop(
      "set_random_seed(): `seed` must be a whole number, 0 or more, not ",
      describe_value(seed), ".",
      call. = FALSE
    )
  }
  seed <- as.integer(seed)
  set.seed(seed)
  surface_module()
  keras$utils$set_random_seed(seed)
  invisible()
}
