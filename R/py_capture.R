# Python's output streams and warnings while R code runs: py_capture_output() and
# py_suppress_warnings(). What was there before is back when the code ends, however it ends.

# What `expr` prints, from Python and from R, as one string.
py_capture_output <- function(expr, type = c("stdout", "stderr")) {
  type <- match.arg(type, several.ok = TRUE)
  state <- bridge_raw$begin_capture(as.list(type))
  open <- TRUE
  on.exit(if (open) bridge$end_capture(state))
  force(expr)
  open <- FALSE
  bridge$end_capture(state)
}

py_suppress_warnings <- function(expr) {
  state <- bridge_raw$quiet_warnings()
  on.exit(bridge$leave_warnings(state))
  expr
}
