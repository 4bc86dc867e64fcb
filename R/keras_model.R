# Keras models as R users know them: keras_model_sequential(), keras_model(), summary(), layers,
# weights, saving. The work is Keras' own; places of layers count from 1.

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
  models_side()$sequential(c(given, list(...)), as_dict(start), name, trainable)
}

is_layers <- function(x) {
  is.list(x) && !is.object(x) && length(x) && all(vapply(x, is_py_object, NA))
}

#' @rdname keras_model_sequential
keras_model <- function(inputs, outputs = NULL, ...) {
  models_side()$functional(inputs, outputs, as_dict(named_dots("keras_model", ...)))
}

#' Describe a model
#'
#' @param object,x A Keras model.
#' @param ... As in Keras' own `summary()`: `line_length`, `expand_nested`, `show_trainable`.
#' @return The model, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' summary(model, show_trainable = TRUE)
#' }
#' @name summary_of_models
summary.keras.src.models.model.Model <- function(object, ...) {
  if (sink.number() > 0L) {
    object$summary(..., print_fn = function(text, ...) cat(text, "\n", sep = ""))
  } else {
    object$summary(...)
  }
  invisible(object)
}

#' @rdname summary_of_models
print.keras.src.models.model.Model <- function(x, ...) {
  summary(x, ...)
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
  models_side()$get_layer(object, name, index)
}

#' @rdname get_layer
pop_layer <- function(object, rebuild = TRUE) {
  invisible(object$pop(rebuild = rebuild))
}

#' @rdname get_layer
count_params <- function(object) {
  object$count_params()
}

#' Let layers learn, or not
#'
#' A model that has trained already takes it up at the next [compile()]. A name or place that no
#' layer has is an error.
#'
#' @param object A model.
#' @param from,to The first and the last layer, by name or place; default: all.
#' @param which Names or places of layers.
#' @return The model, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |>
#'   layer_dense(8, name = "hidden") |>
#'   layer_dense(1)
#' freeze_weights(model, to = "hidden")
#' length(get_weights(model, trainable = TRUE))
#' unfreeze_weights(model)
#' }
freeze_weights <- function(object, from = NULL, to = NULL, which = NULL) {
  models_side()$set_trainable(object, FALSE, from, to, which)
  invisible(object)
}

#' @rdname freeze_weights
unfreeze_weights <- function(object, from = NULL, to = NULL, which = NULL) {
  models_side()$set_trainable(object, TRUE, from, to, which)
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
  as.list(models_side()$get_weights(object, if (!is.na(trainable)) trainable))
}

#' @rdname get_weights
set_weights <- function(object, weights) {
  object$set_weights(lapply(unname(weights), keras_data, label = "weights"))
  invisible(object)
}

#' Save a model, or its weights
#'
#' A file that is there already is an error unless `overwrite`, and so is a path with another
#' ending, or weights that do not fit unless `skip_mismatch`. `load_model()` reads a saved model.
#'
#' @param model A Keras model.
#' @param filepath A path that ends in `.keras`; for weights in `.weights.h5`.
#' @param overwrite Replace a file that is there?
#' @param zipped,max_shard_size As in Keras.
#' @param skip_mismatch Pass over layers whose weights do not fit?
#' @param ... Further arguments of Keras' method, by name.
#' @return The model, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' file <- tempfile(fileext = ".keras")
#' save_model(model, file)
#' load_model(file)
#'
#' weights <- tempfile(fileext = ".weights.h5")
#' save_model_weights(model, weights)
#' load_model_weights(model, weights)
#' }
save_model <- function(model, filepath, overwrite = FALSE, zipped = NULL, ...) {
  path <- free_path("save_model", filepath, overwrite)
  model$save(path, overwrite = TRUE, zipped = zipped, ...)
  invisible(model)
}

#' @rdname save_model
save_model_weights <- function(model, filepath, overwrite = FALSE, max_shard_size = NULL) {
  path <- free_path("save_model_weights", filepath, overwrite)
  if (is.null(max_shard_size)) {
    model$save_weights(path, overwrite = TRUE)
  } else {
    model$save_weights(path, overwrite = TRUE, max_shard_size = max_shard_size)
  }
  invisible(model)
}

#' @rdname save_model
load_model_weights <- function(model, filepath, skip_mismatch = FALSE, ...) {
  model$load_weights(path.expand(filepath), skip_mismatch = skip_mismatch, ...)
  invisible(model)
}

# Keras would ask at the console whether to overwrite.
free_path <- function(fun, path, overwrite) {
  path <- path.expand(path)
  if (file.exists(path) && !isTRUE(overwrite)) {
    stop(fun, "(): ", path, " is there already; overwrite = TRUE replaces it.", call. = FALSE)
  }
  path
}

#' The configuration of a model, layer, metric, ...
#'
#' `get_config()` asks the object, `from_config()` makes one from a serialized configuration, which
#' names its class; one without a class is an error, and so is a class that is not known.
#' `reset_state()` sets a metric, or a layer with a state, back to its start.
#'
#' @param object An object of Keras.
#' @param config A configuration with its class, as `serialize_keras_object()` gives it.
#' @param custom_objects Classes by name, if the configuration has some of its own.
#' @return `get_config()` a Python dict; `from_config()` an object; `reset_state()` the object,
#'   invisibly.
#' @examples
#' \dontrun{
#' layer <- layer_dense(units = 8, activation = "relu")
#' get_config(layer)$units
#' from_config(serialize_keras_object(layer))
#' average <- metric_mean()
#' average$update_state(3)
#' reset_state(average)$result()
#' }
get_config <- function(object) {
  py_proxy(object, FALSE)$get_config()
}

#' @rdname get_config
from_config <- function(config, custom_objects = NULL) {
  surface_side()$from_config(config, custom_objects)
}

#' @rdname get_config
reset_state <- function(object) {
  object$reset_state()
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
  if (bridge$size_of(tensor) == 1) {
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
#' @param seed A whole number; a fraction is cut off. NA or a negative one is an error.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' set_random_seed(1)
#' random_normal(shape(2))
#' }
set_random_seed <- function(seed) {
  seed <- as.integer(seed)
  set.seed(seed)
  surface_side()
  keras$utils$set_random_seed(seed)
  invisible()
}
