# Learning rates that change: a schedule of Keras', one of one's own, and a callback that sets the
# rate from R. The same small regression each time, from the same start.

library(keras3)

set_random_seed(53)
x <- matrix(runif(800, -2, 2), ncol = 2)
y <- sin(x[, 1]) + x[, 2]^2 / 2

train <- function(learning_rate, callbacks = NULL) {
  set_random_seed(53)
  model <- keras_model_sequential(input_shape = 2) |>
    layer_dense(24, "tanh") |>
    layer_dense(1)
  model |> compile(optimizer_sgd(learning_rate, momentum = 0.9), loss = "mse")
  history <- model |> fit(
    x, y, epochs = 12, batch_size = 40, callbacks = callbacks, verbose = 0
  )
  list(model = model, history = history)
}

# ---- Keras' own schedules ----

decay <- learning_rate_schedule_exponential_decay(
  initial_learning_rate = 0.1, decay_steps = 20, decay_rate = 0.8, staircase = TRUE
)
exponential <- train(decay)
exponential_history <- exponential$history

cosine <- train(learning_rate_schedule_cosine_decay(
  0.001, decay_steps = 100, warmup_target = 0.1, warmup_steps = 20
))
cosine_history <- cosine$history

# ---- one of one's own: up and down, as a triangle ----

learning_rate_schedule_triangle <- LearningRateSchedule(
  "Triangle",
  initialize = function(low, high, period) {
    self$low <- low
    self$high <- high
    self$period <- period
  },
  call = function(step) {
    phase <- op_cast(step, "float32") %% self$period / self$period
    self$low + (self$high - self$low) * (1 - op_abs(2 * phase - 1))
  },
  get_config = function() {
    list(low = self$low, high = self$high, period = self$period)
  }
)
triangle <- learning_rate_schedule_triangle(low = 0.005, high = 0.1, period = 60)
cat("the triangle's rates:", vapply(c(0, 15, 30, 60), function(s) as.numeric(triangle(s)), 0), "\n")
triangle_history <- train(triangle)$history

# ---- a callback: the schedule's epochs count from 0 ----

halve <- callback_learning_rate_scheduler(function(epoch, lr) {
  if (epoch > 0 && epoch %% 4 == 0) lr / 2 else lr
})
halved <- train(0.1, callbacks = list(halve))
halved_history <- halved$history
stopifnot(all.equal(halved_history$metrics$learning_rate[c(1, 5, 9)], 0.1 / c(1, 2, 4), 1e-6))

losses <- sapply(
  list(exponential = exponential_history, cosine = cosine_history, triangle = triangle_history,
       halved = halved_history),
  function(history) tail(history$metrics$loss, 1)
)
print(round(losses, 4))
model <- halved$model
predictions <- predict(model, x[1:10, ], verbose = 0)
