# Transfer: a network that has learned many shapes is saved; on a few pictures of two new shapes, only
# a new head is trained on top of it, then all of it a little.

library(keras3)

set_random_seed(37)

size <- 16
draw <- function(shape) {
  picture <- matrix(0, size, size)
  at <- sample(3:8, 2, replace = TRUE)
  rows <- at[1] + 0:6
  columns <- at[2] + 0:6
  distance <- outer(0:6 - 3, 0:6 - 3, function(a, b) sqrt(a^2 + b^2))
  picture[rows, columns] <- switch(shape,
    square = 1, disc = distance < 3.2, ring = distance < 3.2 & distance > 1.8,
    cross = row(distance) == 4 | col(distance) == 4,
    stripes = row(distance) %% 2, columns = col(distance) %% 2
  )
  picture + rnorm(size^2, sd = 0.15)
}
pictures_of <- function(shapes) {
  aperm(vapply(shapes, draw, matrix(0, size, size)), c(3, 1, 2)) |>
    array_reshape(c(length(shapes), size, size, 1))
}

# ---- the network that is there: four shapes, many pictures ----

known <- factor(sample(c("square", "disc", "stripes", "cross"), 320, replace = TRUE))
x_known <- pictures_of(as.character(known))

base <- keras_model_sequential(input_shape = c(size, size, 1)) |>
  layer_conv_2d(8, 3, activation = "relu") |>
  layer_batch_normalization() |>
  layer_max_pooling_2d() |>
  layer_conv_2d(16, 3, activation = "relu") |>
  layer_global_max_pooling_2d(name = "features") |>
  layer_dense(4, activation = "softmax", name = "shapes")
base |> compile("adam", loss = "sparse_categorical_crossentropy", metrics = "accuracy")
base_history <- base |> fit(x_known, known, epochs = 4, batch_size = 32, verbose = 0)

path <- tempfile(fileext = ".keras")
base |> save_model(path)

# ---- two new shapes, few pictures ----

new <- factor(sample(c("ring", "columns"), 60, replace = TRUE))
x_new <- pictures_of(as.character(new))
y_new <- as.integer(new) - 1

trained <- load_model(path)
pop_layer(trained)
freeze_weights(trained)

inputs <- layer_input(shape = c(size, size, 1))
outputs <- trained(inputs, training = FALSE) |>
  layer_dense(1, activation = "sigmoid")
model <- keras_model(inputs, outputs)
stopifnot(length(model$trainable_weights) == 2)

model |> compile(optimizer_adam(0.05), loss = "binary_crossentropy", metrics = "accuracy")
history <- model |> fit(x_new, y_new, epochs = 8, batch_size = 20, verbose = 0)

# ---- fine-tuning: the last layers of the network learn, too ----

unfreeze_weights(trained, from = -2)
cat("weights that learn:", length(model$trainable_weights), "\n")
model |> compile(optimizer_adam(0.001), loss = "binary_crossentropy", metrics = "accuracy")
fine_history <- model |> fit(x_new, y_new, epochs = 3, batch_size = 20, verbose = 0)

scores <- model |> evaluate(x_new, y_new, verbose = 0)
predictions <- model |> predict(x_new, verbose = 0)
cat("accuracy on the new shapes:", scores$accuracy, "\n")
