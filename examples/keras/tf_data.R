# A tf.data pipeline: slices of R arrays, changed, shuffled and put into batches while the model
# trains. Which wine is it: three made-up kinds, with four measurements.

library(keras3)
library(tensorflow)
library(reticulate)

set_random_seed(17)

n <- 360
kind <- sample(0:2, n, replace = TRUE)
centers <- rbind(c(13, 2, 2.4, 20), c(12, 3, 2.2, 24), c(14, 1, 2.8, 17))
measured <- centers[kind + 1, ] + matrix(rnorm(4 * n), n) %*% diag(c(0.7, 0.8, 0.3, 3))

means <- colMeans(measured)
deviations <- apply(measured, 2, sd)

standardize <- function(x, y) {
  x <- (tf$cast(x, tf$float32) - tf$constant(means, tf$float32)) /
    tf$constant(deviations, tf$float32)
  tuple(x, tf$one_hot(y, depth = 3L))
}

dataset <- tf$data$Dataset$from_tensor_slices(tuple(measured, kind))
train <- dataset$take(300L)$
  map(standardize, num_parallel_calls = tf$data$AUTOTUNE)$
  shuffle(300L, seed = 1L)$
  batch(32L)$
  prefetch(tf$data$AUTOTUNE)
test <- dataset$skip(300L)$map(standardize)$batch(32L)

print(train)
cat("batches:", py_to_r(train$cardinality()$numpy()), "\n")

# A look at the first batch.
first <- train |> as_iterator() |> iter_next()
cat("shape of x:", dim(first[[1]]), "  shape of y:", dim(first[[2]]), "\n")

model <- keras_model_sequential(input_shape = 4) |>
  layer_dense(16, activation = "relu") |>
  layer_dense(3, activation = "softmax")
model |> compile(
  optimizer = optimizer_adam(0.01),
  loss = "categorical_crossentropy",
  metrics = "accuracy"
)

history <- model |> fit(train, epochs = 8, validation_data = test, verbose = 2)
scores <- model |> evaluate(test, verbose = 0)
predictions <- model |> predict(test, verbose = 0)

# The truth of each batch of the test, in one vector.
truth <- unlist(iterate(test, function(batch) as.integer(tf$argmax(batch[[2]], 1L))))
print(table(truth, predicted = max.col(predictions) - 1L))
