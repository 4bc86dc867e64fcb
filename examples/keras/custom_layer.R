# A layer of one's own: distances to learned centres (a radial basis function layer), to tell apart
# two rings of points, which no straight line can.

library(keras3)

set_random_seed(11)

n <- 400
ring <- rep(c(0, 1), length.out = n)
radius <- ifelse(ring == 1, 2, 1) + rnorm(n, sd = 0.15)
angle <- runif(n, 0, 2 * pi)
x <- cbind(radius * cos(angle), radius * sin(angle))
y <- factor(ring, labels = c("inner", "outer"))

layer_radial_basis <- Layer(
  "RadialBasis",
  initialize = function(units, gamma = 1, ...) {
    super$initialize(...)
    self$units <- as.integer(units)
    self$gamma <- gamma
  },
  build = function(input_shape) {
    self$centers <- self$add_weight(
      shape = shape(self$units, input_shape[[2]]),
      initializer = initializer_random_uniform(-2, 2),
      trainable = TRUE,
      name = "centers"
    )
  },
  call = function(inputs) {
    # (n, 1, 2) - (units, 2): each case against each centre.
    difference <- op_expand_dims(inputs, 2) - self$centers
    distance <- op_sum(difference^2, axis = -1)
    op_exp(-self$gamma * distance)
  },
  get_config = function() {
    config <- super$get_config()
    config$units <- self$units
    config$gamma <- self$gamma
    config
  }
)

model <- keras_model_sequential(input_shape = 2) |>
  layer_radial_basis(units = 12, gamma = 1.5, name = "centres") |>
  layer_dense(2, activation = "softmax")
summary(model)

model |> compile(
  optimizer = optimizer_adam(learning_rate = 0.05),
  loss = "sparse_categorical_crossentropy",
  metrics = "accuracy"
)
history <- model |> fit(x, y, epochs = 15, batch_size = 40, verbose = 0)
scores <- model |> evaluate(x, y, verbose = 0)
predictions <- model |> predict(rbind(c(0, 1), c(0, 2)), verbose = 0)

centers <- get_weights(get_layer(model, "centres"))[[1]]
cat("accuracy:", scores$accuracy, "\n")
cat("the centres' distance from the middle:", round(sqrt(rowSums(centers^2)), 2), "\n")

# The layer's configuration makes it again.
again <- from_config(serialize_keras_object(get_layer(model, "centres")),
                     custom_objects = list(layer_radial_basis))
stopifnot(again$units == 12, again$gamma == 1.5)
