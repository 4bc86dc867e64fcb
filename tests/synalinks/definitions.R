# What the tests of Synalinks train: a program with a stand-in for the language model, and classes
# of R for it. The stand-in answers with the capital that it knows, whatever the prompt says.

synalinks <- import("synalinks")
builtins <- import_builtins()

StandIn(synalinks$LanguageModel) %py_class% {
  initialize <- function() super$initialize(model = "ollama/stand-in")
  `_acompletion` <- async_method(function(messages, ...) {
    list(choices = list(list(message = list(content = "{\"answer\": \"Paris\"}"))))
  })
}

Query(synalinks$DataModel) %py_class% {
  "A question."
  `__annotations__` <- dict(query = builtins$str)
}

Answer(synalinks$DataModel) %py_class% {
  "Its answer."
  `__annotations__` <- dict(answer = builtins$str)
}

capitals <- list(
  x = lapply(c("Italy", "Greece", "France", "Spain"), function(query) Query(query = query)),
  y = lapply(c("Rome", "Athens", "Paris", "Madrid"), function(answer) Answer(answer = answer))
)

# Models are arrays of objects for fit().
objects <- function(models) import("numpy", convert = FALSE)$array(models, dtype = "object")

capital_program <- function(reward = synalinks$rewards$ExactMatch(), ...) {
  inputs <- synalinks$Input(data_model = Query)
  generator <- synalinks$Generator(
    data_model = Answer, language_model = StandIn(), name = "capitals",
    instructions = "Name the capital."
  )
  program <- synalinks$Program(inputs = inputs, outputs = py_await(generator(inputs)))
  program$compile(reward = reward, optimizer = synalinks$optimizers$RandomFewShot(), ...)
  program
}

# The coroutine, for py_await() and for Python's await.
fit_capitals <- function(program, epochs = 2L, callbacks = list(), ...) {
  program$fit(
    x = objects(capitals$x), y = objects(capitals$y), epochs = epochs, batch_size = 1L,
    validation_split = 0.5, callbacks = callbacks, verbose = 0L, ...
  )
}

TerseLogger(synalinks$callbacks$Callback) %py_class% {
  "Prints one short line per epoch."
  on_epoch_end <- function(epoch, logs = NULL) {
    logs <- logs[sort(names(logs))]
    cat(sprintf("[epoch %02d] ", epoch), sep = "")
    cat(sprintf("%s=%.3f", names(logs), unlist(logs)), sep = " ")
    cat("\n")
  }
}

InstructionLogger(synalinks$callbacks$Callback) %py_class% {
  initialize <- function(module_name, out_path) {
    super$initialize()
    self$module_name <- module_name
    self$out_path <- out_path
  }
  on_epoch_end <- function(epoch, logs = NULL) {
    module <- self$program$get_module(self$module_name)
    instruction <- module$state$get("instructions")
    cat("epoch=", epoch, "\n", instruction, "\n\n", sep = "", file = self$out_path, append = TRUE)
  }
}

StopAt(synalinks$callbacks$Callback) %py_class% {
  initialize <- function(epoch = 1L) {
    super$initialize()
    self$last <- epoch
  }
  on_epoch_end <- function(epoch, logs = NULL) {
    if (epoch == self$last) self$program$stop_training <- TRUE
  }
}

Recorder(synalinks$callbacks$Callback) %py_class% {
  initialize <- function() {
    super$initialize()
    self$seen <- character()
  }
  private$note <- function(hook, index, logs) {
    self$seen <- c(self$seen, paste(hook, index, paste(sort(names(logs)), collapse = " ")))
  }
  on_train_begin <- function(logs = NULL) private$note("on_train_begin", "", logs)
  on_train_end <- function(logs = NULL) private$note("on_train_end", "", logs)
  on_epoch_begin <- function(epoch, logs = NULL) private$note("on_epoch_begin", epoch, logs)
  on_epoch_end <- function(epoch, logs = NULL) private$note("on_epoch_end", epoch, logs)
  on_train_batch_begin <- function(batch, logs = NULL) {
    private$note("on_train_batch_begin", batch, logs)
  }
  on_train_batch_end <- function(batch, logs = NULL) private$note("on_train_batch_end", batch, logs)
  on_test_begin <- function(logs = NULL) private$note("on_test_begin", "", logs)
  on_test_end <- function(logs = NULL) private$note("on_test_end", "", logs)
  on_test_batch_begin <- function(batch, logs = NULL) {
    private$note("on_test_batch_begin", batch, logs)
  }
  on_test_batch_end <- function(batch, logs = NULL) private$note("on_test_batch_end", batch, logs)
  on_predict_begin <- function(logs = NULL) private$note("on_predict_begin", "", logs)
  on_predict_end <- function(logs = NULL) private$note("on_predict_end", "", logs)
  on_predict_batch_begin <- function(batch, logs = NULL) {
    private$note("on_predict_batch_begin", batch, logs)
  }
  on_predict_batch_end <- function(batch, logs = NULL) {
    private$note("on_predict_batch_end", batch, logs)
  }
}

# Fails as a service that is away would, at one epoch.
Fails(synalinks$callbacks$Callback) %py_class% {
  initialize <- function(epoch = 1L) {
    super$initialize()
    self$at <- epoch
  }
  on_epoch_end <- function(epoch, logs = NULL) {
    if (epoch == self$at) {
      condition <- list(message = "the service is away", call = NULL)
      stop(structure(class = c("service_away", "error", "condition"), condition))
    }
  }
}

Share(synalinks$metrics$Metric) %py_class% {
  "The share of answers with more letters than `least`."
  direction <- "up"
  initialize <- function(name = "share", least = 4, ...) {
    super$initialize(name = name, ...)
    self$least <- least
    self$reset_state()
  }
  update_state <- async_method(function(y_true, y_pred) {
    self$hits <- self$hits + (nchar(y_pred$get("answer")) > self$least)
    self$seen <- self$seen + 1
  })
  result <- function() if (self$seen > 0) self$hits / self$seen else 0
  reset_state <- function() self$hits <- self$seen <- 0
  get_config <- function() c(super$get_config(), list(least = self$least))
}

# The base does the work; asking it twice counts each answer twice.
TwiceExact(synalinks$metrics$MeanMetricWrapper) %py_class% {
  initialize <- function(name = "twice", fn = NULL, ...) {
    super$initialize(fn = async_method(function(y_true, y_pred) {
      as.numeric(identical(y_true$get("answer"), y_pred$get("answer")))
    }), name = name, ...)
  }
  update_state <- async_method(function(y_true, y_pred) {
    py_await(super$update_state(y_true, y_pred))
    super$update_state(y_true, y_pred)
  })
  get_config <- function() list(name = self$name)
}
