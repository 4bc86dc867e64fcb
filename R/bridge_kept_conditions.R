# Warnings and messages on a thread that another one waits for, such as those of a loss in plain R that
# TensorFlow calls: the handlers of the one that waits are to hear them.
# Python half: bridge/kept_conditions.py.

kept_conditions <- new.env(parent = emptyenv())

# Keeps a condition for the thread that waits for this one, and goes on after it. Returns if there is
# no such thread, or if what becomes of the condition is settled here: nothing, since it is signalled
# alone or warnings are off; an error; or it goes where messages go now.
keep_condition <- function(cond) {
  is_warning <- inherits(cond, "warning")
  restart <- findRestart(if (is_warning) "muffleWarning" else "muffleMessage", cond)
  level <- if (is_warning) getOption("warn") else 0L
  is_settled <- is.null(restart) || level < 0L || level >= 2L || sink.number("message") != 2L
  thread <- if (!is_settled) for_r$keeps_conditions()
  if (!is.null(thread)) {
    attr(cond, kept_place) <- innermost_place(sys.calls())
    kept_conditions[[thread]] <- c(kept_conditions[[thread]], list(cond))
    invokeRestart(restart)
  }
}

kept_place <- "pyclassbridge_place"

# Signals what was kept for this thread, in the order in which it was.
give_conditions <- function(thread) {
  conds <- kept_conditions[[thread]]
  if (!is.null(conds)) {
    rm(list = thread, envir = kept_conditions)
  }
  for (cond in conds) {
    if (inherits(cond, "warning")) warning(cond) else message(cond)
  }
}
