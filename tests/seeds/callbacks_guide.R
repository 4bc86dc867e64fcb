# The R examples of Keras' callbacks guide, as R users have them.
library(magrittr)
library(dplyr, warn.conflicts = FALSE)

get_model <- function() {
  model <- keras_model_sequential() %>%
    layer_dense(1, input_shape = 784) %>%
    compile(
      optimizer = optimizer_rmsprop(learning_rate = 0.1),
      loss = "mean_squared_error",
      metrics = "mean_absolute_error"
    )
  model
}

mnist <- dataset_mnist()

flatten_and_rescale <- function(x) {
  x <- array_reshape(x, c(-1, 784))
  x <- x / 255
  x
}

mnist$train$x <- flatten_and_rescale(mnist$train$x)
mnist$test$x  <- flatten_and_rescale(mnist$test$x)

# limit to 500 samples
mnist$train$x <- mnist$train$x[1:500,]
mnist$train$y <- mnist$train$y[1:500]
mnist$test$x  <- mnist$test$x[1:500,]
mnist$test$y  <- mnist$test$y[1:500]

show <- function(msg, logs) {
  cat(glue::glue(msg, .envir = parent.frame()),
      "got logs: ", sep = "; ")
  str(logs); cat("\n")
}

CustomCallback(keras$callbacks$Callback) %py_class% {
  on_train_begin <- function(logs = NULL)
    show("Starting training", logs)

  on_train_end <- function(logs = NULL)
    show("Stop training", logs)

  on_epoch_begin <- function(epoch, logs = NULL)
    show("Start epoch {epoch} of training", logs)

  on_epoch_end <- function(epoch, logs = NULL)
    show("End epoch {epoch} of training", logs)

  on_test_begin <- function(logs = NULL)
    show("Start testing", logs)

  on_test_end <- function(logs = NULL)
    show("Stop testing", logs)

  on_predict_begin <- function(logs = NULL)
    show("Start predicting", logs)

  on_predict_end <- function(logs = NULL)
    show("Stop predicting", logs)

  on_train_batch_begin <- function(batch, logs = NULL)
    show("...Training: start of batch {batch}", logs)

  on_train_batch_end <- function(batch, logs = NULL)
    show("...Training: end of batch {batch}",  logs)

  on_test_batch_begin <- function(batch, logs = NULL)
    show("...Evaluating: start of batch {batch}", logs)

  on_test_batch_end <- function(batch, logs = NULL)
    show("...Evaluating: end of batch {batch}", logs)

  on_predict_batch_begin <- function(batch, logs = NULL)
    show("...Predicting: start of batch {batch}", logs)

  on_predict_batch_end <- function(batch, logs = NULL)
    show("...Predicting: end of batch {batch}", logs)
}

model <- get_model()
model %>% fit(
  mnist$train$x, mnist$train$y,
  batch_size = 128,
  epochs = 2,
  verbose = 0,
  validation_split = 0.5,
  callbacks = list(CustomCallback())
)
res <- model %>%
  evaluate(
    mnist$test$x, mnist$test$y,
    batch_size = 128,
    verbose = 0,
    callbacks = list(CustomCallback())
  )
res <- model %>%
  predict(mnist$test$x,
          batch_size = 128,
          callbacks = list(CustomCallback()))

LossAndErrorPrintingCallback(keras$callbacks$Callback) %py_class% {
  on_train_batch_end <- function(batch, logs = NULL)
    cat(sprintf("Up to batch %i, the average loss is %7.2f.\n",
                batch,  logs$loss))

  on_test_batch_end <- function(batch, logs = NULL)
    cat(sprintf("Up to batch %i, the average loss is %7.2f.\n",
                batch, logs$loss))

  on_epoch_end <- function(epoch, logs = NULL)
    cat(sprintf(
      "The average loss for epoch %2i is %9.2f and mean absolute error is %7.2f.\n",
      epoch, logs$loss, logs$mean_absolute_error
    ))
}

model <- get_model()
model %>% fit(
  mnist$train$x, mnist$train$y,
  batch_size = 128,
  epochs = 2,
  verbose = 0,
  callbacks = list(LossAndErrorPrintingCallback())
)

