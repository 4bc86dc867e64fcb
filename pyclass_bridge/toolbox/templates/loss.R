#' Mean squared error
#'
#' Say here what NAME punishes. The result has one value for each sample.
#'
#' @examples
#' \dontrun{
#' model |> compile(loss = NAME())
#' }
NAME <- Loss(
  "NAME",
  call = function(y_true, y_pred) op_mean(op_square(y_true - y_pred), axis = -1L)
)
#### test
test_that("NAME is the mean over the samples", {
  loss <- NAME()
  truth <- op_array(matrix(c(1, 2), 2L), "float32")
  given <- op_array(matrix(c(1, 4), 2L), "float32")
  expect_equal(as.numeric(loss(truth, given)), 2)
  expect_equal(as.numeric(loss(truth, truth)), 0)
})
