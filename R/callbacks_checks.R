# The checks of a callback class at its definition: the names of hooks and stages, state_dict()
# together with load_state_dict(), and the bases. Each works as the checks in classes_checks.R do.
# Python half: none; callbacks/set.py checks the stages that are assigned to an instance.

# The words in messages about the hooks of a kind of callback: `what` a hook is called, the `names`
# of all hooks, and `meant`, which maps names of the other kind of callback to these.
callback_words <- function(def) {
  stages <- c(
    on_train_begin = "on_begin", on_train_end = "on_end", on_train_batch_begin = "on_batch_begin",
    on_train_batch_end = "on_batch_end", on_test_begin = "on_before_valid",
    on_test_batch_begin = "on_batch_valid_begin", on_test_batch_end = "on_batch_valid_end",
    on_test_end = "on_valid_end"
  )
  if (def$checks$hooks_are == "stage") {
    list(what = "a stage of a callback set", names = names(def$checks$hooks), meant = stages)
  } else {
    list(
      what = paste("a", def$checks$library, "callback hook"),
      names = names(def$checks$hooks),
      meant = structure(names(stages), names = stages)
    )
  }
}

check_hook <- function(def, name) {
  words <- callback_words(def)
  hook <- nearest_hook(name, words)
  # Keras' hooks are methods of the base of callback sets, but not stages.
  hidden <- def$checks$hooks_are == "stage" && name %in% names(words$meant)
  own <- !hidden && base_has(def, name)
  if (own || is.null(hook) && !startsWith(name, "on_")) {
    return(invisible())
  }
  if (name == "on_exit") {
    abort_class(
      def$name, "`on_exit` is not ", words$what, ": no hook is called after an error. Put code ",
      "that must run into `finally` of a tryCatch() round the training.", member = name
    )
  } else if (is.null(hook)) {
    message(
      "Class `", def$name, "`: `", name, "` is not ", words$what, ", so it is never called. If it ",
      "is a method of your own, keep it in `private` or give it a name without `on_`."
    )
  } else if (name %in% names(words$meant)) {
    abort_class(
      def$name, "`", name, "` is not ", words$what, ": here it is `", hook, "`.", member = name
    )
  } else {
    abort_class(
      def$name, "`", name, "` is not ", words$what, ". Did you mean `", hook, "`?", member = name
    )
  }
}

# Words in the names of hooks in other frameworks and older versions -> Keras' words.
hook_synonyms <- c(
  start = "begin", started = "begin", begins = "begin", finish = "end", stop = "end",
  ends = "end", ended = "end", validation = "test", valid = "test", val = "test",
  evaluate = "test", eval = "test", fit = "train", training = "train", step = "batch",
  inference = "predict", prediction = "predict", epochs = "epoch", batches = "batch"
)

# The hook that the user means by `name`, found by the words of the name or by the whole name.
nearest_hook <- function(name, words) {
  snake <- snake_name(name)
  if (!startsWith(snake, "on_")) {
    return(NULL)
  }
  usual <- common_hook_name(name)
  among <- c(words$names, names(words$meant))
  for (candidate in c(intersect(snake, among), usual, sub("_test_", "_valid_", usual), snake)) {
    nearest <- nearest_name(candidate, among, 3L)
    if (!is.null(nearest)) {
      return(if (nearest %in% words$names) nearest else words$meant[[nearest]])
    }
  }
}

# The stage that `name` means, for a stage that is assigned to an instance.
nearest_stage <- function(name) {
  nearest_hook(name, callback_words(list(checks = keras_kinds$CallbackSet)))
}

# `name` with the words of other frameworks replaced by Keras' words.
common_hook_name <- function(name) {
  parts <- strsplit(snake_name(name), "_", fixed = TRUE)[[1L]]
  known <- parts %in% names(hook_synonyms)
  parts[known] <- hook_synonyms[parts[known]]
  sub("_train_epoch_", "_epoch_", paste(parts, collapse = "_"), fixed = TRUE)
}

snake_name <- function(name) {
  tolower(gsub("([a-z])([A-Z])", "\\1_\\2", gsub(".", "_", name, fixed = TRUE)))
}

# A class with state_dict() must have load_state_dict(), and vice versa.
check_state <- function(def) {
  for (name in names(callback_state)) {
    other <- setdiff(names(callback_state), name)
    if (name %in% names(def$public) && !other %in% names(def$public) && !base_has(def, other)) {
      abort_class(
        def$name, "it has `", name, "` without `", other, "`. Define both, or neither.",
        member = name
      )
    }
  }
}

# A callback set has stages, other callbacks have Keras' hooks: neither inherits from the other.
check_callback_bases <- function(def) {
  is_set <- derives_from(def$bases, keras_kinds$CallbackSet$named)
  if (def$kind == "CallbackSet" && !is_set) {
    abort_class(
      def$name, "its base is not a callback set. Give a class made by callback_set(), or use ",
      "Callback() to inherit from this base."
    )
  }
  if (def$kind == "CallbackSet" && "ctx" %in% c(names(def$public), names(def$active))) {
    abort_class(
      def$name, "`ctx` is the context of the training. Give the member another name.",
      member = "ctx"
    )
  }
  if (def$kind == "Callback" && is_set) {
    abort_class(
      def$name, "its base is a callback set, which has stages instead of hooks. Write ",
      "`callback_set(id, inherit = ...)`."
    )
  }
}

# A stage takes no argument, not even an optional one, which it would never get.
check_stage <- function(def, member) {
  given <- names(formals(member$fn))
  is_stage <- member$given == "on_exit" ||
    identical(def$checks$hooks_are, "stage") && member$given %in% names(def$checks$hooks)
  if (is_stage && length(given)) {
    remedy <- if (def$checks$hooks_are == "stage") " and read `self$ctx`"
    abort_class(
      def$name, "`", member$given, "` is called without arguments, but takes ", ticked(given),
      ". Write `function()`", remedy, ".", member = member$given
    )
  }
}
