# loss_r(): a loss in plain R, with its gradient; check_gradient(). The other half is plain_r/loss.py.

#' A loss in plain R
#'
#' For losses that are simplest in R's own functions, such as the likelihood of a package. The function
#' runs in R for each batch, within the compiled training of any backend; its gradient is `gradient`,
#' or else that of the package RTMB, where it is installed and can record `f`, or else it is computed
#' by differences, with a warning that names the cost.
#'
#' `f` gets R values: a vector for a target or prediction of one column, a matrix or an array for
#' others, a factor for a target that was one. It computes in doubles, also in mixed precision. What it
#' returns says how it is reduced:
#' - a number for each row, or for each place of a sequence: as a loss of Keras, by `reduction` and with
#'   sample weights;
#' - one number: it is the loss of the batch, whatever the `reduction`. Sample weights are an error, for
#'   which the remedy is an argument `sample_weight` of `f`.
#'
#' A function with the argument `sample_weight` gets the weights (each of them 1 if there are none and the
#' argument has no default; with a mask, those of Keras) and applies them itself.
#'
#' Errors, in one sentence that names the loss: `f` returns NA for predictions that are numbers, or a
#' number of another kind or count; its R code fails; the gradient has other dims, or NA. The training
#' ends with them, and you can go on using the model. A prediction that is NaN or infinite gives a loss of
#' NaN, as in Keras. A derivative of the gradient is an error.
#'
#' A saved model has the functions by their names, as it has those of Keras' losses: [load_model()]
#' finds them in a file that was sourced and in the global environment, and those of packages in these.
#' TensorFlow's XLA can't call R, so `jit_compile = TRUE` is an error there in [compile()], and `"auto"`
#' means FALSE.
#'
#' @param f A function of `y_true` and `y_pred`, perhaps also of `sample_weight`.
#' @param gradient A function of the same arguments, for the derivatives by `y_pred`, an array of its
#'   dims: of the number for its row, or, where `f` returns one number, of this number.
#' @param name A string; default: the name of the function.
#' @param reduction A string: `"sum_over_batch_size"`, `"sum"`, `"mean"`, `"mean_with_sample_weight"` or
#'   `"none"`.
#' @return A loss for [compile()].
#' @seealso [check_gradient()]
#' @examples
#' \dontrun{
#' poisson <- function(y_true, y_pred) exp(y_pred) - y_true * y_pred # of the logarithm of the mean
#' slope <- function(y_true, y_pred) exp(y_pred) - y_true
#' model |> compile(optimizer = "adam", loss = loss_r(poisson, gradient = slope))
#' }
loss_r <- function(f, gradient = NULL, name = NULL, reduction = "sum_over_batch_size") {
  check_plain_function("loss_r", "f", f)
  if (!is.null(gradient)) {
    check_plain_function("loss_r", "gradient", gradient)
    if (takes_weight(f) != takes_weight(gradient)) {
      stop("loss_r(): `f` and `gradient` must have the same arguments, and only one of them has ",
        "`sample_weight`.",
        call. = FALSE
      )
    }
  }
  check_plain_name("loss_r", name)
  functions <- named_plain(f, substitute(f), gradient, substitute(gradient), name, parent.frame())
  keras_module("plain_r.loss")$make(functions[[1L]], functions[[2L]], name, reduction)
}

# A function and its gradient for Keras, with the names that they were given by, as a list. One that was
# given without a name has that of the loss or layer, `name`, and its gradient the ending `_gradient`.
named_plain <- function(f, code, gradient, gradient_code, name, env) {
  known <- given_name(f, code, env) %||% list(name = name, sure = TRUE)
  slopes <- if (!is.null(gradient)) {
    own <- if (!is.null(known$name)) paste0(known$name, "_gradient")
    named_function(gradient, given_name(gradient, gradient_code, env) %||% list(name = own, sure = TRUE))
  }
  list(named_function(f, known), slopes)
}

# The arguments of a loss are two of any names, perhaps `sample_weight`, and others with defaults.
check_plain_function <- function(who, argument, f, first = c("y_true", "y_pred")) {
  if (!is_r_function(f)) {
    stop(who, "(): `", argument, "` must be an R function, not ", describe_value(f), ".", call. = FALSE)
  }
  known <- plain_formals(f)
  has_dots <- "..." %in% names(known)
  positional <- setdiff(names(known), c("...", "sample_weight"))
  required <- positional[!vapply(known[positional], has_default, NA)]
  if (length(positional) < length(first) && !has_dots || length(required) > length(first)) {
    stop(who, "(): `", argument, "` is called with ", paste0("`", first, "`", collapse = " and "),
      ", and it has ", if (length(known)) paste("the arguments", ticked(names(known))) else "no arguments", ".",
      call. = FALSE
    )
  }
  if (length(first) == 2L) {
    refuse_order(paste0(who, "(): `", argument, "`"), names(known), first)
  }
}

