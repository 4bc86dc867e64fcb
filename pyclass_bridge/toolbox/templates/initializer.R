#' Initial weights of one value
#'
#' Say here which weights NAME gives.
#'
#' @param value Number, the value of all weights.
#' @examples
#' \dontrun{
#' layer_dense(model, 8L, kernel_initializer = NAME(value = 0.1))
#' }
NAME <- Initializer(
  "NAME",
  initialize = function(value = 0.5) {
    self$value <- value
  },
  call = function(shape, dtype = NULL) op_full(shape, self$value, dtype = dtype),
  get_config = function() list(value = self$value)
)
#### test
test_that("NAME gives weights of the asked shape", {
  initializer <- NAME(value = 2)
  out <- initializer(shape(2, 3), dtype = "float32")
  expect_equal(as.array(out), matrix(2, 2L, 3L))
  expect_equal(initializer$get_config()$value, 2)
})
