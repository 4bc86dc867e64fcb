# Text: are short reviews of restaurants good or bad? layer_text_vectorization() learns the words
# from the texts and is a part of the model, so the model takes strings.

library(keras3)
library(tensorflow)

set_random_seed(7)

things <- c("soup", "service", "room", "bread", "waiter", "menu", "wine", "view")
good <- c("delicious", "friendly", "excellent", "lovely", "fresh", "great")
bad <- c("cold", "rude", "terrible", "noisy", "stale", "awful")

write_review <- function(is_good) {
  opinions <- sample(if (is_good) good else bad, 2)
  paste0(
    sample(c("The ", "Our ", "That "), 1), sample(things, 1), " was ", opinions[1],
    " and the ", sample(things, 1), " ", opinions[2], sample(c(".", "!", " ..."), 1)
  )
}

labels <- rbinom(300, 1, 0.5)
reviews <- vapply(labels == 1, write_review, "")

train <- 1:240
texts_train <- as_tensor(reviews[train])
texts_test <- as_tensor(reviews[-train])
labels_train <- labels[train]
labels_test <- labels[-train]

vectorize <- layer_text_vectorization(
  max_tokens = 50,
  output_mode = "int",
  output_sequence_length = 12
)
vectorize |> adapt(reviews[train])

vocabulary <- get_vocabulary(vectorize)
cat(length(vocabulary), "words, the most frequent:", vocabulary[3:7], "\n")

input <- layer_input(shape = c(1), dtype = "string")
output <- input |>
  vectorize() |>
  layer_embedding(input_dim = length(vocabulary), output_dim = 8) |>
  layer_global_average_pooling_1d() |>
  layer_dense(units = 16, activation = "relu") |>
  layer_dense(units = 1, activation = "sigmoid")
model <- keras_model(input, output)

model |> compile(
  optimizer = optimizer_adam(learning_rate = 0.02),
  loss = "binary_crossentropy",
  metrics = "accuracy"
)

history <- model |> fit(texts_train, labels_train, epochs = 6, batch_size = 30, verbose = 2)

scores <- model |> evaluate(texts_test, labels_test, verbose = 0)
cat("accuracy on new reviews:", scores$accuracy, "\n")

examples <- as_tensor(c("The soup was delicious!", "Our waiter was rude and the room noisy."))
predictions <- model |> predict(examples, verbose = 0)
cat("good, with probability", format(predictions, digits = 3), "\n")
