# Two outputs from one trunk: a car's miles per gallon (a number) and whether it shifts by hand (yes
# or no), each with its own loss, metric and weight. The data are R's own `mtcars`.

library(keras3)

set_random_seed(67)

cars <- mtcars[sample(nrow(mtcars)), ]
x <- scale(cars[c("wt", "hp", "disp", "qsec", "cyl")])
mpg <- cars$mpg / 10
manual <- cars$am

input <- layer_input(shape = ncol(x), name = "car")
trunk <- input %>%
  layer_dense(16, activation = "relu", name = "trunk") %>%
  layer_layer_normalization()
mpg_output <- trunk %>% layer_dense(1, name = "mpg")
manual_output <- trunk %>% layer_dense(1, activation = "sigmoid", name = "manual")

model <- keras_model(input, list(mpg = mpg_output, manual = manual_output))

model %>% compile(
  optimizer = keras3::optimizer_adam(learning_rate = 0.02),
  loss = list(mpg = "mse", manual = "binary_crossentropy"),
  loss_weights = list(mpg = 1, manual = 0.5),
  metrics = list(mpg = "mae", manual = "accuracy")
)

history <- model %>% fit(
  x, list(mpg = mpg, manual = manual),
  epochs = 20, batch_size = 8,
  validation_split = 0.25,
  verbose = 0
)
print(history)
print(names(history$metrics))

scores <- model %>% evaluate(x, list(mpg = mpg, manual = manual), verbose = 0)
print(unlist(scores))

predictions <- model %>% predict(x, verbose = 0)
result <- data.frame(
  car = rownames(cars),
  mpg = cars$mpg,
  predicted = round(10 * predictions$mpg, 1),
  manual = manual,
  probability = round(predictions$manual, 2)
)
print(head(result))
