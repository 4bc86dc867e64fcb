# callback_checkpoint_state(), and R's part in its file (training/state_file.py, training/random_states.py): states by
# R's own serialization, the state of R's random numbers.

#' Keep a training in a file, to resume it
#'
#' After every `freq` epochs, and after the last, the weights of the model, its optimizer, the states
#' of the callbacks and of the random number generators are written into one file. `fit(..., resume =
#' path)` goes on from there, in another session too: with the next epoch, to the same numbers as
#' without the interruption. The history has the epochs before the interruption as well.
#'
#' The file is written beside `path` and then takes its place: whatever ends the program, an error or
#' `kill -9`, the last whole file is there. It runs after all other callbacks.
#'
#' A callback keeps what it knows by `state_dict()`, a function that gives a value, and
#' `load_state_dict(state)`, which gets that value before `on_train_begin` runs. Any value of R is
#' a state, by R's own serialization; a Python object in it, other than an array of NumPy, is
#' an error that names the callback. (An object of Python that an environment in the state refers to
#' is gone afterwards, as with [saveRDS()].) What Keras' own callbacks count is kept as it is: the
#' patience that is left to `callback_early_stopping()`, for instance.
#'
#' A resumed training takes the same model, optimizer, `epochs`, and the same classes of callbacks
#' under the same ids; another is an error that says what was and what is. A saved state whose
#' callback is missing, and a callback whose state is missing, are warnings.
#'
#' The cases of `x` and `y` are in the same order in a resumed training. On TensorFlow they are
#' shuffled by NumPy's generator for that, while this callback is in the list: the order is another
#' one than without it. The order of a dataset, of batches from a function and of data with
#' `steps_per_epoch` is their own. R's, Python's, NumPy's and Keras' random numbers go on where they
#' were, TensorFlow's own (`tf$random$uniform()`) do not.
#'
#' @param path The path of the file.
#' @param freq A whole number: a file after every so many epochs.
#' @return A callback, for [fit()] here and `pyclass_bridge.fit()` in Python. `model.fit()` of Python
#'   alone is an error.
#' @examples
#' \dontrun{
#' x <- matrix(rnorm(40), ncol = 4)
#' file <- tempfile(fileext = ".state")
#' train <- function(...) {
#'   set_random_seed(1)
#'   model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#'   model |> compile(optimizer = "adam", loss = "mse")
#'   keep <- callback_checkpoint_state(file)
#'   model |> fit(x, rowSums(x), epochs = 4, verbose = 0, callbacks = c(list(keep), ...))
#' }
#' stop_at_3 <- callback_lambda(on_epoch_begin = function(epoch, logs) if (epoch == 3) stop("no"))
#' try(train(stop_at_3))
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(optimizer = "adam", loss = "mse")
#' model |> fit(x, rowSums(x), epochs = 4, verbose = 0, resume = file)
#' }
callback_checkpoint_state <- function(path, freq = 1) {
  # R and Python may differ on what `~` is: `resume` of fit() expands it in R, too.
  if (is.character(path)) path <- path.expand(path)
  keras_module("training.checkpoint")$checkpoint_state(path, freq)
}

# States -----------------------------------------------------------------------------------------

# Arrays of NumPy are kept as text; other objects of Python are not, and neither are R's own pointers.
state_bytes <- function(x) {
  serialize(x, NULL, refhook = function(ref) {
    if (is_py_object(ref)) array_as_text(ref)
  })
}

state_of_bytes <- function(bytes) {
  unserialize(bytes, refhook = function(text) for_r_proxies$array_of_text(text))
}

array_as_text <- function(x) if (!py_is_null_xptr(x)) for_r$array_as_text(x)

# The class of an object of Python in `x` that a file can't keep; NULL if there is none. Environments
# are not looked into.
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

random_state <- function() get0(".Random.seed", envir = globalenv(), inherits = FALSE)

set_random_state <- function(state) {
  if (is.null(state)) {
    suppressWarnings(rm(".Random.seed", envir = globalenv()))
  } else {
    assign(".Random.seed", state, envir = globalenv())
  }
  invisible()
}
