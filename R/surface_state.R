# Vocabularies, the variables of a model as a tree, configurations as JSON, quantized weights, and
# generated output. The other half is surface/objects.py, for trees and JSON; the other functions
# call methods of Keras' objects.

#' The vocabulary of a text or lookup layer
#'
#' A layer without a vocabulary, such as `layer_dense()`, is a `python.builtin.AttributeError`.
#'
#' @param object A layer such as `layer_text_vectorization()` or `layer_integer_lookup()`.
#' @param include_special_tokens FALSE leaves out the tokens for padding and unknown words.
#' @param vocabulary A vector of words, or of whole numbers; or the path of a file of them.
#' @param idf_weights Weights of the same length, for `output_mode = "tf_idf"`.
#' @param ... Further arguments of the layer's method, by name.
#' @return `get_vocabulary()` returns a vector; `set_vocabulary()` the layer, invisibly.
#' @examples
#' \dontrun{
#' layer <- layer_text_vectorization()
#' set_vocabulary(layer, c("the", "cat"))
#' get_vocabulary(layer)
#' layer(as_tensor("the dog"))
#' }
get_vocabulary <- function(object, include_special_tokens = TRUE) {
  unlist(object$get_vocabulary(include_special_tokens = include_special_tokens))
}

#' @rdname get_vocabulary
set_vocabulary <- function(object, vocabulary, idf_weights = NULL, ...) {
  is_path <- is.character(vocabulary) && length(vocabulary) == 1L && file.exists(vocabulary)
  if (is.numeric(vocabulary) && all(vocabulary == trunc(vocabulary))) {
    vocabulary <- as.integer(vocabulary)
  }
  # A list, since Keras takes a single string for the path of a file.
  given <- list(if (is_path || is_py_object(vocabulary)) vocabulary else as.list(vocabulary))
  if (!is.null(idf_weights)) {
    given$idf_weights <- as.list(idf_weights)
  }
  do.call(object$set_vocabulary, c(given, named_dots("set_vocabulary", ...)), quote = TRUE)
  invisible(object)
}

#' The variables of a model as a tree
#'
#' The weights and the variables of the optimizer and the metrics, in nested lists by the paths of
#' the variables. For a variable that the model lacks, Keras raises an error.
#'
#' @param object A model.
#' @param value_format `"backend_tensor"` or `"numpy_array"`, which are R arrays here.
#' @param state_tree A list from `get_state_tree()`, or a part of it.
#' @return `get_state_tree()` returns nested lists; `set_state_tree()` the model, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 2) |> layer_dense(1, name = "out")
#' state <- get_state_tree(model, "numpy_array")
#' set_weights(model, list(matrix(0, 2, 1), 0))
#' set_state_tree(model, state)
#' }
get_state_tree <- function(object, value_format = c("backend_tensor", "numpy_array")) {
  object$get_state_tree(value_format = match.arg(value_format))
}

#' @rdname get_state_tree
set_state_tree <- function(object, state_tree) {
  surface_module()$set_state_tree(object, state_tree)
  invisible(object)
}

#' Save the configuration of a model, without weights
#'
#' An existing file is an error unless `overwrite` is TRUE, and so is a custom class that
#' `load_model_config()` does not know.
#'
#' @param model A model.
#' @param filepath The path of a JSON file; for `load_model_config()` also the JSON itself.
#' @param overwrite Replace an existing file?
#' @param custom_objects A list of the user's own classes and functions in the model.
#' @return `save_model_config()` returns the model, invisibly, or without `filepath` the JSON as a
#'   string; `load_model_config()` a model with new weights.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' file <- tempfile(fileext = ".json")
#' save_model_config(model, file)
#' load_model_config(file)
#' }
save_model_config <- function(model, filepath = NULL, overwrite = FALSE) {
  json <- model$to_json()
  if (is.null(filepath)) {
    return(json)
  }
  writeLines(enc2utf8(json), free_path("save_model_config", filepath, overwrite), useBytes = TRUE)
  invisible(model)
}

#' @rdname save_model_config
load_model_config <- function(filepath, custom_objects = NULL) {
  if (!startsWith(filepath, "{")) {
    filepath <- path.expand(filepath)
    check_file(filepath, "load_model_config")
    filepath <- paste(readLines(filepath, encoding = "UTF-8"), collapse = "\n")
  }
  code <- substitute(custom_objects)
  objects <- custom_objects("load_model_config", custom_objects, code, parent.frame())
  surface_module()$model_from_json(filepath, objects)
}

#' Quantize weights
#'
#' Stores weights in fewer bits, for prediction: a quantized model can't be trained. If Keras does
#' not know the mode, or can't quantize a layer, it raises an error.
#'
#' @param object A built model or layer.
#' @param mode String, such as `"int8"` or `"float8"`.
#' @param ... Further arguments of Keras' method, by name.
#' @return The object, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(2)
#' quantize_weights(model, "int8")
#' model$layers[[1]]$kernel$dtype
#' }
quantize_weights <- function(object, mode, ...) {
  object$quantize(mode, ...)
  invisible(object)
}

#' Generate output from a model
#'
#' A generic; the method for Python objects calls their own `generate()`, which models of text and
#' images have. An object without this method is a `python.builtin.AttributeError`.
#'
#' @param x A generative model, such as one of KerasHub.
#' @param ... Arguments of its `generate()`, such as the prompt and `max_length`.
#' @return The generated output.
#' @examples
#' \dontrun{
#' Echo <- Model("Echo", public = list(generate = function(prompt, n = 1L) rep(prompt, n)))
#' generate(Echo(), "again", n = 2L)
#' }
generate <- function(x, ...) {
  UseMethod("generate")
}

#' @rdname generate
generate.python.builtin.object <- function(x, ...) {
  x$generate(...)
}
