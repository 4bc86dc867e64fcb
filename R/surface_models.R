# Keras models as R users know them: keras_model_sequential(), keras_model(), summary(), layers,
# weights. Places of layers count from 1.
# Python half: surface/models.py.

#' Make a Keras model
#'
#' A sequential model is a chain of layers, which `layer_*()` in a pipe adds at its end; without
#' `input_shape` it is built when it first sees data. `keras_model()` takes any graph of layers.
#'
#' A dim that is no whole number, and outputs that `inputs` do not lead to, are errors.
#'
#' @param input_shape Dims of one case, such as `32` or `c(28, 28, 1)`; NA is an open one.
#' @param name String, the name of the model.
#' @param ... Layers, or for `keras_model()` further arguments by name.
#' @param input_dtype,input_batch_size,input_sparse,input_ragged As in `layer_input()`.
#' @param input_batch_shape,input_name,input_tensor,input_optional As in `layer_input()`.
#' @param trainable TRUE or FALSE.
#' @param layers A list of layers.
#' @param inputs,outputs Tensors of `layer_input()` and of layers called on them, or lists of these.
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
  models_module()$sequential(c(given, list(...)), as_dict(start), name, trainable)
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
#' A misspelt argument is an error with the nearest one.
#'
#' @param object,x A Keras model.
#' @param ... Further arguments of Keras' own `summary()`, by name, such as `layer_range`; for
#'   `print()` all of them.
#' @param line_length A whole number: the width of the table.
#' @param positions Where its columns end, as parts of the width.
#' @param expand_nested Show the layers of models in the model?
#' @param show_trainable Show which layers are trainable? NA: if one with weights is not.
#' @param compact Leave out empty lines of the text, where Keras does not print itself?
#' @return The model, invisibly; `format()` the text.
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
#' A name or place that no layer has is an error, as is giving both or neither.
#'
#' @param object A model; for `pop_layer()` a sequential one, for `count_params()` also a layer.
#' @param name String, the name of a layer.
#' @param index Its place, counted from 1; negative from the end.
#' @param rebuild Build the model again without the layer?
#' @return A layer; `pop_layer()` the layer that it took off, invisibly; `count_params()` a number.
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
      "get_layer(): `name` is the name of a layer, not ", describe_value(name), "; a place is ",
      "given as `index`.",
      call. = FALSE
    )
  }
  models_module()$get_layer(object, name, index)
}

#' @rdname get_layer
pop_layer <- function(object, rebuild = TRUE) {
  with_method(object, "pop_layer", "pop", "a Sequential model")
  if (!length(object$layers)) {
    stop("pop_layer(): the model has no layer to take off.", call. = FALSE)
  }
  invisible(object$pop(rebuild = rebuild))
}

#' @rdname get_layer
count_params <- function(object) {
  with_method(object, "count_params", "count_params", "a Keras model or layer")$count_params()
}

#' Let layers learn, or not
#'
#' With `from`, `to` or `which` it is said of every layer of the model: those are frozen, the
#' others learn; with `unfreeze_weights()` the other way round. A model that has trained already
#' takes it up at the next [compile()].
#'
#' A name or place that no layer has is an error, as is a `which` that does not fit the layers.
#'
#' @param object A model, or a layer to set as a whole.
#' @param from,to The first and the last layer: by name or place, negative from the end, or itself.
#' @param which Layers: their names or places, one of TRUE and FALSE for each, or a function that
#'   gives TRUE or FALSE for a layer.
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
#' Weights of another number or other dims than those there are an error of Keras.
#'
#' @param object A model or layer.
#' @param trainable TRUE or FALSE for only those; NA for all.
#' @param weights A list of arrays, as `get_weights()` gives.
#' @return A list of arrays; `set_weights()` the object, invisibly.
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
#' A factor gives its codes from 0, a data frame a matrix; a column that holds no numbers is an
#' error, and a value or `dtype` that the backend has no tensor for is one of the backend.
#'
#' @param x An R value or a Python object.
#' @param dtype String, such as `"float32"`.
#' @param shape Dims of the tensor, row by row: one value is repeated, several take this shape.
#' @param ... Nothing; a further argument is an error.
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
#' Those of R, Python, NumPy and of Keras' backend.
#'
#' @param seed A whole number from 0; a fraction, NA or a negative one is an error.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' set_random_seed(1)
#' random_normal(shape(2))
#' }
set_random_seed <- function(seed) {
  if (!is.numeric(seed) || length(seed) != 1L || is.na(seed) || seed != trunc(seed) || seed < 0) {
    stop(
      "set_random_seed(): `seed` is a whole number from 0, not ", describe_value(seed), ".",
      call. = FALSE
    )
  }
  seed <- as.integer(seed)
  set.seed(seed)
  surface_module()
  keras$utils$set_random_seed(seed)
  invisible()
}
