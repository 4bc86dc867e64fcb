# callback_checkpoint_state(). R values in its file (training/state_file.py) and R's random numbers
# (training/random_states.py) are read and written here.
# Python half: training/checkpoint.py.

#' Write checkpoints of a training, to resume it
#'
#' After every `freq` epochs, and after the last, the weights of the model, its optimizer, the
#' states of the callbacks and of the random number generators are written to one file. [fit()] with
#' `resume = path` goes on from there with the next epoch, in another session too, and gives the
#' same numbers as without the interruption. Its history has the epochs before the interruption as
#' well.
#'
#' The file is written beside `path` and then renamed to it: whatever ends the program, an error or
#' `kill -9`, the last complete file is there. This callback runs after all others.
#'
#' A callback saves what it has to remember by `state_dict()`, a function that returns a value, and
#' `load_state_dict(state)`, which gets that value before `on_train_begin` runs. Any value of R is
#' a state, by R's own serialization; a Python object in it, other than an array of NumPy, is
#' an error that names the callback. (An object of Python that an environment in the state refers to
#' is gone afterwards, as with [saveRDS()].) What Keras' own callbacks count is saved as well: the
#' patience that is left to `callback_early_stopping()`, for instance.
#'
#' A resumed training takes the same model, optimizer, `epochs`, and the same classes of callbacks
#' under the same ids; a difference is an error that says what it was and what it is. A saved state
#' whose callback is missing, and a callback whose state is missing, are warnings.
#'
#' The cases of `x` and `y` are in the same order in a resumed training. For that, NumPy's generator
#' shuffles them on TensorFlow while this callback is in the list: the order differs from that
#' without it. The order of a dataset, of batches from a function and of data with
#' `steps_per_epoch` is their own. R's, Python's, NumPy's and Keras' random numbers continue where
#' they were, TensorFlow's own (`tf$random$uniform()`) do not.
#'
#' @param path The path of the file.
#' @param freq A whole number: a file after every so many epochs.
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
  # R and Python may expand `~` to different directories; `resume` of fit() is expanded in R, too.
  if (is.character(path)) path <- path.expand(path)
  keras_module("training.checkpoint")$checkpoint_state(path, freq)
}

# States -----------------------------------------------------------------------------------------

# Arrays of NumPy are written as text. Other objects of Python, and R's own pointers, can't be
# written.
state_bytes <- function(x) {
  serialize(x, NULL, refhook = function(ref) {
    if (is_py_object(ref)) array_as_text(ref)
  })
}

state_of_bytes <- function(bytes) {
  unserialize(bytes, refhook = function(text) for_r_proxies$array_of_text(text))
}

array_as_text <- function(x) if (!py_is_null_xptr(x)) for_r$array_as_text(x)

# The class of an object of Python in `x` that can't be written; NULL if there is none. Environments
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

random_state <- function() get0(".Random.seed", envir = globalenv(), inherits = FALSE)

set_random_state <- function(state) {
  if (is.null(state)) {
    suppressWarnings(rm(".Random.seed", envir = globalenv()))
  } else {
    assign(".Random.seed", state, envir = globalenv())
  }
  invisible()
}
