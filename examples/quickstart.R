# Train a Keras model on iris with a callback and a metric that are written in R.
# Run it with:  pyclass-bridge run examples/quickstart.R  (or: make demo)
# From R:       Rscript examples/quickstart.R  (or: make demo-r)

library(pyclassbridge)

# A callback: stops when the validation loss has not improved for `patience` epochs, and takes the
# best weights back.
EarlyStop <- Callback(
  "EarlyStop",
  initialize = function(patience = 3) {
    super$initialize()
    self$patience <- patience
  },
  on_train_begin = function(logs = NULL) {
    self$best <- Inf
    self$best_epoch <- 0
  },
  on_epoch_end = function(epoch, logs = NULL) {
    if (logs$val_loss < self$best) {
      self$best <- logs$val_loss
      self$best_epoch <- epoch
      private$weights <- self$model$get_weights()
    } else if (epoch - self$best_epoch >= self$patience) {
      self$model$stop_training <- TRUE
    }
  },
  on_train_end = function(logs = NULL) {
    self$model$set_weights(private$weights)
  }
)

# A metric: how sure the model is of the right species, on average.
metric_confidence <- Metric(
  "Confidence",
  initialize = function(name = "confidence", ...) {
    super$initialize(name = name, ...)
    self$total <- self$add_weight(shape = shape(), initializer = "zeros", name = "total")
    self$count <- self$add_weight(shape = shape(), initializer = "zeros", name = "count")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    right <- op_one_hot(op_reshape(y_true, -1), 3, zero_indexed = TRUE)
    self$total$assign(self$total + op_sum(right * y_pred))
    self$count$assign(self$count + op_sum(right))
  },
  result = function() self$total / self$count
)

# R's own data: flowers in random order, measures on one scale.
set_random_seed(42)
flowers <- iris[sample(nrow(iris)), ]
x <- scale(flowers[, 1:4])
y <- flowers$Species

model <- keras_model_sequential(input_shape = 4) |>
  layer_dense(32, activation = "relu") |>
  layer_dropout(0.1) |>
  layer_dense(3, activation = "softmax")

model |> compile(
  optimizer = optimizer_adam(learning_rate = 0.03),
  loss = "sparse_categorical_crossentropy",
  metrics = c("accuracy", metric_confidence())
)

stopper <- EarlyStop(patience = 3)
history <- model |> fit(
  x, y,
  epochs = 30, batch_size = 16, validation_split = 0.3, callbacks = stopper
)

# The epochs as a table of R.
epochs <- data.frame(epoch = history$epoch, lapply(history$metrics, round, 3))
epochs$best <- ifelse(epochs$epoch == stopper$best_epoch, "<-", "")
cat("\n")
print(epochs[c("epoch", "loss", "val_loss", "accuracy", "val_accuracy", "confidence", "best")],
  row.names = FALSE
)

species <- levels(y)[max.col(predict(model, x, verbose = 0))]
cat(sprintf(
  "\nStopped after epoch %d; weights are those of epoch %d: %d of %d flowers named rightly.\n",
  max(history$epoch), stopper$best_epoch, sum(species == y), length(y)
))

# A PNG needs no screen where R has cairo; a PDF never needs one.
if (capabilities("cairo")) {
  picture <- "quickstart.png"
  png(picture, width = 800, height = 900, res = 110, type = "cairo")
} else {
  picture <- "quickstart.pdf"
  pdf(picture, width = 7, height = 8)
}
plot(history)
invisible(dev.off())
cat("The training curves are in ", picture, ".\n", sep = "")
