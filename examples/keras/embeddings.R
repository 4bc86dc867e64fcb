# Embeddings: who would like which film? Users and films become points of a space, and a rating is
# their dot product plus what the user and the film usually get.

library(keras3)

set_random_seed(23)

n_users <- 40
n_films <- 25
tastes <- matrix(rnorm(n_users * 2), n_users)
films <- matrix(rnorm(n_films * 2), n_films)

ratings <- expand.grid(user = seq_len(n_users), film = seq_len(n_films))
ratings <- ratings[sample(nrow(ratings), 700), ]
ratings$stars <- 3 + rowSums(tastes[ratings$user, ] * films[ratings$film, ]) +
  rnorm(nrow(ratings), sd = 0.2)

user <- ratings$user - 1L
film <- ratings$film - 1L
stars <- ratings$stars

layer_points <- function(object, n, name) {
  object |>
    layer_embedding(
      input_dim = n, output_dim = 3,
      embeddings_initializer = initializer_random_normal(stddev = 0.3),
      embeddings_regularizer = regularizer_l2(1e-4),
      name = name
    ) |>
    layer_flatten()
}

user_input <- keras_input(shape = c(1), dtype = "int32", name = "user")
film_input <- keras_input(shape = c(1), dtype = "int32", name = "film")

match <- layer_dot(
  list(layer_points(user_input, n_users, "users"), layer_points(film_input, n_films, "films")),
  axes = 2
)
film_bias <- film_input |>
  layer_embedding(n_films, 1, embeddings_initializer = "zeros", name = "film_bias") |>
  layer_flatten()
rating <- layer_add(match, film_bias) |>
  layer_rescaling(scale = 1, offset = 3)

model <- keras_model(list(user_input, film_input), rating)
model |> compile(optimizer = optimizer_adam(learning_rate = 0.03), loss = "mse")

history <- model |> fit(
  list(user, film), stars,
  epochs = 12, batch_size = 50, validation_split = 0.15, verbose = 0
)
print(history)

scores <- model |> evaluate(list(user, film), stars, verbose = 0)

# What would user 1 like best of all films?
predictions <- model |> predict(list(rep(0L, n_films), seq_len(n_films) - 1L), verbose = 0)
best <- order(predictions, decreasing = TRUE)[1:3]
cat("user 1 would like the films", best, "\n")
cat("correlation with the truth:", round(cor(predictions, films %*% tastes[1, ]), 2), "\n")

# The points of the films, as a matrix.
points <- get_layer(model, "films") |> get_weights()
print(dim(points[[1]]))
