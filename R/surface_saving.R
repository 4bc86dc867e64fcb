# Models and objects in files: save_model(), export_savedmodel(), get_config(), from_config(). The
# other half is surface/saving.py. Files have Keras' formats; an existing file is replaced only if
# the user asks for it.

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
  with_method(model, "save_model", "save", "a Keras model", "model")
  path <- free_path("save_model", filepath, overwrite)
  model$save(path, overwrite = TRUE, zipped = zipped, ...)
  invisible(model)
}

#' @rdname save_model
save_model_weights <- function(model, filepath, overwrite = FALSE, max_shard_size = NULL) {
  with_method(model, "save_model_weights", "save_weights", "a Keras model", "model")
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
  with_method(model, "load_model_weights", "load_weights", "a Keras model", "model")
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

#' Export a model for serving
#'
#' A SavedModel of TensorFlow, or what else `format` says. Other programs read it;
#' [load_model()] does not, `layer_tfsm()` makes it a layer.
#'
#' A directory that is there already, unless it is empty or an exported model that `overwrite`
#' replaces, is an error.
#'
#' @param object A built Keras model.
#' @param export_dir_base A directory, which is made.
#' @param ... Further arguments of Keras' `export()`, by name, such as `format`, `verbose` and
#'   `input_signature`.
#' @param overwrite Replace a model that was exported there before?
#' @param versioned Export into a subdirectory named by the time, as servers of models want it?
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
#' `get_config()` gives the configuration of an object, which remembers its class, so that
#' `from_config()` makes such an object anew, with other values where they were changed.
#' `reset_state()` sets a metric, or a layer with a state, back to its start.
#'
#' An object without a configuration or state is an error, and so is a configuration that knows no
#' class, such as one that was made a list of R.
#'
#' @param object An object of Keras.
#' @param config A configuration: of `get_config()`, or with its class, as
#'   `serialize_keras_object()` gives it.
#' @param custom_objects Classes by name, if the configuration has some of its own.
#' @return `get_config()` a Python dict, whose values are R's; `from_config()` an object;
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
  keras_module("surface.saving")$config_of(object)
}

#' @rdname get_config
from_config <- function(config, custom_objects = NULL) {
  keras_module("surface.saving")$from_config(config, custom_objects)
}

#' @rdname get_config
reset_state <- function(object) {
  with_method(object, "reset_state", "reset_state", "a metric, or a layer with a state")
  object$reset_state()
  invisible(object)
}
