# Predictions as tables, with the columns that tidymodels' packages have: augment() for models, and the
# types of predict(). It has no other half in Python.

#' Data with a model's predictions
#'
#' The columns are those of tidymodels' packages. A model that is trained with a factor, or for which
#' `levels` are given, predicts classes: `.pred_class`, a factor with the levels of the training, and
#' `.pred_<level>`, the probability of each level. Of a model with one column of predictions (sigmoid) it
#' is that of the second level. Every other model predicts numbers: `.pred`, or `.pred_1`, `.pred_2` and so
#' on for several.
#'
#' This is a method of `generics::augment()`, too, which broom, parsnip and yardstick's users know.
#'
#' @param x A Keras model with one output.
#' @param new_data A data frame or a matrix, with a row for each case.
#' @param inputs What [predict()] gets, if that is not `new_data`: the columns that the model takes, such as
#'   `new_data[1:4]`, or arrays.
#' @param levels The names of the classes in the order of their codes, for a model that was not trained with
#'   a factor.
#' @param from_logits Are the predictions logits, for a model whose last layer has no activation?
#' @param ... Further arguments of [predict()], such as `batch_size` and `verbose`.
#' @return `new_data` as a data frame, or a tibble if it is one, after the columns of the predictions. An
#'   error if predictions of a classifier are no probabilities, if a column is there already, or if the
#'   model has several outputs.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(3, activation = "softmax")
#' model |> compile(loss = "sparse_categorical_crossentropy")
#' model |> fit(as.matrix(iris[1:4]), iris$Species, epochs = 2, verbose = 0)
#' augment(model, iris, inputs = as.matrix(iris[1:4])) |>
#'   yardstick::roc_auc(Species, .pred_setosa, .pred_versicolor, .pred_virginica)
#' }
augment <- function(x, ...) {
  UseMethod("augment")
}

#' @rdname augment
augment.keras.src.models.model.Model <- function(x, new_data, ..., inputs = NULL, levels = NULL,
                                                 from_logits = FALSE) {
  if (!is.data.frame(new_data) && length(dim(new_data)) != 2L) {
    stop_at_user(
      "augment(): `new_data` must be a data frame or a matrix, not ", describe_value(new_data),
      "; give arrays as `inputs`."
    )
  }
  raw <- stats::predict(x, if (is.null(inputs)) new_data else inputs, ...)
  types <- if (is.null(model_levels(x, levels))) "numeric" else c("class", "prob")
  tables <- lapply(types, function(type) prediction_table(x, raw, type, levels, from_logits, new_data))
  bound_tables(tables, new_data)
}

# The predictions of type "numeric", "class" or "prob" as a table like `data`.
prediction_table <- function(model, raw, type, levels = NULL, from_logits = FALSE, data = NULL) {
  if (is.list(raw)) {
    stop_at_user("the model has ", length(raw), " outputs, and a table of predictions is for one: take ",
      "predict(model, x), which gives a list of arrays.")
  }
  levels <- model_levels(model, levels)
  if (type == "numeric") {
    columns <- number_predictions(as_columns(raw))
  } else if (is.null(levels)) {
    stop_at_user("predict(type = \"", type, "\"): the model was not trained with a factor, so its classes ",
      "have no names: give them as `levels`, in the order of their codes.")
  } else {
    p <- class_probabilities(raw, levels, from_logits)
    columns <- if (type == "class") {
      list(.pred_class = predicted_classes(p))
    } else {
      structure(lapply(levels, function(level) p[, level]), names = paste0(".pred_", levels))
    }
  }
  table <- columns_frame(columns, NROW(raw))
  if (inherits(data, "tbl_df")) structure(table, class = c("tbl_df", "tbl", "data.frame")) else table
}

number_predictions <- function(y_pred) {
  n <- ncol(y_pred)
  columns <- lapply(seq_len(n), function(i) y_pred[, i])
  structure(columns, names = if (n == 1L) ".pred" else paste0(".pred_", seq_len(n)))
}

# The names of the classes that a model with one output predicts; NULL if it predicts numbers.
model_levels <- function(model, levels = NULL) {
  if (!is.null(levels)) {
    return(as.character(levels))
  }
  known <- known_levels(data_reading(model))
  known <- known[names(known) == "y" | startsWith(names(known), "y$")]
  if (length(known) == 1L) known[[1L]]
}

bound_tables <- function(tables, new_data) {
  data <- if (is.data.frame(new_data)) new_data else as.data.frame(new_data)
  columns <- unlist(lapply(tables, as.list), recursive = FALSE)
  twice <- names(columns)[duplicated(c(names(data), names(columns)))[-seq_along(data)]]
  if (length(twice)) {
    stop_at_user("augment(): there are two columns `", twice[[1L]], "`: rename ",
      if (twice[[1L]] %in% names(data)) "that of `new_data`." else "the level of the target.")
  }
  n <- NROW(tables[[1L]])
  if (n != nrow(data)) {
    stop_at_user("augment(): the model gives ", counted(n, "prediction"), ", and `new_data` has ",
      counted(nrow(data), "row"), ".")
  }
  structure(c(columns, as.list(data)),
    class = if (inherits(new_data, "tbl_df")) class(tables[[1L]]) else "data.frame",
    row.names = attr(data, "row.names")
  )
}
