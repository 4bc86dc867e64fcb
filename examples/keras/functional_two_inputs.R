# The functional API with two inputs: the weight of chicks from the time (a number) and from the
# diet (a category), which has an embedding of its own. The data are R's own `ChickWeight`.

library(keras3)

set_random_seed(3)

chicks <- as.data.frame(ChickWeight)
chicks <- chicks[sample(nrow(chicks)), ]

time <- matrix(chicks$Time / 21)
diet <- matrix(as.integer(chicks$Diet) - 1L)
weight <- chicks$weight / 100

train <- seq_len(450)

input_time <- layer_input(shape = 1, name = "time")
input_diet <- layer_input(shape = 1, dtype = "int32", name = "diet")

embedded_diet <- input_diet |>
  layer_embedding(input_dim = nlevels(chicks$Diet), output_dim = 2) |>
  layer_flatten()

output <- layer_concatenate(list(input_time, embedded_diet)) |>
  layer_dense(units = 16, activation = "relu", name = "hidden") |>
  layer_dense(units = 1, name = "weight")

model <- keras_model(
  inputs = list(time = input_time, diet = input_diet),
  outputs = output,
  name = "chicks"
)
print(model)

model |> compile(optimizer = optimizer_adam(0.01), loss = loss_huber(), metrics = "mae")

history <- model |> fit(
  x = list(time = time[train, , drop = FALSE], diet = diet[train, , drop = FALSE]),
  y = weight[train],
  epochs = 15,
  batch_size = 50,
  validation_data = list(
    list(time = time[-train, , drop = FALSE], diet = diet[-train, , drop = FALSE]),
    weight[-train]
  ),
  verbose = 0
)

scores <- model |> evaluate(
  list(time = time[-train, , drop = FALSE], diet = diet[-train, , drop = FALSE]),
  weight[-train],
  verbose = 0
)
cat("mean absolute error:", round(100 * scores$mae), "g\n")

# What each diet makes of a chick after 21 days.
predictions <- model |> predict(
  list(time = matrix(rep(1, 4)), diet = matrix(0:3)),
  verbose = 0
)
print(data.frame(diet = levels(chicks$Diet), gram = round(100 * predictions)))

# A part of the model as a model of its own.
hidden <- keras_model(model$inputs, get_layer(model, "hidden")$output)
print(shape(predict(hidden, list(time = matrix(1), diet = matrix(0L)), verbose = 0)))
