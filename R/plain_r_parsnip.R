# The engine "pyclassbridge" of parsnip's mlp(), registered when parsnip is loaded. Only what parsnip exports
# for such packages is used. It has no other half in Python.

#' The engine "pyclassbridge" of parsnip
#'
#' Where the package parsnip is loaded, `set_engine("pyclassbridge")` trains an `mlp()` with Keras:
#' `hidden_units`, `penalty` (L2), `dropout`, `epochs`, `activation` and `learn_rate` have their meaning of
#' parsnip. The engine's argument `build` makes any other network: a function of `x`, a numeric matrix, and
#' `y`, a factor, a vector or a matrix, that gives a compiled model. Further arguments of the engine are
#' those of [fit()], such as `batch_size`, `callbacks` and `validation_split`. This function is what
#' parsnip's `fit()` calls; predictions are of type "numeric", "class", "prob" and "raw".
#'
#' @param x A numeric matrix with the cases in rows.
#' @param y A factor, or numbers: a vector, or a matrix with a column for each output.
#' @param build A function of `x` and `y` that gives a compiled model, or NULL.
#' @param hidden_units The number of units; of several layers if there are several numbers.
#' @param penalty,dropout Numbers from 0.
#' @param epochs A whole number.
#' @param activation Of the hidden layers, such as `"relu"`.
#' @param learn_rate Of the optimizer, Adam.
#' @param verbose,... As in [fit()].
#' @return The model that was trained. An error if `build` is given with arguments of the network that it
#'   replaces, or gives no compiled model.
#' @examples
#' \dontrun{
#' library(parsnip)
#' network <- mlp(mode = "classification", epochs = 5, hidden_units = 8) |> set_engine("pyclassbridge")
#' trained <- fit(network, Species ~ ., data = iris)
#' predict(trained, iris, type = "prob")
#' }
parsnip_mlp <- function(x, y, build = NULL, hidden_units = 5, penalty = 0, dropout = 0, epochs = 20,
                        activation = "relu", learn_rate = 0.001, verbose = 0, ...) {
  x <- as.matrix(x)
  if (is.data.frame(y)) y <- as.matrix(y)
  if (is.null(build)) {
    model <- mlp_network(x, y, hidden_units, penalty, dropout, activation, learn_rate)
  } else {
    network <- c("hidden_units", "penalty", "dropout", "activation", "learn_rate")
    unused <- intersect(names(match.call()), network)
    if (length(unused)) {
      stop("the engine \"pyclassbridge\": the network is that of `build`, so ", ticked(unused),
        if (length(unused) == 1L) " has" else " have", " no effect: leave out one or the other.",
        call. = FALSE
      )
    }
    model <- build(x, y)
    is_model <- inherits(model, "keras.src.models.model.Model")
    if (!is_model || !isTRUE(model$compiled)) {
      stop("the engine \"pyclassbridge\": `build` must give a Keras model that is compiled, not ",
        if (is_model) "one that is not" else describe_value(model), ".",
        call. = FALSE
      )
    }
  }
  fit(model, x, y, epochs = epochs, verbose = verbose, ...)
  model
}

mlp_network <- function(x, y, hidden_units, penalty, dropout, activation, learn_rate) {
  model <- keras_model_sequential(input_shape = ncol(x))
  l2 <- if (penalty > 0) regularizer_l2(penalty)
  for (units in as.integer(hidden_units)) {
    model <- layer_dense(model, units, activation = activation, kernel_regularizer = l2)
    if (dropout > 0) model <- layer_dropout(model, dropout)
  }
  is_class <- is.factor(y)
  outputs <- if (is_class) nlevels(y) else NCOL(y)
  model <- layer_dense(model, outputs, activation = if (is_class) "softmax")
  compile(model,
    optimizer = optimizer_adam(learning_rate = learn_rate),
    loss = if (is_class) "sparse_categorical_crossentropy" else "mean_squared_error"
  )
  model
}

# ---- parsnip's registry --------------------------------------------------------------------------

# Now, or once parsnip is loaded.
offer_mlp <- function() {
  if (isNamespaceLoaded("parsnip")) {
    register_mlp()
  } else {
    setHook(packageEvent("parsnip", "onLoad"), function(...) register_mlp())
  }
}

register_mlp <- function() {
  register <- function(name, ...) {
    getExportedValue("parsnip", name)(model = "mlp", eng = "pyclassbridge", ...)
  }
  for (mode in c("regression", "classification")) {
    register("set_model_engine", mode = mode)
    register("set_fit", mode = mode, value = list(
      interface = "matrix", protect = c("x", "y"),
      func = c(pkg = "pyclassbridge", fun = "parsnip_mlp"), defaults = list()
    ))
    register("set_encoding", mode = mode, options = list(
      predictor_indicators = "traditional", compute_intercept = TRUE, remove_intercept = TRUE,
      allow_sparse_x = FALSE
    ))
    for (type in c(if (mode == "regression") "numeric" else c("class", "prob"), "raw")) {
      register("set_pred", mode = mode, type = type, value = mlp_prediction(type))
    }
  }
  register("set_dependency", pkg = "pyclassbridge")
  for (argument in c("hidden_units", "penalty", "dropout", "epochs", "activation", "learn_rate")) {
    register("set_model_arg",
      parsnip = argument, original = argument, func = list(pkg = "dials", fun = argument),
      has_submodel = FALSE
    )
  }
}

# How parsnip predicts: by predict() of the model, whose tables have parsnip's names.
mlp_prediction <- function(type) {
  list(
    pre = NULL,
    post = switch(type,
      numeric = function(x, object) if (ncol(x) == 1L) x[[1L]] else x,
      class = function(x, object) x[[".pred_class"]]
    ),
    func = c(fun = "predict"),
    args = list(
      object = quote(object$fit), x = quote(as.matrix(new_data)), type = type, verbose = 0
    )
  )
}
