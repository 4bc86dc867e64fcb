#' A model of two dense layers
#'
#' Say here what NAME computes.
#'
#' @param units Integer, the size of the hidden layer.
#' @param outputs Integer, the number of outputs.
#' @examples
#' \dontrun{
#' model <- NAME(units = 16L)
#' model |> compile(loss = "mse", optimizer = "adam")
#' model |> fit(x, y, epochs = 5)
#' }
NAME <- Model(
  "NAME",
  initialize = function(units = 8L, outputs = 1L, ...) {
    super$initialize(...)
    self$hidden <- layer_dense(units = units, activation = "relu")
    self$output_layer <- layer_dense(units = outputs)
  },
  call = function(inputs, training = FALSE) self$output_layer(self$hidden(inputs))
)
#### test
test_that("NAME gives one row of outputs for each sample", {
  model <- NAME(units = 3L, outputs = 2L)
  out <- model(op_array(matrix(1, 5L, 4L), "float32"))
  expect_equal(dim(out), c(5L, 2L))
  expect_length(model$trainable_weights, 4L)
})