check_plain_name <- function(who, name) {
  if (!is.null(name) && !is_string(name)) {
    stop(who, "(): `name` must be a string, not ", describe_value(name), ".", call. = FALSE)
  }
}

plain_formals <- function(f) as.list(formals(if (is.primitive(f)) args(f) else f))

has_default <- function(formal) !identical(formal, quote(expr = ))

takes_weight <- function(f) "sample_weight" %in% names(plain_formals(f))

# ---- what Python calls --------------------------------------------------------------------------------

# The function and its gradient as R/plain_r_gradient.R knows them.
loss_function <- function(f, gradient, label) {
  takes <- takes_weight(f)
  needs <- takes && !has_default(plain_formals(f)$sample_weight)
  arguments <- function(active, constant) {
    weight <- constant$sample_weight
    if (is.null(weight) && needs) {
      weight <- rep(1, dims_of(active[[1L]])[[1L]])
    }
    c(list(constant$y_true, active[[1L]]), if (!is.null(weight)) list(sample_weight = weight))
  }
  call <- function(active, constant) do.call(f, arguments(active, constant), quote = TRUE)
  slopes <- function(active, constant, g, label) {
    label <- paste("gradient of the", label)
    found <- plain_call(gradient, arguments(active, constant), label)
    refuse_gradient(found, active[[1L]], label)
    as.vector(found) * as.vector(g)
  }
  fn <- plain_function(label, f, if (!is.null(gradient)) dims_kept(slopes), call)
  fn$arguments <- arguments
  fn$takes_weight <- takes
  fn
}

# The same for Python, which keeps the environment as a handle.
loss_source <- function(f, gradient, label) {
  fn <- loss_function(f, gradient, label)
  list(handle = fn, takes_weight = fn$takes_weight)
}

# The function `slopes`, whose result gets the dims of the input.
dims_kept <- function(slopes) {
  function(active, ...) unpacked(slopes(active, ...), active)
}

# The numbers that the loss returns for a batch: one, one for each row, or one for each place.
loss_values <- function(fn, y_true, y_pred, sample_weight, levels, label) {
  active <- list(plain_argument(y_pred))
  found <- plain_call(fn$f, fn$arguments(active, loss_data(y_true, sample_weight, levels)), label)
  d <- dims_of(y_pred)
  lead <- if (length(d) > 1L) d[-length(d)] else d
  refuse_values(found, lead, label)
  as.double(unclass(found))
}

# Its gradient by the predictions, with a factor for each of these numbers.
loss_gradient <- function(fn, y_true, y_pred, sample_weight, levels, g, label) {
  active <- list(plain_argument(y_pred))
  constant <- loss_data(y_true, sample_weight, levels)
  fn$last <- c(constant, y_pred = active) # for check_gradient()
  found <- plain_gradient(fn, active, constant, length(g), g, label)[[1L]]
  dim(found) <- dim(y_pred)
  found
}

loss_data <- function(y_true, sample_weight, levels) {
  weight <- if (!is.null(sample_weight)) list(sample_weight = plain_argument(sample_weight))
  c(list(y_true = plain_argument(y_true, levels)), weight)
}

refuse_values <- function(found, lead, label) {
  counts <- unique(c(lead[[1L]], prod(lead), 1))
  is_na <- is.logical(found) && length(found) && all(is.na(found))
  if (!(are_numbers(found) && !is.logical(found) || is_na)) {
    stop(label, ": the function has returned ", describe_value(found), ", and must return one number or ",
      "a number for each row", number_remedy(found), ".",
      call. = FALSE
    )
  }
  if (!length(found) %in% counts) {
    stop(label, ": the function has returned ", length(found), " numbers for a batch of ", lead[[1L]],
      " rows, and must return one number or a number for each row.",
      call. = FALSE
    )
  }
  missing <- which(is.na(found))
  if (length(missing)) {
    where <- if (length(found) > 1L) paste(" for", place_in(missing[[1L]], found))
    stop(label, ": the function has returned ", if (is.nan(found[[missing[[1L]]]])) "NaN" else "NA", where,
      ", and the predictions of this batch are numbers.",
      call. = FALSE
    )
  }
}

# ---- checking a gradient ------------------------------------------------------------------------------

