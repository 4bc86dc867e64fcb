# A generative adversarial network as a Model() with a train_step() of its own: a generator learns to
# make points of a spiral from noise, a discriminator to tell them from real ones.

library(keras3)
library(tensorflow)

set_random_seed(43)

turns <- runif(512, 0.3, 1)
spiral <- cbind(turns * cos(5 * turns), turns * sin(5 * turns)) + rnorm(1024, sd = 0.02)

latent_dim <- 4L

discriminator <- keras_model_sequential(name = "discriminator", input_shape = 2) |>
  layer_dense(32) |>
  layer_activation_leaky_relu(negative_slope = 0.2) |>
  layer_dense(32) |>
  layer_activation_leaky_relu(negative_slope = 0.2) |>
  layer_dense(1)

generator <- keras_model_sequential(name = "generator", input_shape = latent_dim) |>
  layer_dense(32, activation = "relu") |>
  layer_dense(32, activation = "relu") |>
  layer_dense(2)

GAN <- Model(
  "GAN",
  initialize = function(discriminator, generator, latent_dim) {
    super$initialize()
    self$discriminator <- discriminator
    self$generator <- generator
    self$latent_dim <- latent_dim
    self$d_loss_tracker <- metric_mean(name = "d_loss")
    self$g_loss_tracker <- metric_mean(name = "g_loss")
    self$seed_generator <- random_seed_generator(1337)
    self$built <- TRUE
  },
  compile = function(d_optimizer, g_optimizer, loss_fn) {
    super$compile()
    self$d_optimizer <- d_optimizer
    self$g_optimizer <- g_optimizer
    self$loss_fn <- loss_fn
  },
  metrics = active_property(function() list(self$d_loss_tracker, self$g_loss_tracker)),
  train_step = function(data) {
    batch_size <- op_shape(data)[[1]]
    noise <- function() {
      random_normal(shape(batch_size, self$latent_dim), seed = self$seed_generator)
    }

    # The discriminator: ones for what was made, zeros for what is real.
    both <- op_concatenate(list(self$generator(noise()), data), axis = 1)
    labels <- op_concatenate(list(op_ones(c(batch_size, 1)), op_zeros(c(batch_size, 1))), axis = 1)
    with(tf$GradientTape() %as% tape, {
      d_loss <- self$loss_fn(labels, self$discriminator(both))
    })
    grads <- tape$gradient(d_loss, self$discriminator$trainable_weights)
    self$d_optimizer$apply_gradients(zip_lists(grads, self$discriminator$trainable_weights))

    # The generator, which wants its points taken for real.
    points <- noise()
    with(tf$GradientTape() %as% tape, {
      g_loss <- self$loss_fn(
        op_zeros(c(batch_size, 1)),
        self$discriminator(self$generator(points))
      )
    })
    grads <- tape$gradient(g_loss, self$generator$trainable_weights)
    self$g_optimizer$apply_gradients(zip_lists(grads, self$generator$trainable_weights))

    self$d_loss_tracker$update_state(d_loss)
    self$g_loss_tracker$update_state(g_loss)
    list(d_loss = self$d_loss_tracker$result(), g_loss = self$g_loss_tracker$result())
  }
)

gan <- GAN(discriminator, generator, latent_dim)
gan |> compile(
  d_optimizer = optimizer_adam(learning_rate = 0.001, beta_1 = 0.5),
  g_optimizer = optimizer_adam(learning_rate = 0.001, beta_1 = 0.5),
  loss_fn = loss_binary_crossentropy(from_logits = TRUE)
)

# How far from the nearest real point the made ones are.
distance <- function(made) {
  mean(apply(made, 1, function(point) min(sqrt(colSums((t(spiral) - point)^2)))))
}
noise <- matrix(sin(1:400), 100)
before <- generator |> predict(noise, verbose = 0)

dataset <- tf$data$Dataset$from_tensor_slices(as_tensor(spiral, "float32"))$batch(64L)
history <- gan |> fit(dataset, epochs = 60, verbose = 0)
print(round(tail(as.data.frame(history$metrics), 3), 3))

predictions <- generator |> predict(noise, verbose = 0)
distances <- c(before = distance(before), after = distance(predictions))
cat("distance of the made points to the spiral:\n")
print(round(distances, 3))
