# callback_set(): callbacks whose stages take no arguments and read `self$ctx`. Their checks are in
# callbacks_checks.R; their row of `keras_kinds` is in classes_kinds.R.
# Python half: callbacks/set.py, the base of these classes, and callbacks/context.py, `ctx`.

#' Callbacks of stages
#'
#' A stage is a function without arguments. It reads the training from `self$ctx` and shares values
#' with other stages through `self`. The stages run in this order: `on_begin`; in each epoch
#' `on_epoch_begin`, for each batch `on_batch_begin`, `on_after_backward` and `on_batch_end`, then
#' `on_before_valid`, for each batch of validation data `on_batch_valid_begin` and
#' `on_batch_valid_end`, `on_valid_end` if the epoch has a validation, and `on_epoch_end`; `on_end`;
#' `on_exit`. Under [fit()] and Python's `pyclass_bridge.fit()`, `on_exit` runs also after an error
#' and Ctrl-C. Under Keras' own `model.fit()` it runs only after a normal end; a warning says so
#' once.
#'
#' `self$ctx` is NULL when no training is under way. It holds `model` (also `network`), `optimizer`,
#' `loss_fn`, `epoch` (0 before the first), `step` in the epoch, `step_valid`, `global_step`,
#' `total_epochs`, `last_loss`, `last_scores_train`, `last_scores_valid` (NULL in an epoch without
#' validation), `callbacks` by id, `gradients`, and `terminate`: if TRUE, the training stops at the
#' end of the epoch. Any other name is an error. Only `terminate` and `gradients` can be assigned.
#'
#' `self$ctx$gradients` is NULL except in `on_after_backward`. It is a list of arrays, one for each
#' of `model$trainable_variables`, in their order, and NULL for a variable without a gradient. The
#' optimizer uses the gradients that the stage assigns. On JAX the weights can't be read in this
#' stage; in steps compiled by XLA or `torch.compile`, and in distributed trainings, the stage is an
#' error at the start.
#'
#' `self$ctx` may be NULL in `on_exit`, since `on_exit` of all callbacks runs even after an error in
#' the first `on_begin`.
#'
#' Instances are Keras callbacks. `$id` and `$weight` can be assigned; `$stages` are the names of
#' the stages. `$clone(deep = FALSE)` needs a private method `deep_clone(name, value)`, which
#' returns the value of each field of the copy if `deep = TRUE`. A stage can be assigned to an
#' instance; a function assigned outside a method has no `self`.
#'
#' These are errors that name the class and the member: an `id` that is not a string, a `weight`
#' that is not a number, a misspelt stage, a hook of Keras, a stage with arguments, and `state_dict`
#' without `load_state_dict` or the other way round.
#'
#' @param id String: the name of the callback in its training, unique there. The class is named
#'   after it: `"my_stop"` is `CallbackSetMyStop`.
#' @param on_begin,on_epoch_begin,on_batch_begin,on_after_backward,on_batch_end Stages of training,
#'   functions without arguments.
#' @param on_before_valid,on_batch_valid_begin,on_batch_valid_end,on_valid_end Stages of
#'   validation; the first also runs in epochs without one.
#' @param on_epoch_end,on_end,on_exit Stages at the end.
#' @param initialize A function; the factory has its arguments.
#' @param state_dict,load_state_dict A function that returns the state of the callback, and a
#'   function of such a state; give both or neither.
#' @param ...,public Further members, as in [Callback()].
#' @param private Named list of members that only the methods can reach, as `private$name`.
#' @param active Named list of active bindings: functions of no argument, or of the value assigned.
#' @param inherit A class made by `callback_set()`; call its stages as `super$on_end()`.
#' @param weight A number: callbacks run in the order of their weights, and those of equal weight in
#'   the order in which they are given. NULL means the weight of `inherit`, or 0.
#' @param parent_env The environment in which the methods look up other names.
#' @param doc String, the docstring of the class, as in [Callback()].
#' @return The factory, a function that makes instances.
#' @examples
#' \dontrun{
#' callback_plateau <- callback_set(
#'   "plateau",
#'   initialize = function(least = 0.01) self$least <- least,
#'   on_begin = function() self$best <- Inf,
#'   on_epoch_end = function() {
#'     self$ctx$terminate <- self$best - self$ctx$last_loss < self$least
#'     self$best <- min(self$best, self$ctx$last_loss)
#'   },
#'   on_exit = function() cat("trained for", self$ctx$epoch, "epochs\n")
#' )
#' x <- matrix(rnorm(40), ncol = 4)
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(loss = "mse")
#' model |> fit(x, rowSums(x), epochs = 20, callbacks = callback_plateau(), verbose = 0)
#' }
callback_set <- function(id, on_begin = NULL, on_epoch_begin = NULL, on_batch_begin = NULL,
                         on_after_backward = NULL, on_batch_end = NULL, on_before_valid = NULL,
                         on_batch_valid_begin = NULL, on_batch_valid_end = NULL,
                         on_valid_end = NULL, on_epoch_end = NULL, on_end = NULL, on_exit = NULL,
                         initialize = NULL, state_dict = NULL, load_state_dict = NULL, ...,
                         public = list(), private = list(), active = list(), inherit = NULL,
                         weight = NULL, parent_env = parent.frame(), doc = NULL) {
  check_set_id(id)
  name <- set_class_name(id)
  members <- mget(keras_kinds$CallbackSet$args)
  check_full_names(name, names(sys.call()), c("id", names(members)))
  check_set_weight(name, weight)
  check_active_list(name, active)
  check_member_list(name, public, "public")
  define_keras_class(
    "CallbackSet", name, members, dynamic_dots(...),
    c(public, lapply(active, active_property), list(id = id), drop_nulls(list(weight = weight))),
    private, inherit, substitute(inherit), parent_env, given_doc(name, doc, sys.call())
  )
}

