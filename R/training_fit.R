# compile(), fit(), evaluate(), predict() and similar functions for Keras models: each passes R's
# arguments and data to Python in one call.
# Python half: training/fit.py.

#' Configure, train and use a Keras model
#'
#' For an argument that is NULL, Keras' default holds. `epochs` and other whole numbers may be
#' doubles. The arguments before `...` may be abbreviated, as in every R function.
#'
#' The levels of a factor that is trained with, as labels or as an input, are known to
#' `validation_data`, remembered with the model, and kept by clone_model() and in a `.keras` file:
#' later factors are coded by their labels, whatever their own levels. Labels that the model does
#' not know are an error; after `compile()`, `fit()` may bring others. The file of a model of a
#' class of one's own has no levels, nor have other formats: then a factor with fewer levels than
#' classes is a warning.
#'
#' A misspelt argument, a fraction for a whole number, a class in place of an instance, NA in data,
#' a column that is not numeric, and a factor that the loss does not take are errors that name it.
#' If the dims of the data do not fit, the error names their dims and the model's. An exception of
#' Keras, or an error in an R callback, ends the training; [py_last_error()] shows all of its text.
#'
#' @param object A Keras model.
#' @param optimizer,loss,metrics,loss_weights,weighted_metrics Names or objects, such as `"adam"`,
#'   `loss_mean_squared_error()`, `c("mae", metric_auc())`; for several outputs a list by name. A
#'   function among the metrics is shown under its name in the list.
#' @param x,y Arrays, vectors, numeric data frames, factors (labels, as codes from 0), lists of
#'   these by place or name, datasets, or a function that gives the next `list(x, y)` or
#'   `list(x, y, sample_weight)`, and NULL at the end. A data frame is one matrix, or for a model of
#'   several inputs its columns by name. Text is data for a model whose input has dtype "string".
#' @param batch_size,epochs,steps_per_epoch,validation_steps,validation_batch_size,steps Whole
#'   numbers.
#' @param callbacks A callback or a list of them.
#' @param validation_split,validation_data,validation_freq A fraction of the data, or
#'   `list(x, y)`, a dataset or a function, to validate with; after every `validation_freq` epochs.
#' @param class_weight A weight for each class, named by its number from 0, or by its level.
#' @param initial_epoch The first epoch, counted from 1.
#' @param sample_weight A weight for each case.
#' @param shuffle TRUE or FALSE: are the cases shuffled in each epoch?
#' @param verbose 0 (silent), 1 (a bar), 2 (a line for each epoch), or `"auto"`: a bar in a terminal
#'   and in a notebook, lines in a file, a pipe, knitr and `capture.output()`. Default: the options
#'   `keras.fit_verbose`, `keras.evaluate_verbose` and `keras.predict_verbose`, else `"auto"`.
#' @param resume The path of a checkpoint of [callback_checkpoint_state()]: the training continues
#'   after the last epoch in the checkpoint.
#' @param safe_mode As in `load_model()`: with TRUE a checkpoint is read as data, and one that holds
#'   functions or other code is an error; FALSE reads it, and may run code from it.
#' @param na `"error"`, or `"allow"`: NA in the data becomes NaN, for models that mask it. NaN
#'   itself is data, as in Python.
#' @param type What `predict()` gives: `"raw"`, the arrays of Keras; or a table, as tidymodels' packages have
#'   it, for a model with one output: `"numeric"` with `.pred`, `"class"` with `.pred_class`, `"prob"` with
#'   `.pred_<level>` for each level; see [augment()].
#' @param levels,from_logits For the tables of classes: as in [augment()].
#' @param view_metrics Has no effect; accepted for compatibility. [plot()] the history instead.
#' @param run_eagerly,steps_per_execution,jit_compile,auto_scale_loss As in Keras.
#' @param ... Further arguments of Keras' method, by name.
#' @return `compile()` returns the model, invisibly; `fit()` the history of the training, invisibly;
#'   `evaluate()` a named list; `predict()` an array, or a list of them, or a table.
#' @examples
#' \dontrun{
#' x <- matrix(rnorm(400), ncol = 4)
#' y <- rowSums(x)
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(optimizer = "sgd", loss = "mse", metrics = "mae")
#' history <- model |> fit(x, y, epochs = 3, validation_split = 0.2, verbose = 0)
#' history
#' model |> evaluate(x, y, verbose = 0)
#' model |> predict(x[1:2, ], verbose = 0)
#' }
#' @name keras_training
compile <- function(object, ...) {
  UseMethod("compile")
}

#' @rdname keras_training
fit <- function(object, ...) {
  UseMethod("fit")
}

#' @rdname keras_training
evaluate <- function(object, ...) {
  UseMethod("evaluate")
}

