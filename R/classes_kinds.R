# The table of kinds: a row for each base class that users derive from, with all that the package
# knows about it. To add a base, add a row; for a constructor also add its two lines in
# classes_subclass.R and an export. Data only: nothing here calls Python.
# Python half: classes/kinds.py, which gets the row of a class with its spec.

# What Keras passes to a method: `...` are the arguments as a user writes them; Keras passes at
# least `least` and at most `most` of them by position.
takes <- function(..., least = length(args), most = least) {
  args <- c(...)
  list(args = args, least = least, most = most)
}

# A hook takes the logs and, before them, the epoch or the batch, if it has one: `index` is the name
# of that argument. R counts it from 1 if the index base of the class is 1.
hook_takes <- function(index = NULL) {
  c(takes(index, "logs = NULL"), list(index = index))
}

# The hooks in the order in which they run, each alias after the hook that calls it. The last one is
# not Keras': our fit() calls it at the end of a training.
callback_hooks <- list(
  on_train_begin = hook_takes(),
  on_epoch_begin = hook_takes("epoch"),
  on_train_batch_begin = hook_takes("batch"),
  on_batch_begin = hook_takes("batch"),
  on_train_batch_end = hook_takes("batch"),
  on_batch_end = hook_takes("batch"),
  on_test_begin = hook_takes(),
  on_test_batch_begin = hook_takes("batch"),
  on_test_batch_end = hook_takes("batch"),
  on_test_end = hook_takes(),
  on_epoch_end = hook_takes("epoch"),
  on_train_end = hook_takes(),
  on_predict_begin = hook_takes(),
  on_predict_batch_begin = hook_takes("batch"),
  on_predict_batch_end = hook_takes("batch"),
  on_predict_end = hook_takes(),
  on_exit = takes()
)

# The hooks that are arguments of Callback(), in the order of its arguments.
callback_args <- paste0(
  "on_", rep(c("epoch", "train", "train_batch", "test", "test_batch", "predict", "predict_batch"),
    each = 2L
  ), c("_begin", "_end")
)

# The stages of a callback set, in the order in which they run.
callback_stages <- list(
  on_begin = takes(),
  on_epoch_begin = takes(),
  on_batch_begin = takes(),
  on_after_backward = takes(),
  on_batch_end = takes(),
  on_before_valid = takes(),
  on_batch_valid_begin = takes(),
  on_batch_valid_end = takes(),
  on_valid_end = takes(),
  on_epoch_end = takes(),
  on_end = takes(),
  on_exit = takes()
)

# The two methods that save and restore a callback's state. A class has both or neither.
callback_state <- list(state_dict = takes(), load_state_dict = takes("state"))

# One row. A class belongs to the first row whose base it has.
#   named      the full name of the base
#   base       the default base of the constructor (code, evaluated when it is needed)
#   args       the recommended members that are arguments of the constructor
#   calls      what the library calls by position: list(method = takes(...))
#   hooks      those of `calls` that are hooks, in the order in which they run
#   hooks_are  their name in errors, "hook" or "stage"; any other name with `on_` is an error
#   setter     the method by which an instance gets the model that is trained, if there are hooks
#   required   methods that the base calls, and does not name in its error if they are missing
#   choices    the allowed values of members that are not methods
#   stored_as  the attributes in which the library keeps such members: c(member = attribute)
#   values     methods whose result must be a value, not a variable
#   callable   is the R method `call` Python's `__call__`?
#   composes   is an instance made in a pipe put onto what comes before it?
#   index_base the number from which a class of the constructor counts epochs and batches
#   merge_logs is a named list that a hook of such a class returns visibly merged into the logs?
#   lists_stages  do instances list their hooks as `$stages`, and run `on_exit` without our fit()?
#   traced     methods that the library may trace: their R code runs once then, not at each batch
#   weights_by the method by which a class makes weights, which are state in traced code, too
#   library    who calls the methods
keras_kind <- function(named, base = NULL, args = character(), calls = list(), hooks = list(),
                       hooks_are = if (length(hooks)) "hook", setter = NULL,
                       required = character(), choices = list(), stored_as = character(),
                       values = character(), callable = FALSE, composes = FALSE, index_base = 0L,
                       merge_logs = FALSE, lists_stages = FALSE, traced = character(),
                       weights_by = NULL, library = "Keras") {
  common <- list(get_config = takes(), from_config = takes("config", most = Inf))
  list(
    named = named, base = base, args = args,
    calls = c(hooks, calls, common[setdiff(names(common), names(calls))]), hooks = hooks,
    hooks_are = hooks_are, setter = setter, required = required, choices = choices,
    stored_as = stored_as, values = values, callable = callable, composes = composes,
    index_base = index_base, merge_logs = merge_logs, lists_stages = lists_stages,
    traced = traced, weights_by = weights_by, library = library
  )
}

