# Time series: next month's temperature in Nottingham from the twelve months before, in windows made
# by timeseries_dataset_from_array(). The data are R's own `nottem`.

library(keras3)

set_random_seed(71)

temperature <- as.numeric(nottem)
last_of_train <- 180L
center <- mean(temperature[1:last_of_train])
spread <- sd(temperature[1:last_of_train])
series <- matrix((temperature - center) / spread)

lookback <- 12

# Window i is months i, ..., i + 11, and its target month i + 12.
windows <- function(from, to, shuffle) {
  timeseries_dataset_from_array(
    data = series[from:to, , drop = FALSE],
    targets = series[(from + lookback):to, , drop = FALSE],
    sequence_length = lookback,
    batch_size = 32,
    shuffle = shuffle,
    seed = 71
  )
}
train_dataset <- windows(1, last_of_train, shuffle = TRUE)
test_dataset <- windows(last_of_train + 1 - lookback, length(temperature), shuffle = FALSE)

c(samples, targets) %<-% iter_next(as_iterator(train_dataset))
cat("samples:", dim(samples), "  targets:", dim(targets), "\n")

inputs <- layer_input(shape = c(lookback, 1))
outputs <- inputs |>
  layer_lstm(16, recurrent_dropout = 0.1) |>
  layer_dense(1)
model <- keras_model(inputs, outputs)

model |> compile(optimizer = optimizer_rmsprop(0.02), loss = "mse", metrics = "mae")
history <- model |> fit(
  train_dataset,
  epochs = 6,
  validation_data = test_dataset,
  verbose = 0
)
print(history)

scores <- model |> evaluate(test_dataset, verbose = 0)
predictions <- model |> predict(test_dataset, verbose = 0)

# Against two simple rules: as last month, and as a year ago.
months <- (last_of_train + 1):length(temperature)
cat("mean absolute error in degrees Fahrenheit\n")
cat("  network:      ", round(scores$mae * spread, 2), "\n")
cat("  last month:   ", round(mean(abs(diff(temperature)[months - 1])), 2), "\n")
cat("  last year:    ", round(mean(abs(diff(temperature, lag = 12)[months - 12])), 2), "\n")