res = model %>% evaluate(
  mnist$test$x, mnist$test$y,
  batch_size = 128,
  verbose = 0,
  callbacks = list(LossAndErrorPrintingCallback())
)

EarlyStoppingAtMinLoss(keras$callbacks$Callback) %py_class% {
  "Stop training when the loss is at its min, i.e. the loss stops decreasing.

  Arguments:
      patience: Number of epochs to wait after min has been hit. After this
        number of no improvement, training stops.
  "

  initialize <- function(patience = 0) {
    # call keras$callbacks$Callback$__init__(), so it can setup `self`
    super$initialize()
    self$patience <- patience
    # best_weights to store the weights at which the minimum loss occurs.
    self$best_weights <- NULL
  }

  on_train_begin <- function(logs = NULL) {
    # The number of epoch it has waited when loss is no longer minimum.
    self$wait <- 0
    # The epoch the training stops at.
    self$stopped_epoch <- 0
    # Initialize the best as infinity.
    self$best <- Inf
  }

  on_epoch_end <- function(epoch, logs = NULL) {
    current <- logs$loss
    if (current < self$best) {
      self$best <- current
      self$wait <- 0
      # Record the best weights if current results is better (less).
      self$best_weights <- self$model$get_weights()
    } else {
      self$wait %<>% `+`(1)
      if (self$wait >= self$patience) {
        self$stopped_epoch <- epoch
        self$model$stop_training <- TRUE
        cat("Restoring model weights from the end of the best epoch.\n")
        self$model$set_weights(self$best_weights)
      }
    }
  }

  on_train_end <- function(logs = NULL)
    if (self$stopped_epoch > 0)
      cat(sprintf("Epoch %05d: early stopping\n", self$stopped_epoch + 1))
}

model <- get_model()
model %>% fit(
  mnist$train$x,
  mnist$train$y,
  batch_size = 64,
  steps_per_epoch = 5,
  epochs = 30,
  verbose = 0,
  callbacks = list(LossAndErrorPrintingCallback(),
                   EarlyStoppingAtMinLoss())
)

CustomLearningRateScheduler(keras$callbacks$Callback) %py_class% {
  "Learning rate scheduler which sets the learning rate according to schedule.

  Arguments:
      schedule: a function that takes an epoch index
          (integer, indexed from 0) and current learning rate
          as inputs and returns a new learning rate as output (float).
  "

  `__init__` <- function(schedule) {
    super()$`__init__`()
    self$schedule <- schedule
  }

  on_epoch_begin <- function(epoch, logs = NULL) {
    ## When in doubt about what types of objects are in scope (e.g., self$model)
    ## use a debugger to interact with the actual objects at the console!
    # browser()

    if (!"learning_rate" %in% names(self$model$optimizer))
      stop('Optimizer must have a "learning_rate" attribute.')

    # # Get the current learning rate from model's optimizer.
    # use as.numeric() to convert the tf.Variable to an R numeric
    lr <- as.numeric(self$model$optimizer$learning_rate)
    # # Call schedule function to get the scheduled learning rate.
    scheduled_lr <- self$schedule(epoch, lr)
    # # Set the value back to the optimizer before this epoch starts
    self$model$optimizer$learning_rate <- scheduled_lr
    cat(sprintf("\nEpoch %05d: Learning rate is %6.4f.\n", epoch, scheduled_lr))
  }
}

LR_SCHEDULE <- tibble::tribble(~ start_epoch, ~ learning_rate,
                               0, .1,
                               3, 0.05,
                               6, 0.01,
                               9, 0.005,
                               12, 0.001)

lr_schedule <- function(epoch, learning_rate) {
  "Helper function to retrieve the scheduled learning rate based on epoch."
  if (epoch <= last(LR_SCHEDULE$start_epoch))
    with(LR_SCHEDULE, learning_rate[which.min(epoch > start_epoch)])
  else
    learning_rate
}

model <- get_model()
model %>% fit(
  mnist$train$x,
  mnist$train$y,
  batch_size = 64,
  steps_per_epoch = 5,
  epochs = 15,
  verbose = 0,
  callbacks = list(
    LossAndErrorPrintingCallback(),
    CustomLearningRateScheduler(lr_schedule)
  )
)
