# Metrics: Keras' own, one from a function, and one as a class with a state. R's own `iris`.

library(keras3)

set_random_seed(21)

flowers <- iris[sample(nrow(iris)), ]
x <- as.matrix(flowers[, 1:4]) |> scale()
y <- to_categorical(as.integer(flowers$Species) - 1, num_classes = 3)

# The share of cases in which the network is sure of itself: without a state, so a function will do.
metric_sure <- custom_metric("sure", function(y_true, y_pred) {
  op_mean(op_max(y_pred, axis = -1) > 0.8)
})

# How often a flower of the given species is found, over all batches of an epoch.
metric_found <- Metric(
  "Found",
  initialize = function(species, name = "found", ...) {
    super$initialize(name = name, ...)
    self$species <- as.integer(species)
    self$found <- self$add_weight(shape = shape(), initializer = "zeros", name = "found")
    self$all <- self$add_weight(shape = shape(), initializer = "zeros", name = "all")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    is_species <- op_cast(y_true[, self$species], "float32")
    predicted <- op_argmax(y_pred, axis = -1)
    is_predicted <- op_cast(predicted == self$species, "float32")
    self$found$assign_add(op_sum(is_species * is_predicted))
    self$all$assign_add(op_sum(is_species))
  },
  result = function() {
    op_divide_no_nan(self$found, self$all)
  },
  reset_state = function() {
    self$found$assign(0)
    self$all$assign(0)
  }
)

model <- keras_model_sequential(input_shape = 4) |>
  layer_dense(16, activation = "relu") |>
  layer_dense(3, activation = "softmax")

model |> compile(
  optimizer = optimizer_adam(learning_rate = 0.02),
  loss = "categorical_crossentropy",
  metrics = list(
    "accuracy",
    metric_auc(name = "auc"),
    metric_f1_score(average = "macro"),
    metric_sure,
    metric_found(species = 3, name = "virginica")
  )
)

history <- model |> fit(
  x, y,
  epochs = 10, batch_size = 30, validation_split = 0.2, verbose = 0
)
print(round(tail(as.data.frame(history$metrics)[1:6], 3), 3))

scores <- model |> evaluate(x, y, verbose = 0)
str(scores)

# Metrics compute without a model, too.
accuracy <- metric_categorical_accuracy()
predictions <- model |> predict(x, verbose = 0)
accuracy$update_state(y, predictions)
cat("accuracy:", as.numeric(accuracy$result()), "\n")
cat("first losses:", round(as.array(loss_categorical_crossentropy(y[1:3, ], predictions[1:3, ])), 4))
cat("\n")
