#' Plain gradient descent
#'
#' Say here how NAME changes the weights.
#'
#' @param learning_rate Number, the size of a step.
#' @examples
#' \dontrun{
#' model |> compile(loss = "mse", optimizer = NAME(learning_rate = 0.1))
#' }
NAME <- Optimizer(
  "NAME",
  initialize = function(learning_rate = 0.01, ...) {
    super$initialize(learning_rate = learning_rate, ...)
  },
  update_step = function(gradient, variable, learning_rate) {
    self$assign_sub(variable, gradient * op_cast(learning_rate, variable$dtype))
  }
)
#### test
test_that("NAME goes one step against the gradient", {
  variable <- keras$Variable(op_array(c(1, 2), "float32"))
  optimizer <- NAME(learning_rate = 0.5)
  optimizer$build(list(variable))
  optimizer$update_step(op_array(c(1, -1), "float32"), variable, 0.5)
  expect_equal(as.numeric(variable$value), c(0.5, 2.5))
})
