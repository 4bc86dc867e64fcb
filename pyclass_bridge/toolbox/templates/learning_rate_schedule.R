#' A learning rate that falls with each step
#'
#' Say here how NAME changes the learning rate.
#'
#' @param start Number, the learning rate of the first step.
#' @param half Number, the steps after which half of it is left.
#' @examples
#' \dontrun{
#' model |> compile(loss = "mse", optimizer = optimizer_adam(NAME(start = 0.1)))
#' }
NAME <- LearningRateSchedule(
  "NAME",
  initialize = function(start = 0.01, half = 1000) {
    self$start <- start
    self$half <- half
  },
  call = function(step) self$start / (1 + op_cast(step, "float32") / self$half),
  get_config = function() list(start = self$start, half = self$half)
)
#### test
test_that("NAME has halved the learning rate when it says so", {
  schedule <- NAME(start = 0.5, half = 10)
  expect_equal(as.numeric(schedule(0L)), 0.5)
  expect_equal(as.numeric(schedule(10L)), 0.25)
  expect_equal(schedule$get_config()$half, 10)
})