keras_kinds <- list(
  CallbackSet = keras_kind(
    "pyclass_bridge.callbacks.set.CallbackSet", quote(callback_set_base()),
    args = c(names(callback_stages), "initialize", names(callback_state)),
    calls = callback_state,
    hooks = callback_stages,
    hooks_are = "stage",
    setter = "set_model"
  ),
  Callback = keras_kind(
    "keras.src.callbacks.callback.Callback", quote(keras$callbacks$Callback),
    args = callback_args,
    calls = c(callback_state, list(set_model = takes("model"), set_params = takes("params"))),
    hooks = callback_hooks,
    setter = "set_model",
    index_base = 1L,
    merge_logs = TRUE,
    lists_stages = TRUE
  ),
  Metric = keras_kind(
    "keras.src.metrics.metric.Metric", quote(keras$metrics$Metric),
    args = c("initialize", "update_state", "result"),
    calls = list(
      update_state = takes("y_true", "y_pred", "sample_weight = NULL", least = 1, most = Inf),
      result = takes(),
      reset_state = takes()
    ),
    required = c("update_state", "result"),
    choices = list(direction = c("up", "down")),
    stored_as = c(direction = "_direction"),
    values = "result",
    traced = c("update_state", "result"),
    weights_by = "add_weight"
  ),
  Model = keras_kind(
    "keras.src.models.model.Model", quote(keras$models$Model),
    args = c(
      "initialize", "call", "train_step", "predict_step", "test_step", "compute_loss",
      "compute_metrics"
    ),
    calls = list(
      call = takes("inputs", "training = FALSE", least = 1, most = Inf),
      # On JAX the state comes before the data.
      train_step = takes("data", least = 1, most = 2),
      predict_step = takes("data", least = 1, most = 2),
      test_step = takes("data", least = 1, most = 2),
      compute_loss = takes("x", "y", "y_pred", "sample_weight", "...", least = 0, most = Inf),
      compute_metrics = takes("x", "y", "y_pred", "sample_weight = NULL", least = 3, most = 4)
    ),
    traced = c(
      "call", "train_step", "test_step", "predict_step", "compute_loss", "compute_metrics"
    ),
    weights_by = "add_weight"
  ),
  Layer = keras_kind(
    "keras.src.layers.layer.Layer", quote(keras$layers$Layer),
    args = c("initialize", "call", "build", "get_config"),
    calls = list(
      call = takes("inputs", "...", least = 1, most = Inf),
      build = takes("input_shape", least = 1, most = Inf),
      compute_output_shape = takes("input_shape", least = 1, most = Inf)
    ),
    composes = TRUE,
    traced = "call",
    weights_by = "add_weight"
  ),
  Loss = keras_kind(
    "keras.src.losses.loss.Loss", quote(keras$losses$Loss),
    args = "call",
    calls = list(call = takes("y_true", "y_pred")),
    required = "call",
    traced = c("call", "__call__")
  ),
  Constraint = keras_kind(
    "keras.src.constraints.constraints.Constraint", quote(keras$constraints$Constraint),
    args = c("call", "get_config"),
    calls = list(call = takes("w")),
    callable = TRUE,
    traced = "__call__"
  ),
  Initializer = keras_kind(
    "keras.src.initializers.initializer.Initializer", quote(keras$initializers$Initializer),
    args = c("call", "initialize", "get_config"),
    calls = list(call = takes("shape", "dtype = NULL", "...", least = 1, most = 2)),
    callable = TRUE
  ),
  Regularizer = keras_kind(
    "keras.src.regularizers.regularizers.Regularizer", quote(keras$regularizers$Regularizer),
    args = c("call", "initialize", "get_config"),
    calls = list(call = takes("x")),
    callable = TRUE,
    traced = "__call__"
  ),
  Optimizer = keras_kind(
    "keras.src.optimizers.base_optimizer.BaseOptimizer", quote(keras$optimizers$Optimizer),
    args = c("initialize", "build", "update_step", "get_config"),
    calls = list(
      build = takes("variables"),
      update_step = takes("gradient", "variable", "learning_rate")
    ),
    required = "update_step",
    traced = c("update_step", "apply", "apply_gradients"),
    weights_by = "add_variable"
  ),
  LearningRateSchedule = keras_kind(
    "keras.src.optimizers.schedules.learning_rate_schedule.LearningRateSchedule",
    quote(keras$optimizers$schedules$LearningRateSchedule),
    args = c("call", "initialize", "get_config"),
    calls = list(call = takes("step")),
    callable = TRUE,
    traced = "__call__"
  )
)

# The rows of Synalinks, which has no constructors of its own: %py_class% and
# `Callback(inherit = synalinks$callbacks$Callback)` make classes with its bases.
synalinks_kinds <- list(
  Callback = keras_kind(
    "synalinks.src.callbacks.callback.Callback",
    calls = list(set_program = takes("program"), set_params = takes("params")),
    hooks = callback_hooks[names(callback_hooks) != "on_exit"],
    setter = "set_program",
    library = "Synalinks"
  ),
  Metric = keras_kind(
    "synalinks.src.metrics.metric.Metric",
    calls = list(
      update_state = takes("y_true", "y_pred", most = Inf),
      result = takes(),
      reset_state = takes()
    ),
    library = "Synalinks"
  )
)

# The columns of a row that Python needs, as data.
kind_data <- function(kind) {
  if (is.null(kind)) {
    return(NULL)
  }
  formals <- lapply(kind$calls[kind$required], function(usage) paste(usage$args, collapse = ", "))
  list(
    named = kind$named, library = kind$library, setter = kind$setter,
    hooks = as_dict(lapply(kind$hooks, function(usage) usage$index)),
    required = as_dict(formals), values = as.list(kind$values), stored_as = as_dict(kind$stored_as),
    lists_stages = kind$lists_stages
  )
}

kind_named <- function(name) kind_data(keras_kinds[[name]])