callback_set_base <- function() {
  surface_module() # explains what is missing if Keras can't be imported
  import("pyclass_bridge.callbacks.set")$CallbackSet
}

# "my_stop" -> "CallbackSetMyStop"
set_class_name <- function(id) {
  words <- strsplit(id, "[^[:alnum:]]+")[[1L]]
  capitals <- paste0(toupper(substr(words, 1L, 1L)), substring(words, 2L))
  paste(c("CallbackSet", capitals), collapse = "")
}

# `id` may be a missing argument of callback_set().
check_set_id <- function(id) {
  if (missing(id)) {
    abort_class(NULL, "callback_set(): `id` is missing. Give one string such as \"my_stop\".")
  }
  if (!is_string(id) || !nzchar(id)) {
    abort_class(
      NULL, "callback_set(): `id` must be one string such as \"my_stop\", not ",
      describe_value(id), "."
    )
  }
}

check_set_weight <- function(class, weight) {
  number <- is.numeric(weight) && length(weight) == 1L && !is.na(weight)
  if (!is.null(weight) && !number) {
    abort_class(
      class, "`weight` orders the callbacks of a training, so it must be a number, not ",
      describe_value(weight), "."
    )
  }
}

check_active_list <- function(class, active) {
  check_member_list(class, active, "active")
  for (name in names(active)) {
    if (!is.function(active[[name]])) {
      abort_class(
        class, "the active binding `", name, "` must be a function, not ",
        describe_value(active[[name]]), ".", member = name
      )
    }
  }
}

# The value of one field of the copy that `$clone(deep = TRUE)` makes.
deep_clone_of <- function(private, name, value) {
  private$deep_clone(name, value)
}

has_deep_clone <- function(private) {
  is.function(private$deep_clone)
}

# Sets the fields in `to`, the private environment of the copy, which has methods of its own.
deep_clone_private <- function(from, to) {
  for (name in ls(from, all.names = TRUE)) {
    if (!bindingIsActive(name, from) && !is.function(from[[name]])) {
      assign(name, from$deep_clone(name, from[[name]]), envir = to)
    }
  }
}