#' Check the gradient of a loss in plain R
#'
#' Compares the gradient of a loss that [loss_r()] has made, be it the user's or RTMB's, with differences
#' of the loss. A wrong one is an error that says how many numbers are wrong, and for the worst of them
#' the place and both numbers. Its condition has the class `wrong_gradient`, and the table as `$table`.
#'
#' The numbers of differences are good to about nine digits where the loss is smooth. At a kink (as of
#' `abs()` at 0) they are the mean of both sides.
#'
#' @param loss A loss of [loss_r()].
#' @param y_true,y_pred A batch, as the function of the loss gets it. Default: the last one that the
#'   loss was trained with.
#' @param sample_weight Weights, for a function that takes them.
#' @param tolerance A number: the largest difference, relative to the larger of both numbers, or to a
#'   thousandth of the largest number of the gradient.
#' @return A data frame, invisibly, with a row for each number of `y_pred`: its place (`row`, `column`,
#'   `slice`), the `gradient`, the `difference` quotient, and whether it `is_wrong`.
#' @examples
#' \dontrun{
#' squared <- function(y_true, y_pred) (y_true - y_pred)^2
#' wrong <- function(y_true, y_pred) 2 * (y_true - y_pred)
#' check_gradient(loss_r(squared, gradient = wrong), c(1, 2), c(0, 0)) # the sign
#' }
check_gradient <- function(loss, y_true = NULL, y_pred = NULL, sample_weight = NULL, tolerance = 1e-6) {
  if (!inherits(loss, "pyclass_bridge.plain_r.loss.RLoss")) {
    stop("check_gradient(): `loss` must be a loss that loss_r() has made, not ", describe_value(loss), ".",
      call. = FALSE
    )
  }
  fn <- loss_function(loss$fn, loss$gradient, paste0("loss `", loss$name, "`"))
  if (is.null(y_true) != is.null(y_pred)) {
    stop("check_gradient(): give both `y_true` and `y_pred`, or none of them.", call. = FALSE)
  }
  batch <- list(y_true = y_true, y_pred = y_pred, sample_weight = sample_weight)
  if (is.null(y_true)) {
    batch <- last_batch(loss, fn$label)
  }
  rows <- vapply(drop_nulls(batch[c("y_true", "y_pred", "sample_weight")]), NROW, 1L)
  if (length(unique(rows)) > 1L) {
    stop("check_gradient(): ", paste0("`", names(rows), "` has ", rows, " rows", collapse = ", "), ".",
      call. = FALSE
    )
  }
  invisible(compared_gradient(fn, batch$y_true, batch$y_pred, batch$sample_weight, tolerance))
}

last_batch <- function(loss, label) {
  last <- loss$source[["handle"]]$last
  if (is.null(last)) {
    stop("check_gradient(): the ", label, " was not trained with, so give it a batch, `y_true` and `y_pred`.",
      call. = FALSE
    )
  }
  last
}

# The table of check_gradient(); an error if the gradient is wrong.
compared_gradient <- function(fn, y_true, y_pred, sample_weight, tolerance) {
  active <- list(y_pred)
  weight <- if (fn$takes_weight && !is.null(sample_weight)) list(sample_weight = sample_weight)
  constant <- c(list(y_true = y_true), weight)
  values <- fn$call(active, constant)
  d <- dims_of(y_pred)
  refuse_values(values, if (length(d) > 1L) d[-length(d)] else d, fn$label)
  ones <- rep(1, length(values))
  refuse_no_gradient(fn)
  own <- plain_gradient(fn, active, constant, length(ones), ones)[[1L]]
  refuse_no_gradient(fn)
  outputs <- tried(outputs_of(fn, active, constant))
  z <- packed(active)
  seen <- difference_gradient(outputs, z, rows_of(outputs, z, ones), ones)
  table <- compared_numbers(as.vector(own), seen, y_pred, tolerance)
  refuse_wrong_gradient(table, y_pred, fn$label)
  table
}

refuse_no_gradient <- function(fn) {
  if (is.null(fn$gradient) && !is.null(fn$tape_fault)) {
    fault <- if (nzchar(fn$tape_fault)) paste0(" (RTMB can't: ", fn$tape_fault, ")")
    stop("check_gradient(): the ", fn$label, " has no gradient of its own, but differences", fault, ": give ",
      "loss_r() one as `gradient`.",
      call. = FALSE
    )
  }
}

rows_of <- function(outputs, z, ones) {
  if (length(ones) > 1L && rows_are_independent(outputs, z, length(ones))) length(ones) else 1L
}

compared_numbers <- function(own, seen, y_pred, tolerance) {
  size <- pmax(abs(own), abs(seen), 1e-3 * max(abs(seen), 0, na.rm = TRUE))
  is_wrong <- abs(own - seen) > tolerance * size
  at <- arrayInd(seq_along(own), dims_of(y_pred))
  colnames(at) <- make.unique(c("row", "column", rep("slice", ncol(at)))[seq_len(ncol(at))])
  data.frame(at, gradient = own, difference = seen, is_wrong = is_wrong | is.na(is_wrong))
}

refuse_wrong_gradient <- function(table, y_pred, label) {
  if (any(table$is_wrong)) {
    off <- ifelse(table$is_wrong, abs(table$gradient - table$difference), -1)
    worst <- which.max(ifelse(is.na(off), Inf, off))
    message <- paste0(
      label, ": the gradient is wrong for ", sum(table$is_wrong), " of ", counted(nrow(table), "number"),
      "; for ", place_in(worst, y_pred), " it is ", format(table$gradient[[worst]], digits = 7L),
      ", and by differences ", format(table$difference[[worst]], digits = 7L), "."
    )
    stop(structure(
      class = c("wrong_gradient", "error", "condition"), list(message = message, call = NULL, table = table)
    ))
  }
}
