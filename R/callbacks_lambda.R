# callback_lambda(): a callback from functions, which count epochs and batches from 1. They become a
# class of Callback(), which checks the hooks, shifts indices and merges logs.
# Python half: none.

#' A callback from functions
#'
#' A name that begins with `on_` but is not a hook of Keras is an error.
#'
#' @param on_epoch_begin,on_epoch_end Functions of `epoch` and `logs`.
#' @param on_train_begin,on_train_end Functions of `logs`.
#' @param on_train_batch_begin,on_train_batch_end Functions of `batch` and `logs`.
#' @param ... The other hooks of Callback() and `on_exit`, by name. Epochs and batches count from 1.
#'   A function gets the arguments whose names it has, as with [add_callback()]; one that has none of
#'   the names, such as `function(e, l)`, gets them by place, and may leave out the last.
#' @return A callback.
#' @examples
#' \dontrun{
#' x <- matrix(rnorm(40), ncol = 4)
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(loss = "mse")
#' tell <- callback_lambda(on_epoch_end = function(epoch, logs) cat(epoch, logs$loss, "\n"))
#' model |> fit(x, rowSums(x), epochs = 2, callbacks = tell, verbose = 0)
#' }
callback_lambda <- function(on_epoch_begin = NULL, on_epoch_end = NULL, on_train_begin = NULL,
                            on_train_end = NULL, on_train_batch_begin = NULL,
                            on_train_batch_end = NULL, ...) {
  functions <- drop_nulls(list(
    on_epoch_begin = on_epoch_begin, on_epoch_end = on_epoch_end,
    on_train_begin = on_train_begin, on_train_end = on_train_end,
    on_train_batch_begin = on_train_batch_begin, on_train_batch_end = on_train_batch_end, ...
  ))
  is_hook <- names(functions) %in% names(callback_hooks) & vapply(functions, is.function, NA)
  hooks <- Map(lambda_hook, names(functions)[is_hook], functions[is_hook])
  # The methods only call the user's functions, which so keep their environments.
  env <- list2env(list(functions = functions), parent = topenv())
  make <- Callback("LambdaCallback", public = c(hooks, functions[!is_hook]), parent_env = env)
  make()
}

# The method of a hook, which calls the user's function with as many arguments as it takes.
lambda_hook <- function(name, fn) {
  arguments <- sub(" .*", "", callback_hooks[[name]]$args)
  passed <- lapply(passed_arguments(name, fn, arguments), as.name)
  formals <- structure(rep(list(NULL), length(arguments)), names = arguments)
  formals[arguments != "logs"] <- list(quote(expr = ))
  as.function(c(formals, as.call(c(bquote(functions[[.(name)]]), passed))))
}

# Which of the `arguments` of an event `fn` gets: by name those whose names it has; by place if it has
# none of the names, or has them in their places. events/keras.py follows the same rule.
passed_arguments <- function(name, fn, arguments) {
  if (is.primitive(fn)) {
    return(arguments)
  }
  own <- setdiff(names(formals(fn)), "...")
  known <- own %in% arguments
  required <- vapply(own, function(key) is_empty(formals(fn)[key]), NA)
  if (any(known) && all(known | !required)) {
    return(structure(own[known], names = own[known]))
  }
  misplaced <- own[known & match(own, arguments) != seq_along(own)]
  if (length(misplaced)) {
    stop(
      "callback_lambda(): the function for `", name, "` takes ", ticked(own[!known]), ", but the ",
      "event has only ", ticked(arguments), ".",
      call. = FALSE
    )
  }
  arguments[seq_len(min(positional_range(fn)$most, length(arguments)))]
}

# Checks an argument of a function that makes a callback: `is_right` tests the value, `wanted`
# describes a right value in words, and an `optional` argument may be NULL.
check_callback_argument <- function(fun, value, wanted, is_right, optional = FALSE) {
  if (!(optional && is.null(value)) && !is_right(value)) {
    stop(
      fun, "(): `", deparse_line(substitute(value)), "` must be ", wanted, ", not ",
      describe_value(value), ".",
      call. = FALSE
    )
  }
}

is_flag <- function(x) {
  is.logical(x) && length(x) == 1L && !is.na(x)
}

is_positive <- function(x) {
  is.numeric(x) && length(x) == 1L && is.finite(x) && x > 0
}

is_count <- function(x) {
  is_positive(x) && x == trunc(x)
}

is_named <- function(x) {
  (is.list(x) || is.atomic(x)) && all(has_name(x))
}

# The string that the user has chosen, or the first choice if the argument has its default.
chosen <- function(fun, argument, value, choices) {
  if (!identical(value, choices) && !(is_string(value) && value %in% choices)) {
    stop(
      fun, "(): `", argument, "` must be one of ", quoted(choices),
      ", not ", describe_value(value), ".",
      call. = FALSE
    )
  }
  value[[1L]]
}

# The values in the logs that are single numbers, as a vector with names.
logged_numbers <- function(logs) {
  is_number <- vapply(logs, function(value) is.numeric(value) && length(value) == 1L, NA)
  unlist(logs[is_number])
}
