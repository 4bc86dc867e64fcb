#' Mean absolute error
#'
#' Say here what NAME measures.
#'
#' @param name String, the name in logs and histories.
#' @examples
#' \dontrun{
#' model |> compile(loss = "mse", metrics = list(NAME()))
#' }
NAME <- Metric(
  "NAME",
  initialize = function(name = "FILE", ...) {
    super$initialize(name = name, ...)
    self$total <- self$add_weight(shape = shape(), initializer = "zeros", name = "total")
    self$count <- self$add_weight(shape = shape(), initializer = "zeros", name = "count")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    error <- op_abs(op_convert_to_tensor(y_true) - op_convert_to_tensor(y_pred))
    if (!is.null(sample_weight)) {
      error <- error * sample_weight
    }
    self$total$assign(self$total + op_sum(error))
    self$count$assign(self$count + op_size(error))
  },
  result = function() self$total / op_maximum(self$count, 1),
  direction = "down"
)
#### test
test_that("NAME is the mean of all batches", {
  metric <- NAME()
  metric$update_state(op_array(c(1, 2)), op_array(c(1, 4)))
  metric$update_state(op_array(3), op_array(4))
  expect_equal(as.numeric(metric$result()), 1)
  metric$reset_state()
  expect_equal(as.numeric(metric$result()), 0)
})
