# Models and objects in files: save_model(), export_savedmodel(), get_config(), from_config(). The
# other half is surface/saving.py. Files have Keras' formats; an existing file is replaced only with
# `overwrite = TRUE`.

#' Save a model, or its weights
#'
#' An existing file is an error unless `overwrite` is TRUE, and so are weights that do not fit,
#' unless `skip_mismatch` is TRUE. A path with another ending is an error. `load_model()` reads a
#' saved model.
#'
#' The new file is written beside the old one and then replaces it, so the old one is there until
#' the new one is complete. (A model that is saved as a directory, or in shards, is not.)
#'
#' @param model A Keras model.
#' @param filepath A path that ends in `.keras`, or `.h5` for Keras' older format; a directory with
#'   `zipped = FALSE`; for weights a path that ends in `.weights.h5`. With NULL the saved model is a
#'   raw vector, which `load_model()` takes, too.
#' @param overwrite Replace an existing file?
#' @param zipped,max_shard_size As in Keras.
#' @param skip_mismatch Skip layers whose weights do not fit?
#' @param definitions Put the R classes and functions of the model into the file? It is loaded as any
#'   other where they are known; elsewhere `load_model(safe_mode = FALSE)` makes them from the file.
#'   That runs the R code in it, so do it with files of people whom you trust.
#' @param ... Further arguments of Keras' method, by name.
#' @return The model, invisibly; without a `filepath` a raw vector.
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
save_model <- function(model, filepath = NULL, overwrite = FALSE, zipped = NULL, ...,
                       definitions = FALSE) {
  with_method(model, "save_model", "save", "a Keras model", "model")
  path <- filepath
  if (is.null(filepath)) {
    path <- tempfile(fileext = ".keras")
    on.exit(unlink(path))
  } else {
    path <- free_path("save_model", filepath, overwrite)
  }
  if (isTRUE(definitions)) {
    adding <- keras_module("surface.definitions")$adding_definitions()
    adding$`__enter__`()
    on.exit(adding$`__exit__`(NULL, NULL, NULL), add = TRUE)
  }
  model$save(path, overwrite = TRUE, zipped = zipped, ...)
  if (is.null(filepath)) readBin(path, "raw", file.size(path)) else invisible(model)
}

#' @rdname save_model
save_model_weights <- function(model, filepath, overwrite = FALSE, max_shard_size = NULL) {
  with_method(model, "save_model_weights", "save_weights", "a Keras model", "model")
  path <- free_path("save_model_weights", filepath, overwrite)
  model$save_weights(path, overwrite = TRUE, max_shard_size = max_shard_size)
  invisible(model)
}

#' @rdname save_model
load_model_weights <- function(model, filepath, skip_mismatch = FALSE, ...) {
  with_method(model, "load_model_weights", "load_weights", "a Keras model", "model")
  model$load_weights(path.expand(filepath), skip_mismatch = skip_mismatch, ...)
  invisible(model)
}

# The path, expanded. An existing file is an error here, since Keras would ask at the console.
free_path <- function(fun, path, overwrite) {
  path <- path.expand(path)
  if (file.exists(path) && !isTRUE(overwrite)) {
    stop(fun, "(): ", path, " already exists; overwrite = TRUE replaces it.", call. = FALSE)
  }
  path
}

#' Export a model for serving
#'
#' Writes a SavedModel of TensorFlow, or another `format`, for other programs. [load_model()] can't
#' read it, but `layer_tfsm()` makes a layer from it.
#'
#' An existing directory is an error unless it is empty, or is an exported model and `overwrite` is
#' TRUE.
#'
#' @param object A built Keras model.
#' @param export_dir_base A directory, which is created.
#' @param ... Further arguments of Keras' `export()`, by name, such as `format`, `verbose` and
#'   `input_signature`.
#' @param overwrite Replace a model that was exported there before?
#' @param versioned Export into a subdirectory named by the time, as model servers expect?
#' @return The directory of the export, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' path <- export_savedmodel(model, tempfile(), verbose = FALSE)
#' served <- layer_tfsm(filepath = path)
#' served(op_ones(c(2, 4)))
#' }
export_savedmodel <- function(object, export_dir_base, ..., overwrite = TRUE,
                              versioned = !overwrite) {
  with_method(object, "export_savedmodel", "export", "a Keras model")
  path <- path.expand(export_dir_base)
  if (versioned) {
    path <- file.path(path, format(Sys.time(), "%s"))
  }
  extra <- as_dict(named_dots("export_savedmodel", ...))
  keras_module("surface.saving")$export(object, path, overwrite, extra)
  invisible(path)
}

#' The configuration of a model, layer, metric, ...
#'
#' `get_config()` returns the configuration of an object, from which `from_config()` makes a new
#' object, also after values were changed. `reset_state()` sets the variables of a metric, or of a
#' layer such as a recurrent one, back to their initial values.
#'
#' An object without a configuration, or without variables to reset, is an error, and so is a
#' configuration whose class is not known, such as another list.
#'
#' @param object An object of Keras.
#' @param config A configuration from `get_config()`, or one with its class, as
#'   `serialize_keras_object()` returns.
#' @param custom_objects Classes and functions by name, if the configuration contains custom ones.
#' @return `get_config()` returns a named list, with the attribute `py_class`, the name of the class,
#'   unless the object is a Sequential or functional model; `from_config()` an object;
#'   `reset_state()` the object, invisibly.
#' @examples
#' \dontrun{
#' layer <- layer_dense(units = 8, activation = "relu")
#' config <- get_config(layer)
#' config$units <- 16
#' from_config(config)$units
#' average <- metric_mean()
#' average$update_state(3)
#' reset_state(average)$result()
#' }
get_config <- function(object) {
  with_method(object, "get_config", "get_config", "an object of Keras with a configuration")
  found <- keras_module("surface.saving")$config_of(object)
  structure(found$config, py_class = found$name)
}

#' @rdname get_config
from_config <- function(config, custom_objects = NULL) {
  code <- substitute(custom_objects)
  objects <- custom_objects("from_config", custom_objects, code, parent.frame())
  name <- attr(config, "py_class", exact = TRUE)
  attr(config, "py_class") <- NULL
  keras_module("surface.saving")$from_config(config, name, objects)
}

# A list of one element for Python, whose lists of one scalar are vectors in R.
list_of <- function(x) list(x)

#' @rdname get_config
reset_state <- function(object) {
  with_method(object, "reset_state", "reset_state", "a metric, or a layer with a state")
  object$reset_state()
  invisible(object)
}
