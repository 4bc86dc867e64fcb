#' Ends a training when the loss is low enough
#'
#' Say here what NAME does. Its stages take no arguments and read `self$ctx`.
#'
#' @param limit Number: the training ends after the first epoch with a loss below it.
#' @examples
#' \dontrun{
#' model |> fit(x, y, epochs = 100, callbacks = list(NAME(limit = 0.1)))
#' }
NAME <- callback_set(
  "NAME",
  initialize = function(limit = 0) {
    self$limit <- limit
  },
  on_epoch_end = function() {
    if (self$is_below(self$ctx$last_loss)) {
      self$ctx$terminate <- TRUE
    }
  },
  is_below = function(loss) !is.null(loss) && loss < self$limit
)
#### test
test_that("NAME ends the training below its limit", {
  set <- NAME(limit = 0.1)
  expect_false(set$is_below(0.5))
  expect_true(set$is_below(0.05))
  expect_equal(unlist(set$stages), "on_epoch_end")
})
