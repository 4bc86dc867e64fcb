# Images for the models of application_*(), and names for what they predict. The other half is
# surface/own.py.

#' Prepare images for an application, and read its predictions
#'
#' Each application scales images in its own way, and a model of `application_*()` knows how; any
#' other model is an error. The names of the ImageNet classes are downloaded once; if a machine
#' can't reach them, an error says so.
#'
#' @param model A model of `application_*()`.
#' @param x Images, an array of 3 or 4 dims with values from 0 to 255.
#' @param data_format `"channels_last"`, `"channels_first"`, or NULL for Keras' default.
#' @param preds Predictions, a matrix with a row for each image and 1000 columns.
#' @param top A whole number: the number of classes for each image.
#' @param ... Further arguments, by name.
#' @return `application_preprocess_inputs()` returns images; the others return a list with a data
#'   frame for each image: `class_name`, `class_description` and `score`.
#' @examples
#' \dontrun{
#' model <- application_mobilenet_v2()
#' x <- array(runif(224 * 224 * 3, 0, 255), c(1, 224, 224, 3))
#' preds <- predict(model, application_preprocess_inputs(model, x))
#' application_decode_predictions(model, preds, top = 3)
#' imagenet_decode_predictions(preds)
#' }
application_preprocess_inputs <- function(model, x, ..., data_format = NULL) {
  options <- drop_nulls(list(data_format = data_format))
  options <- c(options, named_dots("application_preprocess_inputs", ...))
  surface_module()$preprocess(model, keras_data(x), as_dict(options))
}

#' @rdname application_preprocess_inputs
application_decode_predictions <- function(model, preds, top = 5L, ...) {
  options <- c(list(top = top), named_dots("application_decode_predictions", ...))
  prediction_frames(surface_module()$decode(model, keras_data(preds, "preds"), as_dict(options)))
}

#' @rdname application_preprocess_inputs
imagenet_decode_predictions <- function(preds, top = 5) {
  options <- as_dict(list(top = top))
  prediction_frames(surface_module()$decode(NULL, keras_data(preds, "preds"), options))
}

prediction_frames <- function(decoded) {
  lapply(decoded, function(columns) {
    as.data.frame(lapply(columns, unlist), stringsAsFactors = FALSE)
  })
}
