# Callbacks: one of one's own, and four of Keras'. Earthquakes near Fiji: how many stations report a
# quake, from its place, depth and magnitude? The data are R's own `quakes`.

library(keras3)

set_random_seed(9)

x <- scale(quakes[, c("lat", "long", "depth", "mag")])
y <- log(quakes$stations)

# Remembers the slowest batch's loss, tells every fifth epoch, and counts as R does: from 1.
callback_diary <- Callback(
  "Diary",
  initialize = function(every = 5) {
    super$initialize()
    self$every <- every
    self$lines <- list()
  },
  on_train_begin = function(logs = NULL) {
    cat("training starts\n")
  },
  on_train_batch_end = function(batch, logs = NULL) {
    private$worst <- max(private$worst, logs$loss)
  },
  on_epoch_end = function(epoch, logs = NULL) {
    if (epoch %% self$every == 0) {
      cat(sprintf("epoch %d: validation loss %.4f\n", epoch, logs$val_loss))
      self$lines <- c(self$lines, list(list(epoch = epoch, val_loss = logs$val_loss)))
    }
  },
  on_train_end = function(logs = NULL) {
    cat(sprintf("the worst loss of a batch was %.3f\n", private$worst))
  },
  worst_batch = active_property(function() private$worst),
  private = list(worst = -Inf)
)

model <- keras_model_sequential(input_shape = 4) |>
  layer_dense(24, activation = "relu") |>
  layer_dense(1)
model |> compile(optimizer = optimizer_adam(0.03), loss = "mse")

directory <- tempfile("callbacks")
dir.create(directory)
checkpoint <- file.path(directory, "best.weights.h5")
log_file <- file.path(directory, "log.csv")

diary <- callback_diary(every = 5)
history <- model |> fit(
  x, y,
  epochs = 25,
  batch_size = 64,
  validation_split = 0.3,
  callbacks = list(
    diary,
    callback_model_checkpoint(
      checkpoint, monitor = "val_loss", save_best_only = TRUE, save_weights_only = TRUE
    ),
    callback_reduce_lr_on_plateau(monitor = "val_loss", factor = 0.5, patience = 2),
    callback_csv_logger(log_file),
    callback_early_stopping(
      monitor = "val_loss", min_delta = 0.0005, patience = 6, restore_best_weights = TRUE
    )
  ),
  verbose = 0
)

log <- read.csv(log_file)
stopifnot(nrow(log) == length(history$metrics$loss))
cat("stopped after", nrow(log), "epochs, the best was", which.min(log$val_loss), "\n")
print(tail(log, 3))

# The checkpoint holds the weights of the best epoch.
model |> load_model_weights(checkpoint)
scores <- model |> evaluate(x, y, verbose = 0)
cat("loss with the best weights:", scores[[1]], "\n")