#' @rdname keras_training
compile.keras.src.models.model.Model <- function(object, optimizer = "rmsprop", loss = NULL,
                                                 metrics = NULL, ..., loss_weights = NULL,
                                                 weighted_metrics = NULL, run_eagerly = FALSE,
                                                 steps_per_execution = 1L, jit_compile = "auto",
                                                 auto_scale_loss = TRUE) {
  # Only the given arguments are passed, since the model's class may override compile().
  given <- intersect(names(match.call()), names(formals()))
  arguments <- mget(setdiff(given, c("object", "...")), envir = environment())
  arguments <- lapply(arguments, surface_values)
  output <- only_output(object)
  for (key in intersect(c("metrics", "weighted_metrics"), given)) {
    code <- eval(call("substitute", as.name(key)))
    arguments[key] <- list(named_metrics(arguments[[key]], code, parent.frame(), output))
  }
  code <- substitute(loss)
  arguments$loss <- named_functions(arguments$loss, code, parent.frame(), outputs = names(loss))
  further <- lapply(named_dots("compile", ...), surface_values)
  training_module()$compile(object, as_dict(arguments), as_dict(further))
  invisible(object)
}

#' @rdname keras_training
fit.keras.src.models.model.Model <- function(object, x = NULL, y = NULL, ..., batch_size = NULL,
                                             epochs = 10, callbacks = NULL, validation_split = 0,
                                             validation_data = NULL, shuffle = TRUE,
                                             class_weight = NULL, sample_weight = NULL,
                                             initial_epoch = 1, steps_per_epoch = NULL,
                                             validation_steps = NULL, validation_batch_size = NULL,
                                             validation_freq = 1,
                                             verbose = verbosity("fit"),
                                             view_metrics = FALSE, resume = NULL,
                                             safe_mode = TRUE, na = "error") {
  reading <- data_reading(object, na, trains = TRUE)
  on.exit(settle_levels(reading))
  result <- with_sink(training_module()$fit(object, arguments_of(list(
    x = model_data(reading, x), y = target_data(y, "y", reading), batch_size = batch_size,
    epochs = epochs, callbacks = surface_values(callbacks), validation_split = validation_split,
    validation_data = validation(reading, validation_data),
    shuffle = if (!missing(shuffle)) shuffle,
    class_weight = class_weights(class_weight, reading),
    sample_weight = weight_data(sample_weight, "sample_weight", reading),
    initial_epoch = initial_epoch,
    steps_per_epoch = steps_per_epoch, validation_steps = validation_steps,
    validation_batch_size = validation_batch_size, validation_freq = validation_freq,
    verbose = verbose
  )), as_dict(named_dots("fit", ...)), if (is.character(resume)) path.expand(resume) else resume,
  safe_mode))
  invisible(training_history(result))
}

#' @rdname keras_training
evaluate.keras.src.models.model.Model <- function(object, x = NULL, y = NULL, ...,
                                                  batch_size = NULL,
                                                  verbose = verbosity("evaluate"),
                                                  sample_weight = NULL, steps = NULL,
                                                  callbacks = NULL, na = "error") {
  reading <- data_reading(object, na)
  on.exit(settle_levels(reading))
  with_sink(training_module()$evaluate(object, arguments_of(list(
    x = model_data(reading, x), y = target_data(y, "y", reading), batch_size = batch_size,
    verbose = verbose, sample_weight = weight_data(sample_weight, "sample_weight", reading),
    steps = steps, callbacks = surface_values(callbacks)
  )), as_dict(named_dots("evaluate", ...))))
}

#' @rdname keras_training
predict.keras.src.models.model.Model <- function(object, x = NULL, ..., batch_size = NULL,
                                                 verbose = verbosity("predict"),
                                                 steps = NULL, callbacks = NULL,
                                                 na = "error",
                                                 type = c("raw", "numeric", "class", "prob"),
                                                 levels = NULL, from_logits = FALSE) {
  type <- match.arg(type)
  raw <- with_sink(training_module()$predict(object, arguments_of(list(
    x = model_data(data_reading(object, na), x), batch_size = batch_size, verbose = verbose,
    steps = steps,
    callbacks = surface_values(callbacks)
  )), as_dict(named_dots("predict", ...))))
  if (type == "raw") raw else prediction_table(object, raw, type, levels, from_logits, x)
}

training_module <- function() keras_module("training.fit")

# The value of the option for `fun`, such as options(keras.fit_verbose = 2).
verbosity <- function(fun) {
  getOption(paste0("keras.", fun, "_verbose"), "auto")
}

#' Train, test or predict on one batch
#'
#' One step, on all the data given. The model must be compiled, except for `predict_on_batch()`;
#' otherwise Keras raises an error. Data are checked as in [fit()].
#'
#' @param object A Keras model.
#' @param x,y,sample_weight,class_weight,na As in [fit()].
#' @param ... Further arguments of Keras' method, by name.
#' @return A named list; `predict_on_batch()` returns an array.
#' @examples
#' \dontrun{
#' x <- matrix(rnorm(32), ncol = 4)
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(optimizer = "sgd", loss = "mse")
#' for (step in 1:3) print(train_on_batch(model, x, rowSums(x))$loss)
#' test_on_batch(model, x, rowSums(x))
#' predict_on_batch(model, x[1:2, ])
#' }
train_on_batch <- function(object, x, y = NULL, sample_weight = NULL, class_weight = NULL,
                           na = "error") {
  with_method(object, "train_on_batch", "train_on_batch", "a Keras model")
  reading <- data_reading(object, na, trains = TRUE)
  on.exit(settle_levels(reading))
  training_module()$on_batch(object, "train_on_batch", arguments_of(list(
    x = model_data(reading, x), y = target_data(y, "y", reading),
    sample_weight = weight_data(sample_weight, "sample_weight", reading),
    class_weight = class_weights(class_weight, reading)
  )))
}

