# What Synalinks calls on the classes of its users: rows like those of keras_kinds, for the checks
# of classes with a base of Synalinks. It has no constructors of its own: %py_class% and
# `Callback(inherit = synalinks$callbacks$Callback)` make them.

synalinks_kind <- function(named, calls, hooks = NULL) {
  common <- list(get_config = takes(), from_config = takes("config", most = Inf))
  list(
    library = "Synalinks", named = paste0("synalinks.src.", named), calls = c(calls, common),
    callable = FALSE, hooks = hooks
  )
}

synalinks_kinds <- function() {
  list(
    Callback = synalinks_kind(
      "callbacks.callback.Callback",
      calls = c(
        callback_hooks[names(callback_hooks) != "on_exit"],
        list(set_program = takes("program"), set_params = takes("params"))
      ),
      hooks = "hook"
    ),
    Metric = synalinks_kind(
      "metrics.metric.Metric",
      calls = list(
        update_state = takes("y_true", "y_pred", most = Inf),
        result = takes(),
        reset_state = takes()
      )
    )
  )
}

# Who calls the methods of a class, for errors.
library_of <- function(def) {
  if (is.null(def$checks$library)) "Keras" else def$checks$library
}
