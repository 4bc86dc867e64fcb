# Saving and loading: the whole model, with a layer of one's own in it; weights alone; the
# configuration alone. A loaded model predicts the same, and trains on from where it was.

library(keras3)

set_random_seed(13)

x <- scale(as.matrix(mtcars[, c("wt", "hp", "disp", "qsec")]))
y <- mtcars$mpg / 10

layer_scale_shift <- Layer(
  "ScaleShift",
  build = function(input_shape) {
    size <- input_shape[[length(input_shape)]]
    self$scale <- self$add_weight(shape = shape(size), initializer = "ones", name = "scale")
    self$shift <- self$add_weight(shape = shape(size), initializer = "zeros", name = "shift")
  },
  call = function(inputs) {
    inputs * self$scale + self$shift
  }
)

model <- keras_model_sequential(input_shape = 4, name = "cars") |>
  layer_scale_shift() |>
  layer_dense(8, activation = "tanh") |>
  layer_dense(1)
model |> compile(optimizer = optimizer_adam(0.03), loss = "mse")
model |> fit(x, y, epochs = 10, batch_size = 8, verbose = 0)

# ---- the whole model ----

path <- tempfile(fileext = ".keras")
save_model(model, path)
loaded <- load_model(path, custom_objects = list(ScaleShift = layer_scale_shift))
stopifnot(all.equal(predict(model, x, verbose = 0), predict(loaded, x, verbose = 0)))

# The optimizer's state is saved too.
history <- loaded |> fit(x, y, epochs = 10, batch_size = 8, verbose = 0)
cat("loss after loading:", head(history$metrics$loss, 1), "then", tail(history$metrics$loss, 1), "\n")

# ---- weights alone ----

weights <- tempfile(fileext = ".weights.h5")
save_model_weights(loaded, weights)

twin <- clone_model(model)
before <- get_weights(twin)
load_model_weights(twin, weights)
stopifnot(!identical(before, get_weights(twin)), identical(get_weights(loaded), get_weights(twin)))

# ---- the configuration alone ----

config <- get_config(model)
fresh <- with_custom_object_scope(
  list(ScaleShift = layer_scale_shift),
  from_config(serialize_keras_object(model))
)
cat("layers:", vapply(fresh$layers, function(layer) layer$name, ""), "\n")

# Weights are R arrays, which saveRDS() keeps as well.
rds <- tempfile(fileext = ".rds")
saveRDS(get_weights(loaded), rds)
set_weights(fresh, readRDS(rds))
predictions <- predict(fresh, x, verbose = 0)
print(head(data.frame(car = rownames(mtcars), mpg = mtcars$mpg, predicted = 10 * predictions)))
