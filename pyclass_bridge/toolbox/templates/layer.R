#' A layer that scales its inputs
#'
#' Say here what NAME computes.
#'
#' @param start Number, the factor before training.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4L) |> NAME() |> layer_dense(1L)
#' }
NAME <- Layer(
  "NAME",
  initialize = function(start = 1, ...) {
    super$initialize(...)
    self$start <- start
  },
  build = function(input_shape) {
    self$factor <- self$add_weight(
      shape = shape(), initializer = initializer_constant(self$start), name = "factor"
    )
  },
  call = function(inputs) inputs * self$factor,
  # What a saved model needs to make the layer again.
  get_config = function() c(super$get_config(), list(start = self$start))
)
#### test
test_that("NAME scales its inputs", {
  layer <- NAME(start = 3)
  out <- layer(op_array(matrix(1:4, 2L), "float32"))
  expect_equal(as.array(out), matrix(3 * 1:4, 2L))
  expect_length(layer$trainable_weights, 1L)
  expect_equal(layer$get_config()$start, 3)
})
