# A convolutional autoencoder that takes the noise out of pictures: it sees noisy bars and learns to
# give the clean ones.

library(keras3)

set_random_seed(41)

size <- 16
n <- 300
clean <- array(0, dim = c(n, size, size, 1))
for (i in seq_len(n)) {
  place <- sample(size - 2, 1) + 0:2
  if (runif(1) < 0.5) clean[i, place, , 1] <- 1 else clean[i, , place, 1] <- 1
}
noisy <- pmin(pmax(clean + rnorm(length(clean), sd = 0.4), 0), 1)
dim(noisy) <- dim(clean)

input <- layer_input(shape = c(size, size, 1))

encoded <- input |>
  layer_conv_2d(8, c(3, 3), activation = "relu", padding = "same") |>
  layer_max_pooling_2d(c(2, 2), padding = "same") |>
  layer_conv_2d(8, c(3, 3), activation = "relu", padding = "same") |>
  layer_max_pooling_2d(c(2, 2), padding = "same", name = "code")

decoded <- encoded |>
  layer_conv_2d_transpose(8, c(3, 3), strides = 2, activation = "relu", padding = "same") |>
  layer_conv_2d_transpose(8, c(3, 3), strides = 2, activation = "relu", padding = "same") |>
  layer_conv_2d(1, c(3, 3), activation = "sigmoid", padding = "same")

autoencoder <- keras_model(input, decoded, name = "autoencoder")
encoder <- keras_model(input, encoded, name = "encoder")
summary(autoencoder)

autoencoder |> compile(optimizer = optimizer_adam(0.02), loss = "binary_crossentropy")

train <- 1:250
history <- autoencoder |> fit(
  x = noisy[train, , , , drop = FALSE],
  y = clean[train, , , , drop = FALSE],
  epochs = 8,
  batch_size = 25,
  shuffle = TRUE,
  validation_data = list(noisy[-train, , , , drop = FALSE], clean[-train, , , , drop = FALSE]),
  verbose = 0
)

predictions <- autoencoder |> predict(noisy[-train, , , , drop = FALSE], verbose = 0)
codes <- encoder |> predict(noisy[-train, , , , drop = FALSE], verbose = 0)

error <- function(pictures) mean((pictures - clean[-train, , , , drop = FALSE])^2)
cat("each picture of", size * size, "numbers is coded in", prod(dim(codes)[-1]), "\n")
cat("squared error of the noisy pictures:", round(error(noisy[-train, , , , drop = FALSE]), 4), "\n")
cat("squared error of the cleaned ones:  ", round(error(predictions), 4), "\n")

pdf(file.path(tempdir(), "autoencoder.pdf"), width = 6, height = 2)
par(mfrow = c(1, 3), mar = c(1, 1, 2, 1))
image(clean[251, , , 1], main = "clean", axes = FALSE)
image(noisy[251, , , 1], main = "noisy", axes = FALSE)
image(predictions[1, , , 1], main = "cleaned", axes = FALSE)
invisible(dev.off())
