#' Keeps weights from being negative
#'
#' Say here what NAME does to the weights.
#'
#' @examples
#' \dontrun{
#' layer_dense(model, 8L, kernel_constraint = NAME())
#' }
NAME <- Constraint(
  "NAME",
  call = function(w) op_maximum(w, 0)
)
#### test
test_that("NAME sets negative weights to 0", {
  constraint <- NAME()
  out <- constraint(op_array(c(-1, 0, 2), "float32"))
  expect_equal(as.numeric(out), c(0, 0, 2))
})
