# A convolutional network on images of digits, in the shape of MNIST (28 x 28, grey), but drawn here:
# each digit is some of the seven strokes of a pocket calculator, moved about and with noise.

library(keras3)

set_random_seed(1)

strokes <- list(
  top = list(5, 10:18), middle = list(14, 10:18), bottom = list(23, 10:18),
  upper_left = list(5:14, 9), upper_right = list(5:14, 19),
  lower_left = list(14:23, 9), lower_right = list(14:23, 19)
)
strokes_of_digit <- list(
  c(1, 3, 4, 5, 6, 7), c(5, 7), c(1, 2, 3, 5, 6), c(1, 2, 3, 5, 7), c(2, 4, 5, 7),
  c(1, 2, 3, 4, 7), c(1, 2, 3, 4, 6, 7), c(1, 5, 7), 1:7, c(1, 2, 3, 4, 5, 7)
)

draw_digit <- function(digit) {
  image <- matrix(runif(28 * 28, 0, 60), 28, 28)
  moved <- sample(-3:3, 2, replace = TRUE)
  for (stroke in strokes[strokes_of_digit[[digit + 1]]]) {
    image[stroke[[1]] + moved[1], stroke[[2]] + moved[2]] <- runif(1, 180, 255)
  }
  round(image)
}

n <- 600
digits <- sample(0:9, n, replace = TRUE)
images <- aperm(vapply(digits, draw_digit, matrix(0, 28, 28)), c(3, 1, 2))

x <- array_reshape(images, c(n, 28, 28, 1)) / 255
y <- to_categorical(digits, num_classes = 10)

x_train <- x[1:500, , , , drop = FALSE]
y_train <- y[1:500, ]
x_test <- x[501:600, , , , drop = FALSE]
y_test <- y[501:600, ]

model <- keras_model_sequential(input_shape = c(28, 28, 1)) %>%
  layer_conv_2d(filters = 8, kernel_size = c(3, 3), activation = "relu") %>%
  layer_max_pooling_2d(pool_size = c(2, 2)) %>%
  layer_conv_2d(filters = 16, kernel_size = c(3, 3), activation = "relu") %>%
  layer_max_pooling_2d(pool_size = c(2, 2)) %>%
  layer_flatten() %>%
  layer_dropout(0.25) %>%
  layer_dense(units = 10, activation = "softmax")

model %>% compile(
  loss = "categorical_crossentropy",
  optimizer = optimizer_adam(learning_rate = 0.003),
  metrics = c("accuracy")
)

history <- model %>% fit(
  x_train, y_train,
  batch_size = 32,
  epochs = 6,
  validation_split = 0.1,
  verbose = 2
)

scores <- model %>% evaluate(x_test, y_test, verbose = 0)
cat("Test loss:", scores$loss, "\n")
cat("Test accuracy:", scores$accuracy, "\n")

predictions <- model %>% predict(x_test, verbose = 0)
predicted_digits <- max.col(predictions) - 1
print(table(truth = digits[501:600], predicted = predicted_digits))
