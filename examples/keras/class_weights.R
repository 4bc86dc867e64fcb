# Rare cases: one payment in twelve is a fraud. With class weights the network finds them.

library(keras3)

set_random_seed(61)

n <- 1200
fraud <- as.integer(seq_len(n) %in% sample(n, n / 12))
x <- cbind(
  amount = rnorm(n, mean = 1.5 * fraud),
  hour = rnorm(n, mean = -1 * fraud),
  distance = rexp(n) + 0.8 * fraud
)

counts <- table(fraud)
print(counts)
weight_for_0 <- n / (2 * counts[["0"]])
weight_for_1 <- n / (2 * counts[["1"]])

make_model <- function() {
  set_random_seed(61)
  model <- keras_model_sequential(input_shape = ncol(x)) |>
    layer_batch_normalization() |>
    layer_dense(units = 16, activation = "relu") |>
    layer_dropout(0.2) |>
    layer_dense(units = 1, activation = "sigmoid")
  model |> compile(
    optimizer = optimizer_adam(1e-2),
    loss = "binary_crossentropy",
    metrics = list(
      metric_false_negatives(name = "fn"),
      metric_false_positives(name = "fp"),
      metric_precision(name = "precision"),
      metric_recall(name = "recall")
    )
  )
  model
}

plain_model <- make_model()
plain_history <- plain_model |> fit(x, fraud, epochs = 6, batch_size = 100, verbose = 0)
plain_scores <- plain_model |> evaluate(x, fraud, verbose = 0)

model <- make_model()
history <- model |> fit(
  x, fraud,
  epochs = 6,
  batch_size = 100,
  class_weight = list("0" = weight_for_0, "1" = weight_for_1),
  verbose = 0
)
scores <- model |> evaluate(x, fraud, verbose = 0)

# Weights for the cases say the same in another way.
sampled_model <- make_model()
sampled_history <- sampled_model |> fit(
  x, fraud,
  epochs = 6,
  batch_size = 100,
  sample_weight = ifelse(fraud == 1, weight_for_1, weight_for_0),
  verbose = 0
)
stopifnot(all.equal(history$metrics$loss, sampled_history$metrics$loss, tolerance = 1e-5))

print(round(rbind(plain = unlist(plain_scores), weighted = unlist(scores)), 3))
predictions <- model |> predict(x, verbose = 0)
cat("found:", sum(predictions[fraud == 1] > 0.5), "of", sum(fraud), "frauds\n")
