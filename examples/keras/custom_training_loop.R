# A training loop written out: batches, tf$GradientTape, the optimizer's step, a metric for each
# epoch, and a validation after it. The data are R's own `swiss`.

library(tensorflow)
library(keras3)

set_random_seed(5)

x <- scale(as.matrix(swiss[, -1]))
y <- scale(swiss$Fertility)
train <- sample(nrow(swiss), 38)

train_dataset <- tf$data$Dataset$from_tensor_slices(tuple(
  as_tensor(x[train, ], "float32"),
  as_tensor(y[train, , drop = FALSE], "float32")
))$batch(8L)
x_test <- as_tensor(x[-train, ], "float32")
y_test <- as_tensor(y[-train, , drop = FALSE], "float32")

inputs <- layer_input(shape = ncol(x), name = "indicators")
outputs <- inputs |>
  layer_dense(16, activation = "tanh") |>
  layer_dense(1)
model <- keras_model(inputs, outputs)

optimizer <- optimizer_sgd(learning_rate = 0.05, momentum = 0.9)
loss_fn <- loss_mean_squared_error()
train_loss <- metric_mean(name = "train_loss")
train_error <- metric_mean_absolute_error()

train_step <- function(x, y) {
  with(tf$GradientTape() %as% tape, {
    predicted <- model(x, training = TRUE)
    loss_value <- loss_fn(y, predicted)
  })
  gradients <- tape$gradient(loss_value, model$trainable_weights)
  optimizer$apply_gradients(zip_lists(gradients, model$trainable_weights))

  train_loss$update_state(loss_value)
  train_error$update_state(y, predicted)
  loss_value
}

epochs <- 12
losses <- numeric(epochs)
errors <- numeric(epochs)
test_losses <- numeric(epochs)

for (epoch in seq_len(epochs)) {
  iterator <- as_iterator(train_dataset)
  while (!is.null(batch <- iter_next(iterator))) {
    c(x_batch, y_batch) %<-% batch
    train_step(x_batch, y_batch)
  }

  losses[epoch] <- as.numeric(train_loss$result())
  errors[epoch] <- as.numeric(train_error$result())
  test_losses[epoch] <- as.numeric(loss_fn(y_test, model(x_test, training = FALSE)))
  train_loss$reset_state()
  train_error$reset_state()

  cat(sprintf(
    "epoch %2d: loss %.4f, mae %.4f, loss of the test %.4f\n",
    epoch, losses[epoch], errors[epoch], test_losses[epoch]
  ))
}

predictions <- as.array(model(x_test))
cat("correlation with the truth:", round(cor(predictions, y[-train, ]), 3), "\n")
