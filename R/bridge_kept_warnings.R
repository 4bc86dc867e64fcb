# Warnings on a thread that another one waits for, such as those of a loss in plain R that TensorFlow
# calls: the handlers of the one that waits are to hear them.
# Python half: bridge/kept_warnings.py.

kept_warnings <- new.env(parent = emptyenv())

# Keeps a warning for the thread that waits for this one; FALSE if there is none.
keep_warning <- function(cond) {
  thread <- if (getOption("warn") < 2L) for_r$keeps_warnings()
  if (is.null(thread)) {
    return(FALSE)
  }
  attr(cond, kept_place) <- innermost_place(sys.calls())
  kept_warnings[[thread]] <- c(kept_warnings[[thread]], list(cond))
  tryInvokeRestart("muffleWarning")
  TRUE
}

kept_place <- "pyclassbridge_place"

# Signals what was kept for this thread, in the order in which it was.
give_warnings <- function(thread) {
  conds <- kept_warnings[[thread]]
  rm(list = thread, envir = kept_warnings)
  for (cond in conds) {
    warning(cond)
  }
}
