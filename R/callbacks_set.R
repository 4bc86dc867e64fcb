# callback_set(): callbacks whose stages take no arguments and read `self$ctx`. Their checks are in
# callbacks_checks.R, and their row is in classes_kinds.R.
# Python half: callbacks/set.py, the base of these classes, and callbacks/context.py, `ctx`.

#' Callbacks of stages
#'
#' A stage is a function without arguments. It sees the training as `self$ctx` and talks to other
#' stages through `self`. In their order: `on_begin`; in each epoch `on_epoch_begin`, for each batch
#' `on_batch_begin`, `on_after_backward` and `on_batch_end`, then `on_before_valid`, for each batch
#' of validation data `on_batch_valid_begin` and `on_batch_valid_end`, `on_valid_end` if there was
#' one, and `on_epoch_end`; `on_end`. `on_exit` runs at last, also after an error and Ctrl-C, under
#' [fit()] and Python's `pyclass_bridge.fit()`; under Keras' own `model.fit()` after a normal end
#' only, which a warning says once.
#'
#' `self$ctx` is NULL when no training is under way, and holds `model` (also `network`),
#' `optimizer`, `loss_fn`, `epoch` (0 before the first), `step` in the epoch, `step_valid`,
#' `global_step`, `total_epochs`, `last_loss`, `last_scores_train`, `last_scores_valid` (NULL in an
#' epoch without validation), `callbacks` by id, `gradients`, and `terminate`: once TRUE, the
#' training stops at the end of the epoch. Another name is an error. `gradients` are NULL but in
#' `on_after_backward`: a list of arrays, one for each of `model$trainable_variables`, in their
#' order, NULL for one without; assigned ones are what the optimizer takes. On JAX the weights can't
#' be read in that stage; in steps compiled by XLA or `torch.compile`, and in distributed trainings,
#' it is an error at the start. Others than `terminate` and `gradients` can't be assigned. In an
#' `on_exit` `self$ctx` may be NULL: after an error in the `on_begin` of a callback, `on_exit` runs
#' of all.
#'
#' Instances are Keras callbacks with `$id` and `$weight`, which may be assigned, `$stages`, the
#' names of their stages, and `$clone(deep = FALSE)`, which needs a private method
#' `deep_clone(name, value)`: with `deep = TRUE` each field of the copy is what it returns. A stage
#' may be assigned to an instance; one assigned outside of its methods is a plain function, which
#' sees no `self`.
#'
#' An `id` that is no string, a `weight` that is no number, a name that is near a stage's, a hook
#' of Keras, a stage with arguments, and one of `state_dict` and `load_state_dict` without the
#' other are errors that name the class and the member.
#'
#' @param id String: the name of the callback in its training, unique there. The class is named
#'   after it: `"my_stop"` is `CallbackSetMyStop`.
#' @param on_begin,on_epoch_begin,on_batch_begin,on_after_backward,on_batch_end Stages of training,
#'   functions without arguments.
#' @param on_before_valid,on_batch_valid_begin,on_batch_valid_end,on_valid_end Stages of
#'   validation; the first also runs in epochs without one.
#' @param on_epoch_end,on_end,on_exit Stages at the end.
#' @param initialize A function, the arguments of which are those of the factory.
#' @param state_dict,load_state_dict A function that returns what the callback has to remember, and
#'   one of such a state; both or neither.
#' @param ...,public Further members, as in [Callback()].
#' @param private Named list of members that only the methods see, as `private$name`.
#' @param active Named list of active bindings: functions of no argument, or of the value assigned.
#' @param inherit A class made by `callback_set()`, whose stages are `super$on_end()` and so on.
#' @param weight A number: callbacks run in the order of their weights, those of equal weight as
#'   they are given. NULL is that of `inherit`, or 0.
#' @param parent_env The environment in which the methods look up what is not theirs.
#' @return A function that returns instances.
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
                         weight = NULL, parent_env = parent.frame()) {
  check_set_id(id)
  name <- set_class_name(id)
  members <- mget(keras_kinds$CallbackSet$args)
  check_full_names(name, names(sys.call()), c("id", names(members)))
  check_set_weight(name, weight)
  check_active_list(name, active)
  check_member_list(name, public, "public")
  define_keras_class(
    "CallbackSet", name, members, list(...),
    c(public, lapply(active, active_property), list(id = id), drop_nulls(list(weight = weight))),
    private, inherit, substitute(inherit), parent_env
  )
}

callback_set_base <- function() {
  surface_module() # with the doctor's word where Keras is missing
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

# The value of one field in a copy by `$clone(deep = TRUE)`.
deep_clone_of <- function(private, name, value) {
  private$deep_clone(name, value)
}

has_deep_clone <- function(private) {
  is.function(private$deep_clone)
}

# `to` is the private environment of the copy, which has the fields of `from` and methods of its
# own.
deep_clone_private <- function(from, to) {
  for (name in ls(from, all.names = TRUE)) {
    if (!bindingIsActive(name, from) && !is.function(from[[name]])) {
      assign(name, from$deep_clone(name, from[[name]]), envir = to)
    }
  }
}
