# Warnings and messages on a thread that another one waits for, such as those of a loss in plain R that
# TensorFlow calls: the handlers of the one that waits are to hear them.
# Python half: bridge/kept_conditions.py.

kept_conditions <- new.env(parent = emptyenv())

# Keeps a condition for the thread that waits for this one; FALSE if there is none, or if R makes an
# error of a warning.
keep_condition <- function(cond) {
  is_warning <- inherits(cond, "warning")
  thread <- if (!is_warning || getOption("warn") < 2L) for_r$keeps_conditions()
  if (is.null(thread)) {
    return(FALSE)
  }
  attr(cond, kept_place) <- innermost_place(sys.calls())
  kept_conditions[[thread]] <- c(kept_conditions[[thread]], list(cond))
  tryInvokeRestart(if (is_warning) "muffleWarning" else "muffleMessage")
  TRUE
}

kept_place <- "pyclassbridge_place"

# Signals what was kept for this thread, in the order in which it was.
give_conditions <- function(thread) {
  conds <- kept_conditions[[thread]]
  rm(list = thread, envir = kept_conditions)
  for (cond in conds) {
    if (inherits(cond, "warning")) warning(cond) else message(cond)
  }
}
