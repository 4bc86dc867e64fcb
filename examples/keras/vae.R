# A variational autoencoder: a Layer() that samples, and a Model() that trains by a loss of its own.
# The pictures are small squares, so the two numbers of the code are free to learn their places.

library(keras3)
library(tensorflow)

set_random_seed(47)

size <- 12L
n <- 256L
pictures <- array(0, dim = c(n, size * size))
for (i in seq_len(n)) {
  picture <- matrix(0, size, size)
  picture[sample(size - 4, 1) + 0:4, sample(size - 4, 1) + 0:4] <- 1
  pictures[i, ] <- picture
}

latent_dim <- 2L

layer_sampling <- Layer(
  "Sampling",
  initialize = function(...) {
    super$initialize(...)
    self$seed_generator <- random_seed_generator(99)
  },
  call = function(inputs) {
    c(z_mean, z_log_var) %<-% inputs
    epsilon <- random_normal(shape = op_shape(z_mean), seed = self$seed_generator)
    z_mean + op_exp(0.5 * z_log_var) * epsilon
  }
)

encoder_inputs <- layer_input(shape = size * size)
hidden <- encoder_inputs |> layer_dense(32, activation = "relu")
z_mean <- hidden |> layer_dense(latent_dim, name = "z_mean")
z_log_var <- hidden |> layer_dense(latent_dim, name = "z_log_var")
z <- list(z_mean, z_log_var) |> layer_sampling()
encoder <- keras_model(encoder_inputs, list(z_mean, z_log_var, z), name = "encoder")

decoder <- keras_model_sequential(input_shape = latent_dim, name = "decoder") |>
  layer_dense(32, activation = "relu") |>
  layer_dense(size * size, activation = "sigmoid")

model_vae <- new_model_class(
  "VAE",
  initialize = function(encoder, decoder, ...) {
    super$initialize(...)
    self$encoder <- encoder
    self$decoder <- decoder
    self$loss_tracker <- metric_mean(name = "loss")
    self$kl_tracker <- metric_mean(name = "kl_loss")
  },
  metrics = mark_active(function() list(self$loss_tracker, self$kl_tracker)),
  train_step = function(data) {
    with(tf$GradientTape() %as% tape, {
      c(z_mean, z_log_var, z) %<-% self$encoder(data)
      reconstruction <- self$decoder(z)
      reconstruction_loss <- loss_binary_crossentropy(data, reconstruction) |>
        op_mean() * ncol(pictures)
      kl_loss <- -0.5 * (1 + z_log_var - op_square(z_mean) - op_exp(z_log_var))
      kl_loss <- op_mean(op_sum(kl_loss, axis = 2))
      total_loss <- reconstruction_loss + kl_loss
    })
    gradients <- tape$gradient(total_loss, self$trainable_weights)
    self$optimizer$apply_gradients(zip_lists(gradients, self$trainable_weights))

    self$loss_tracker$update_state(total_loss)
    self$kl_tracker$update_state(kl_loss)
    list(loss = self$loss_tracker$result(), kl_loss = self$kl_tracker$result())
  }
)

vae <- model_vae(encoder, decoder)
vae %>% compile(optimizer = optimizer_adam(learning_rate = 0.01))
history <- vae %>% fit(pictures, epochs = 12, batch_size = 32, verbose = 0)
cat("loss:", round(history$metrics$loss, 1), "\n")

# A walk through the space of codes.
codes <- as.matrix(expand.grid(seq(-1.5, 1.5, length.out = 3), seq(-1.5, 1.5, length.out = 3)))
predictions <- predict(decoder, codes, verbose = 0)
cat("black of each picture made:", round(rowSums(predictions), 1), "\n")
