# layer_r(): a layer in plain R, with its gradient. The other half is plain_r/layer.py.

#' A layer in plain R
#'
#' For a step of a model that is simplest in R's own functions. The function runs in R for each batch,
#' within compiled training and prediction of any backend. The layer has no weights; gradients go
#' through it to the layers before: by `gradient`, or else by the package RTMB, where it is installed
#' and can record `f`, or else by differences, with a warning that names the cost.
#'
#' `f` gets an array as the layer gets it, of the dims (rows, ...), so a matrix for vectors of features,
#' or, if the layer is called on several inputs, a list of such arrays. It returns an array of the dims
#' (rows, `output_shape`); a vector is fine where that is one number for each row. It computes in
#' doubles, also in mixed precision.
#'
#' Whole numbers and logicals among the inputs have no gradient: where there are several inputs,
#' `gradient` may return NULL for them.
#'
#' Errors, in one sentence that names the layer: `f` returns an array of other dims, no numbers, or NA
#' where no input is NA; its R code fails; the gradient has other dims, or NA. A saved model has the
#' functions by their names: [load_model()] finds them in a file that was sourced, in the global
#' environment, and those of packages in these. TensorFlow's XLA can't call R, as [loss_r()] says.
#'
#' @param object A Sequential model, a tensor, or a list of tensors that the layer is put onto; NULL for
#'   the layer alone, as is a function, which is then `f`.
#' @param f A function of one argument.
#' @param output_shape Whole numbers: the dims of what `f` returns, without the rows; `integer()` for
#'   one number for each row.
#' @param gradient A function of `x` and `dy`: what `f` gets, and an array like what `f` returns, the
#'   gradient by that. It returns the gradient by `x`: `sum(dy * f(x))` differentiated, an array of the
#'   dims of `x`, or a list of them for several inputs.
#' @param name A string, the name of the layer.
#' @return The layer, or what `object` becomes with it.
#' @examples
#' \dontrun{
#' ranks <- function(x) t(apply(x, 1, rank)) # no gradient goes through
#' model <- keras_model_sequential(input_shape = 3) |>
#'   layer_r(ranks, output_shape = 3, gradient = function(x, dy) 0 * x) |>
#'   layer_dense(1)
#' }
layer_r <- function(object, f, output_shape, gradient = NULL, name = NULL) {
  if (!missing(object) && is_r_function(object)) {
    # The same call, with NULL before its arguments.
    call <- sys.call()
    names(call)[names(call) == "object"] <- "f"
    return(eval(as.call(append(as.list(call), list(NULL), 1L)), parent.frame()))
  }
  if (missing(output_shape)) {
    stop("layer_r(): `output_shape` is missing: give the dims of a row of the result, such as 4 for ",
      "four columns.",
      call. = FALSE
    )
  }
  check_layer_arguments(f, output_shape, gradient, name)
  functions <- named_plain(f, substitute(f), gradient, substitute(gradient), name, parent.frame())
  layer <- keras_module("plain_r.layer")$make(
    functions[[1L]], as.list(as.integer(output_shape)), functions[[2L]], name
  )
  before <- if (!missing(object)) object
  if (is.null(before)) layer else surface_module()$apply_layer(before, layer)
}

check_layer_arguments <- function(f, output_shape, gradient, name) {
  check_plain_function("layer_r", "f", f, "x")
  if (!is.null(gradient)) {
    check_plain_function("layer_r", "gradient", gradient, c("x", "dy"))
  }
  if (!is_shape_of_rows(output_shape)) {
    stop("layer_r(): `output_shape` must be whole numbers, the dims of a row of the result, not ",
      describe_value(output_shape), ".",
      call. = FALSE
    )
  }
  check_plain_name("layer_r", name)
}

is_shape_of_rows <- function(x) {
  x <- unlist(x)
  is.null(x) || is.numeric(x) && !anyNA(x) && all(x >= 0 & x == round(x) & x < 2^31)
}

# ---- what Python calls --------------------------------------------------------------------------------

# The function and its gradient as R/plain_r_gradient.R knows them. Of the inputs, those that `is_active`
# are differentiated; `is_list`: are there several?
layer_source <- function(f, gradient, is_active, is_list, label) {
  is_active <- as.logical(is_active)
  together <- function(active, constant) {
    inputs <- vector("list", length(is_active))
    inputs[is_active] <- active
    inputs[!is_active] <- constant
    if (is_list) inputs else inputs[[1L]]
  }
  call <- function(active, constant) do.call(f, list(together(active, constant)), quote = TRUE)
  slopes <- function(active, constant, g, label) {
    label <- paste("gradient of the", label)
    found <- plain_call(gradient, list(together(active, constant), g), label)
    if (is_list && is.list(found) && length(found) == length(is_active)) found[is_active] else found
  }
  fn <- plain_function(label, f, if (!is.null(gradient)) slopes, call)
  fn$together <- together
  fn
}

# The array of the dims `shape` that the layer gives for inputs.
layer_values <- function(fn, active, constant, shape, is_strict, label) {
  found <- plain_call(fn$f, list(fn$together(active, constant)), label)
  shape <- as.integer(unlist(shape))
  if (!are_numbers(found)) {
    stop(label, ": the function has returned ", describe_value(found), ", and must return an array of ",
      paste(shape, collapse = " x "), " numbers", number_remedy(found), ".",
      call. = FALSE
    )
  }
  # A vector may stand for one column.
  if (!identical(dims_of(found)[dims_of(found) != 1L], shape[shape != 1L]) ||
    length(dims_of(found)) > 1L && !identical(dims_of(found), shape)) {
    stop(label, ": the function has returned ", shown_dims(found), ", and must return an array of ",
      paste(shape, collapse = " x "), ", the rows and `output_shape`.",
      call. = FALSE
    )
  }
  missing <- if (is_strict) which(is.na(found))
  if (length(missing)) {
    stop(label, ": the function has returned ", if (is.nan(found[[missing[[1L]]]])) "NaN" else "NA",
      " for ", place_in(missing[[1L]], found), ", and its inputs are numbers.",
      call. = FALSE
    )
  }
  array(as.double(unclass(found)), shape)
}

# The gradients by the inputs `active`, for that by the array, `dy`.
layer_gradient <- function(fn, active, constant, dy, is_strict, label) {
  plain_gradient(fn, active, constant, dim(dy)[[1L]], dy, label, is_strict)
}
