# The R examples of the reference page of Metric(), as R users have them.
data <- random_uniform(c(1000, 32))
labels <- random_uniform(c(1000, 10))

# Usage with compile()
model <- keras_model_sequential()
model |>
  layer_dense(64, activation = "relu") |>
  layer_dense(64, activation = "relu") |>
  layer_dense(10, activation = "softmax")
model |>
  compile(optimizer = optimizer_rmsprop(0.01),
          loss = loss_categorical_crossentropy(),
          metrics = metric_categorical_accuracy())

model |> fit(data, labels, verbose = 0)

# Standalone usage
m <- metric_mean_squared_error()
for (e in seq(2)) {
  m$reset_state()
  for (i in seq(3)) {
    c(y_true, y_pred, sample_weight = NULL) %<-%
      list(random_uniform(c(4, 1)), random_uniform(c(4, 1)), NULL)
    m$update_state(y_true, y_pred, sample_weight)
  }
  cat('Final epoch result: ', as.numeric(m$result()), "\n")
}

# Example subclass implementation
metric_binary_true_positives <- Metric(
  classname = "BinaryTruePositives",

  initialize = function(name = 'binary_true_positives', ...) {
    super$initialize(name = name, ...)
    self$true_positives <-
      self$add_weight(shape = shape(),
                      initializer = 'zeros',
                      name = 'true_positives')
  },

  update_state = function(y_true, y_pred, sample_weight = NULL) {
    y_true <- op_cast(y_true, "bool")
    y_pred <- op_cast(y_pred, "bool")

    values <- y_true & y_pred # `&` calls op_logical_and()
    values <- op_cast(values, self$dtype)
    if (!is.null(sample_weight)) {
      sample_weight <- op_cast(sample_weight, self$dtype)
      sample_weight <- op_broadcast_to(sample_weight, shape(values))
      values <- values * sample_weight # `*` calls op_multiply()
    }
    self$true_positives$assign(self$true_positives + op_sum(values))
  },

  result = function() {
    self$true_positives
  }
)
model <- keras_model_sequential(input_shape = 32) |> layer_dense(10)
model |> compile(loss = loss_binary_crossentropy(),
                 metrics = list(metric_binary_true_positives()))
model |> fit(data, labels, verbose = 0)
cat("names:", names(model$evaluate(data, labels, verbose = 0L, return_dict = TRUE)), "\n")

# Usage with compile(): several metrics in c()
model <- keras_model_sequential(input_shape = 32) |> layer_dense(10)
model |> compile(
  optimizer = 'sgd',
  loss = 'mse',
  metrics = c(metric_mean_absolute_error(), metric_binary_true_positives())
)
model |> fit(data, labels, verbose = 0)
cat("both:", names(model$evaluate(data, labels, verbose = 0L, return_dict = TRUE)), "\n")
