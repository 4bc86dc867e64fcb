# Recurrent networks: of what kind is a wave? A bidirectional LSTM reads it, a GRU sums it up.

library(keras3)

set_random_seed(31)

steps <- 20
make_wave <- function(kind) {
  phase <- (seq_len(steps) / runif(1, 6, 9) + runif(1)) %% 1
  wave <- switch(kind,
    sine = sin(2 * pi * phase),
    saw = 2 * phase - 1,
    square = ifelse(phase < 0.5, -1, 1)
  )
  wave + rnorm(steps, sd = 0.15)
}

kind <- factor(sample(c("sine", "saw", "square"), 300, replace = TRUE))
waves <- t(vapply(as.character(kind), make_wave, numeric(steps)))
x <- array(waves, dim = c(300, steps, 1))

train <- 1:240
x_train <- x[train, , , drop = FALSE]
x_test <- x[-train, , , drop = FALSE]

model <- keras_model_sequential(input_shape = c(steps, 1)) |>
  layer_conv_1d(filters = 8, kernel_size = 5, activation = "relu") |>
  bidirectional(layer_lstm(units = 8, return_sequences = TRUE)) |>
  layer_gru(units = 8) |>
  layer_dense(units = 3, activation = "softmax")
model

model |> compile(
  optimizer = optimizer_adam(learning_rate = 0.02, clipnorm = 1),
  loss = "sparse_categorical_crossentropy",
  metrics = "accuracy"
)

# A factor may be the labels as it is.
history <- model |> fit(
  x_train, kind[train],
  epochs = 4, batch_size = 30, verbose = 2
)

scores <- model |> evaluate(x_test, kind[-train], verbose = 0)
predictions <- model |> predict(x_test, verbose = 0)
predicted <- factor(levels(kind)[max.col(predictions)], levels = levels(kind))
print(table(truth = kind[-train], predicted))
cat("accuracy:", scores$accuracy, "\n")
