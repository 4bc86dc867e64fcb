# Regression on a data frame: how much ozone was in New York's air on a summer's day?
# The data are R's own `airquality`; days with missing measurements are left out.

library(keras3)

set_random_seed(42)

days <- na.omit(airquality)
train <- sample(nrow(days), size = 0.8 * nrow(days))

predictors <- c("Solar.R", "Wind", "Temp", "Month")
x <- scale(days[predictors])
y <- sqrt(days$Ozone)

x_train <- x[train, ]
y_train <- y[train]
x_test <- x[-train, ]
y_test <- y[-train]

model <- keras_model_sequential(input_shape = ncol(x_train)) |>
  layer_dense(units = 16, activation = "relu", kernel_regularizer = regularizer_l2(0.01)) |>
  layer_dropout(rate = 0.1) |>
  layer_dense(units = 1)

summary(model)

model |> compile(
  optimizer = optimizer_adam(learning_rate = 0.05),
  loss = "mse",
  metrics = list("mae")
)

history <- model |> fit(
  x_train, y_train,
  epochs = 20,
  batch_size = 8,
  validation_split = 0.2,
  verbose = 0
)
print(history)

# The learning curves, as a file.
pdf(file.path(tempdir(), "regression.pdf"))
plot(history)
invisible(dev.off())

scores <- model |> evaluate(x_test, y_test, verbose = 0)
predictions <- model |> predict(x_test, verbose = 0)

# A linear model on the same days, to compare with.
linear <- lm(y_train ~ ., data = data.frame(x_train))
linear_mae <- mean(abs(y_test - predict(linear, data.frame(x_test))))

cat("mean absolute error of sqrt(ozone)\n")
cat("  network:     ", round(scores$mae, 3), "\n")
cat("  linear model:", round(linear_mae, 3), "\n")
