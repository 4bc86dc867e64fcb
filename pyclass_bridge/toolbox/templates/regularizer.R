#' A penalty for large weights
#'
#' Say here what NAME adds to the loss.
#'
#' @param strength Number, the factor of the sum of squares.
#' @examples
#' \dontrun{
#' layer_dense(model, 8L, kernel_regularizer = NAME(strength = 0.1))
#' }
NAME <- Regularizer(
  "NAME",
  initialize = function(strength = 0.01) {
    self$strength <- strength
  },
  call = function(x) self$strength * op_sum(op_square(x)),
  get_config = function() list(strength = self$strength)
)
#### test
test_that("NAME adds the sum of squares", {
  regularizer <- NAME(strength = 0.5)
  expect_equal(as.numeric(regularizer(op_array(c(1, 2), "float32"))), 2.5)
  expect_equal(regularizer$get_config()$strength, 0.5)
})
