# What tests need of parsnip where it is not installed: the functions with which a package registers an
# engine, with the checks of their arguments that parsnip documents, and mlp(), set_engine(), fit_xy() and
# predict() as far as they use the registry. Written from parsnip's documented interface (version 1.2). It
# can't show: formulas, indicators of factors, tuning, tune's and dials' use of the arguments, and whether
# a later parsnip changes its interface.

registry <- new.env()
registry$engines <- list()

entry <- function(eng, mode) paste(eng, mode)

check_string <- function(x) if (!is.character(x) || length(x) != 1L || !nzchar(x)) stop("no string")

check_registered <- function(model, eng, mode) {
  if (model != "mlp") stop("Model `", model, "` has not been registered.")
  check_string(eng)
  if (!mode %in% c("regression", "classification")) stop("`", mode, "` is not a known mode.")
  if (is.null(registry$engines[[entry(eng, mode)]])) stop("The engine has not been registered.")
}

keep <- function(eng, mode, part, value) {
  engine <- registry$engines[[entry(eng, mode)]]
  if (!is.null(engine[[part]])) stop("There are already ", part, " data.")
  engine[[part]] <- value
  registry$engines[[entry(eng, mode)]] <- engine
  invisible()
}

set_model_engine <- function(model, mode, eng) {
  if (model != "mlp") stop("Model `", model, "` has not been registered.")
  registry$engines[[entry(eng, mode)]] <- list(args = list())
  invisible()
}

check_func <- function(func) {
  if (!all(names(func) %in% c("fun", "pkg", "range", "trans", "values"))) stop("`func` has other names")
  check_string(func[["fun"]])
}

set_fit <- function(model, mode, eng, value) {
  check_registered(model, eng, mode)
  if (!setequal(names(value), c("interface", "protect", "func", "defaults"))) stop("`value` of set_fit()")
  if (!value$interface %in% c("data.frame", "formula", "matrix")) stop("interface")
  if (!is.list(value$defaults)) stop("The defaults element should be a list.")
  check_func(value$func)
  keep(eng, mode, "fit", value)
}

set_encoding <- function(model, mode, eng, options) {
  check_registered(model, eng, mode)
  known <- c("predictor_indicators", "compute_intercept", "remove_intercept", "allow_sparse_x")
  if (!setequal(names(options), known)) stop("options of set_encoding()")
  if (!options$predictor_indicators %in% c("none", "traditional", "one_hot")) stop("predictor_indicators")
  keep(eng, mode, "encoding", options)
}

set_pred <- function(model, mode, eng, type, value) {
  check_registered(model, eng, mode)
  if (!type %in% c("raw", "numeric", "class", "prob")) stop("type")
  if (!setequal(names(value), c("pre", "post", "func", "args"))) stop("`value` of set_pred()")
  if (!is.null(value$pre) && !is.function(value$pre)) stop("pre")
  if (!is.null(value$post) && !is.function(value$post)) stop("post")
  if (!is.list(value$args)) stop("args")
  check_func(value$func)
  keep(eng, mode, paste0("pred_", type), value)
}

set_dependency <- function(model, eng, pkg = "parsnip", mode = NULL) {
  check_string(pkg)
  if (!any(startsWith(names(registry$engines), eng))) stop("The engine has not been registered.")
  if (!requireNamespace(pkg, quietly = TRUE)) stop("not installed: ", pkg)
  registry$pkg <- pkg
  invisible()
}

set_model_arg <- function(model, eng, parsnip, original, func, has_submodel) {
  stopifnot(model == "mlp", is.logical(has_submodel))
  check_string(parsnip)
  check_string(original)
  check_func(func)
  registry$args[[parsnip]] <- original
  invisible()
}

model_data_of <- function() as.list(registry)

# ---- the use of it -------------------------------------------------------------------------------

mlp <- function(mode = "unknown", engine = "nnet", hidden_units = NULL, penalty = NULL, dropout = NULL,
                epochs = NULL, activation = NULL, learn_rate = NULL) {
  args <- list(
    hidden_units = hidden_units, penalty = penalty, dropout = dropout, epochs = epochs,
    activation = activation, learn_rate = learn_rate
  )
  given <- args[!vapply(args, is.null, NA)]
  structure(list(mode = mode, engine = engine, args = given), class = c("mlp", "model_spec"))
}

set_engine <- function(object, engine, ...) {
  object$engine <- engine
  object$eng_args <- as.list(substitute(list(...)))[-1L] # captured, not evaluated
  object$env <- parent.frame()
  object
}

fit_xy <- function(object, x, y) {
  method <- registry$engines[[entry(object$engine, object$mode)]]
  names(object$args) <- unlist(registry$args[names(object$args)])
  fun <- as.call(list(as.name("::"), as.name(method$fit$func[["pkg"]]), as.name(method$fit$func[["fun"]])))
  env <- list2env(list(x = as.matrix(x), y = y), parent = object$env)
  code <- as.call(c(list(fun, x = quote(x), y = quote(y)), object$args, object$eng_args))
  structure(list(fit = eval(code, env), lvl = levels(y), method = method), class = "model_fit")
}

predict.model_fit <- function(object, new_data, type, ...) {
  pred <- object$method[[paste0("pred_", type)]]
  result <- eval(as.call(c(list(as.name(pred$func[["fun"]])), pred$args)))
  if (!is.null(pred$post)) result <- pred$post(result, object)
  switch(type,
    numeric = if (is.vector(result)) data.frame(.pred = unname(result)) else as.data.frame(result),
    class = data.frame(.pred_class = factor(as.character(result), levels = object$lvl)),
    prob = {
      if (!is.data.frame(result)) stop("The was a problem with the probability predictions.")
      if (!any(grepl("^\\.pred_", names(result)))) names(result) <- paste0(".pred_", names(result))
      result
    },
    raw = result
  )
}
