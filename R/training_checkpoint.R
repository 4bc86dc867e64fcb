# callback_checkpoint_state(). For checkpoints, this file also serializes R values
# (training/state_file.py) and gets and sets the state of R's random numbers
# (training/random_states.py).
# Python half: training/checkpoint.py.

#' Write checkpoints of a training, to resume it
#'
#' After every `freq` epochs, and after the last, this callback writes the weights of the model, its
#' optimizer, and the states of the callbacks and of the random number generators to one file.
#' [fit()] with `resume = path` continues with the next epoch, in another session too, and gives the
#' same numbers as without the interruption. Its history includes the epochs before the
#' interruption.
#'
#' The file is written beside `path` and then renamed to it. So the last complete file is kept,
#' whatever ends the program, even `kill -9`. This callback runs after all others.
#'
#' A callback has a state if it defines `state_dict()`, which returns the state, and
#' `load_state_dict(state)`, which a resumed training calls before `on_train_begin`. The state may
#' be any R value, since R serializes it. A Python object in it, other than a NumPy array, is an
#' error that names the callback. (Python objects in an environment of the state are lost, as with
#' [saveRDS()].) A checkpoint is read as data: if a state holds more, such as functions, an R6
#' object, or a formula or environment that was made in a method, a warning says so at the first
#' checkpoint, and resuming is an error unless `safe_mode = FALSE` says that the file is trusted. The
#' counters of Keras' own callbacks are saved too, such as the remaining patience of
#' `callback_early_stopping()`.
#'
#' A resumed training needs the same model, optimizer and `epochs`, and callbacks of the same
#' classes under the same ids; otherwise an error names the difference. If a saved state has no
#' callback, or a callback has no saved state, a warning says so.
#'
#' A resumed training shuffles the cases of `x` and `y` in the same order. For that, NumPy's
#' generator shuffles them on TensorFlow while this callback is in the list, so the order differs
#' from that without it. The order of a dataset, of batches from a function and of data with
#' `steps_per_epoch` is not restored. R's, Python's, NumPy's and Keras' random numbers continue
#' where they were; TensorFlow's own (`tf$random$uniform()`) do not.
#'
#' @param path The path of the file.
#' @param freq A whole number: the file is written after every `freq` epochs.
#' @return A callback, for [fit()] here and `pyclass_bridge.fit()` in Python. In Keras' own
#'   `model.fit()` it is an error.
#' @examples
#' \dontrun{
#' x <- matrix(rnorm(40), ncol = 4)
#' file <- tempfile(fileext = ".state")
#' train <- function(...) {
#'   set_random_seed(1)
#'   model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#'   model |> compile(optimizer = "adam", loss = "mse")
#'   checkpoint <- callback_checkpoint_state(file)
#'   model |> fit(x, rowSums(x), epochs = 4, verbose = 0, callbacks = list(checkpoint, ...))
#' }
#' stop_at_3 <- callback_lambda(on_epoch_begin = function(epoch, logs) if (epoch == 3) stop("no"))
#' try(train(stop_at_3))
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(optimizer = "adam", loss = "mse")
#' model |> fit(x, rowSums(x), epochs = 4, verbose = 0, resume = file)
#' }
callback_checkpoint_state <- function(path, freq = 1) {
  # R and Python may expand `~` differently, so R expands it here and in `resume` of fit().
  if (is.character(path)) path <- path.expand(path)
  keras_module("training.checkpoint")$checkpoint_state(path, freq)
}

# States -----------------------------------------------------------------------------------------

# Serializes `x`, with NumPy arrays as text. Other Python objects, and R's own pointers, can't be
# serialized.
state_bytes <- function(x) {
  serialize(x, NULL, refhook = function(ref) {
    if (is_py_object(ref)) array_as_text(ref)
  })
}

state_of_bytes <- function(bytes) {
  unserialize(bytes, refhook = function(text) for_r_proxies$array_of_text(text))
}

array_as_text <- function(x) if (!py_is_null_xptr(x)) for_r$array_as_text(x)

# The class of a Python object in `x` that can't be serialized; NULL if there is none. Environments
# are not searched.
foreign_class <- function(x) {
  if (is_py_object(x)) {
    return(if (!py_is_null_xptr(x) && is.null(array_as_text(x))) sub(".*[.]", "", class(x)[[1L]]))
  }
  inside <- c(if (is.list(x)) unclass(x), attributes(x))
  for (part in inside) {
    found <- foreign_class(part)
    if (!is.null(found)) {
      return(found)
    }
  }
  NULL
}

# Random numbers ---------------------------------------------------------------------------------

# Is `x` a value of .Random.seed, the kinds of whose generators and whose length fit?
is_random_state <- function(x) {
  if (is.null(x)) {
    return(TRUE)
  }
  if (!is.integer(x) || !is.null(attributes(x)) || !length(x) || is.na(x[[1L]])) {
    return(FALSE)
  }
  kinds <- c(x[[1L]] %% 100L, x[[1L]] %/% 100L %% 100L, x[[1L]] %/% 10000L)
  lengths <- c(3L, 2L, 2L, 625L, 101L, NA, 101L, 6L)
  if (any(kinds < 0L) || kinds[[1L]] > 7L || kinds[[2L]] > 5L || kinds[[3L]] > 1L) {
    return(FALSE)
  }
  # A generator of the user's own has a length of its own, and is not one that a file chooses.
  if (kinds[[1L]] == 5L || kinds[[2L]] == 3L) {
    return(any(RNGkind() == "user-supplied") && length(x) < 10000L)
  }
  length(x) == 1L + lengths[[kinds[[1L]] + 1L]]
}
