# What engines do with Keras in R: a callback, a metric, a model, and the functions that engines run.

Losses(keras$callbacks$Callback) %py_class% {
  initialize <- function(into = NULL) {
    super$initialize()
    self$losses <- list()
    self$into <- into
  }
  on_epoch_end <- function(epoch, logs = NULL) {
    self$losses <- c(self$losses, logs$loss)
    if (!is.null(self$into)) cat(logs$loss, "\n", file = self$into, append = TRUE)
  }
}

MeanError(keras$metrics$Metric) %py_class% {
  initialize <- function(name = "mean_error", ...) {
    super$initialize(name = name, ...)
    self$total <- self$add_weight(name = "total", initializer = "zeros")
    self$count <- self$add_weight(name = "count", initializer = "zeros")
  }
  update_state <- function(y_true, y_pred, sample_weight = NULL) {
    self$total$assign_add(op_sum(op_abs(y_true - y_pred)))
    self$count$assign_add(op_cast(op_size(y_true), "float32"))
  }
  result <- function() self$total / self$count
}

lines_of <- function(n = 96) {
  set.seed(1)
  x <- matrix(rnorm(4 * n), n)
  list(x = x, y = x %*% c(1, -2, 0.5, 0))
}

made_model <- function(units = 4, rate = 0.05) {
  set_random_seed(1)
  model <- keras_model_sequential(input_shape = 4) |>
    layer_dense(units, activation = "relu") |>
    layer_dense(1)
  model |> compile(optimizer = optimizer_sgd(rate), loss = "mse", metrics = list(MeanError()))
  model
}

# ---- KerasTuner ----------------------------------------------------------------------------------

build <- function(hp) {
  made_model(hp$Int("units", 2, 8, step = 2), hp$Float("rate", 0.01, 0.1))
}

broken_build <- function(hp) stop("no model for ", hp$Int("units", 2, 8))

# ---- JAX -----------------------------------------------------------------------------------------

# list(metrics, what the callback saw, weights), on one device or on all.
fit_on_devices <- function(parallel) {
  distribution <- keras$distribution
  if (parallel) {
    distribution$set_distribution(
      distribution$DataParallel(devices = distribution$list_devices(), auto_shard_dataset = FALSE)
    )
    on.exit(distribution$set_distribution(NULL))
  }
  lines <- lines_of()
  model <- made_model()
  losses <- Losses()
  history <- fit(model, lines$x, lines$y, epochs = 3, verbose = 0, callbacks = losses)
  layout <- as.character(model$layers[[1]]$kernel$value$sharding)
  list(history$metrics, losses$losses, get_weights(model), layout)
}

# ---- Ray -----------------------------------------------------------------------------------------

objective <- function(config) {
  lines <- lines_of()
  losses <- Losses()
  model <- made_model(config$units, config$rate)
  fit(model, lines$x, lines$y, epochs = 2, verbose = 0, callbacks = list(losses))
  list(loss = losses$losses[[2]], epochs = length(losses$losses))
}

reporting_objective <- function(config) {
  lines <- lines_of()
  model <- made_model(4, config$rate)
  fit(model, lines$x, lines$y, epochs = 3, verbose = 0, callbacks = list(
    Losses(), callback_ray_report(c(error = "mean_error"), checkpoint_on = "train_end")
  ))
  NULL
}

misspelt_objective <- function(config) {
  lines <- lines_of()
  fit(made_model(), lines$x, lines$y, verbose = 0, callbacks = callback_ray_report("lost"))
  NULL
}

# The mean of the gradients of all workers.
share_gradients <- function(model) {
  distributed <- import("torch.distributed")
  workers <- distributed$get_world_size()
  for (parameter in iterate(model$parameters())) {
    parameter$register_post_accumulate_grad_hook(function(parameter) {
      distributed$all_reduce(parameter$grad)
      parameter$grad$div_(workers)
      NULL
    })
  }
}

# Each worker has the rows that are its own of each batch, so the batches are those of one process.
train_worker <- function(config) {
  context <- import("ray.train")$get_context()
  workers <- context$get_world_size()
  lines <- lines_of()
  own <- (seq_len(nrow(lines$x)) - 1) %% workers == context$get_world_rank()
  model <- made_model()
  if (workers > 1) share_gradients(model)
  losses <- Losses(config$into)
  fit(model, lines$x[own, ], lines$y[own, , drop = FALSE],
    epochs = config$epochs, batch_size = 32 / workers, shuffle = FALSE, verbose = 0,
    callbacks = list(losses, callback_ray_report(checkpoint_on = "epoch_end"))
  )
  NULL
}

weights_in <- function(checkpoint) {
  file <- file.path(checkpoint$to_directory(), "model.keras")
  get_weights(load_model(file, custom_objects = list(MeanError = MeanError)))
}
