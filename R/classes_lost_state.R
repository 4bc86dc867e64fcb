# R state that is lost in traced code: Keras runs the R code of some methods once, to trace it, and
# what it changes in R changes once, not at each batch. Which methods change state is found when the
# class is defined, in their code (classes_state_changes.R); whether a call is traced, when it runs.
# The other half is classes/lost_state.py.

# The public methods of a class, those that the kind traces with their changes as `lost`. What a step of
# a model sets anew may be gathered in its `call`, within the same trace.
with_lost_state <- function(def, public, private) {
  methods <- public$methods
  traced <- vapply(methods, function(member) member$name %in% def$checks$traced, NA)
  if (!any(traced) || runs_untraced(def)) {
    return(methods)
  }
  members <- lapply(c(private$methods, private$active, methods, public$active), `[[`, "fn")
  steps <- intersect(names(methods), c("train_step", "test_step", "predict_step"))
  anew <- lapply(members[steps], state_set_anew, members)
  for (name in names(methods)[traced]) {
    changes <- state_changes(methods[[name]]$fn, members)
    methods[[name]]$lost <- lost_state_data(changes, unlist(anew), lost_state_remedy(def$checks))
  }
  methods
}

lost_state_data <- function(changes, anew, remedy, ...) {
  environments <- attr(changes, "environments")
  changes <- setdiff(changes, anew)
  if (length(changes)) {
    environments <- environments[names(environments) %in% changes]
    list(changes = as.list(changes), environments = as_dict(environments), remedy = remedy, ...)
  }
}

# Are all methods of the class run with values, at each batch? Then their state is no worse than any.
runs_untraced <- function(def) {
  any(vapply(def$bases, function(base) {
    inherits(base, "python.builtin.object") && for_r$has_attr(base, "__r_handles__")
  }, NA))
}

lost_state_remedy <- function(kind) {
  if (is.null(kind$weights_by)) {
    return("Change it in a callback or a metric, or compile the model with `run_eagerly = TRUE`.")
  }
  paste0(
    "Keep it in a weight, made by `self$", kind$weights_by, "()` and changed by its `$assign()`",
    if ("update_state" %in% kind$traced) ", or give `eager = TRUE` to `Metric()`",
    if (!"update_state" %in% kind$traced) ", or compile the model with `run_eagerly = TRUE`", "."
  )
}

# The same for a function that is no method, if it assigns outside of itself; else NULL. Its `hash`
# tells it from others.
function_lost_state <- function(fn) {
  if (!any(c("<<-", "assign") %in% all.names(body(fn)))) {
    return(NULL)
  }
  hash <- .Call(core_code_hash, formals(fn), body(fn))
  lost_state_data(state_changes(fn), NULL, lost_state_remedy(NULL), hash = hash)
}

# Warns of `changes` that R code has made in a trace, and says whether there were any. `environments`
# has the variables that must be environments, by what is changed in them; `env`, or the function
# `env`, finds them.
tell_lost_state <- function(subject, changes, environments, remedy, env) {
  env <- if (is.function(env)) environment(env) else env
  is_state <- vapply(as_strings(changes), function(change) {
    name <- environments[[change]]
    found <- if (!is.null(name)) get0(name, envir = env)
    is.null(name) || is.environment(found) && !is_py_object(found)
  }, NA)
  if (any(is_state)) {
    changed <- paste0("`", names(is_state)[is_state], "`", collapse = ", ")
    warning(
      subject, " changes ", changed, ", but this R code runs only when it is traced, not for each ",
      "batch, so changes are lost. ", remedy,
      call. = FALSE
    )
  }
  any(is_state)
}