#' @rdname train_on_batch
test_on_batch <- function(object, x, y = NULL, sample_weight = NULL, ..., na = "error") {
  with_method(object, "test_on_batch", "test_on_batch", "a Keras model")
  reading <- data_reading(object, na)
  on.exit(settle_levels(reading))
  training_module()$on_batch(object, "test_on_batch", as_dict(c(list(
    x = model_data(reading, x), y = target_data(y, "y", reading),
    sample_weight = weight_data(sample_weight, "sample_weight", reading)
  ), named_dots("test_on_batch", ...))))
}

#' @rdname train_on_batch
predict_on_batch <- function(object, x, na = "error") {
  with_method(object, "predict_on_batch", "predict_on_batch", "a Keras model")
  training_module()$predict_on_batch(object, model_data(data_reading(object, na), x))
}

#' Fit a preprocessing layer to data
#'
#' The layer forgets what it learnt before. A layer that can't adapt is an error, and so is `steps`
#' for a layer that reads all data at once.
#'
#' @param object A layer such as `layer_normalization()` or `layer_text_vectorization()`.
#' @param data As `x` of [fit()]; for text also character vectors, and factors as their levels.
#' @param ... Further arguments of the layer's method, by name.
#' @param batch_size,steps Whole numbers: `steps` batches of a dataset are read.
#' @param na As in [fit()].
#' @return The layer, invisibly.
#' @examples
#' \dontrun{
#' normalize <- layer_normalization()
#' adapt(normalize, matrix(c(1, 3, 10, 30), 2))
#' normalize(matrix(c(2, 20), 1))
#' }
adapt <- function(object, data, ..., batch_size = NULL, steps = NULL, na = "error") {
  with_method(object, "adapt", "adapt", "a layer that learns from data")
  given <- drop_nulls(list(batch_size = batch_size, steps = steps))
  further <- named_dots("adapt", ...)
  training_module()$adapt(object, adapt_data(object, data, na), as_dict(c(given, further)))
  invisible(object)
}

# A layer that reads text takes the levels of factors, not their codes.
adapt_data <- function(layer, data, na) {
  text <- (is.factor(data) || is.data.frame(data)) && data_module()$reads_text(layer)
  keras_data(if (text) text_data(data) else data, "data", data_reading(na = na))
}

#' A metric from a function
#'
#' For `metrics` of [compile()]. A plain R function works there too: it is shown under its name in
#' the list or as a variable, and without a name as `r_function`. An error in the function ends the
#' training.
#'
#' @param name String, the name shown.
#' @param metric_fn A function of `y_true` and `y_pred`, tensors, that gives a tensor.
#' @return The function as a Python function of that name.
#' @examples
#' \dontrun{
#' worst <- custom_metric("worst", function(y_true, y_pred) op_max(op_abs(y_true - y_pred)))
#' model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
#' model |> compile(loss = "mse", metrics = worst)
#' evaluate(model, matrix(1:4, 2), 1:2, verbose = 0)$worst
#' }
custom_metric <- function(name, metric_fn) {
  # The proxy must not convert, since a converted function would be the R function without the name.
  py_proxy(training_module(), FALSE)$named_metric(name, metric_fn)
}

# The metrics with their R functions named, without the names in lists, since Keras takes these for
# names of outputs, unless they are. `code` is the expression of the metrics in `env`. `output` is
# the name of the only output; NULL if there are several outputs.
named_metrics <- function(x, code, env, output) {
  by_output <- is.null(output) && is.list(x) && length(x) && all(has_name(x))
  x <- named_functions(x, code, env, outputs = if (by_output) names(x) else output)
  if (by_output) lapply(x, without_names) else without_names(x)
}

without_names <- function(x) {
  if (is.list(x) && !is.object(x)) lapply(unname(x), without_names) else x
}

only_output <- function(model) {
  if (inherits(model, "keras.src.models.sequential.Sequential")) {
    return(character())
  }
  names <- if (for_r$has_attr(model, "output_names")) as_strings(model$output_names)
  if (length(names) == 1L) names
}

# The arguments as a dict. A single value loses its name, which it may have as an element of a named
# vector.
arguments_of <- function(given) {
  as_dict(lapply(given, function(x) {
    if (is.atomic(x) && !is.object(x) && length(x) == 1L) unname(x) else x
  }))
}

# `x` with each wrapper replaced by the class or function that it wraps. A vector with names becomes
# a list.
surface_values <- function(x) {
  if (is.function(x)) {
    keras_value(x)
  } else if (is.list(x) && !is.object(x)) {
    lapply(x, surface_values)
  } else if (is.atomic(x) && !is.null(names(x))) {
    as.list(x)
  } else {
    x
  }
}
