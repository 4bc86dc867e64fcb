#' Ends a training when the loss is low enough
#'
#' Say here what NAME does.
#'
#' @param limit Number: the training ends after the first epoch with a loss below it.
#' @examples
#' \dontrun{
#' model |> fit(x, y, epochs = 100, callbacks = list(NAME(limit = 0.1)))
#' }
NAME <- Callback(
  "NAME",
  initialize = function(limit = 0) {
    super$initialize()
    self$limit <- limit
  },
  # Epochs are counted from 1; `logs` is a named list.
  on_epoch_end = function(epoch, logs = NULL) {
    if (!is.null(logs$loss) && logs$loss < self$limit) {
      self$model$stop_training <- TRUE
    }
  }
)
#### test
test_that("NAME ends the training below its limit", {
  model <- keras_model_sequential(input_shape = 2L) |> layer_dense(1L)
  callback <- NAME(limit = 0.1)
  callback$set_model(model)
  model$stop_training <- FALSE
  callback$on_epoch_end(1L, list(loss = 0.5))
  expect_false(model$stop_training)
  callback$on_epoch_end(2L, list(loss = 0.05))
  expect_true(model$stop_training)
})
