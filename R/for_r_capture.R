# Python's output and warnings while R code runs: py_capture_output(), py_suppress_warnings(), R's
# sinks. The other half is for_r/capture.py, that of the sinks bridge/output.py. Streams and filters
# are given back when the code ends, with an error too.

#' Catch what code prints
#'
#' Python's streams, and R's as far as it reaches the console, are read into one string while
#' `expr` runs; its value is dropped. An error of `expr` goes on, with the streams given back.
#'
#' @param expr Code.
#' @param type `"stdout"`, `"stderr"` or both.
#' @return One string.
#' @examples
#' \dontrun{
#' py_capture_output({
#'   import_builtins()$print("from Python")
#'   cat("from R\n")
#' })
#' }
py_capture_output <- function(expr, type = c("stdout", "stderr")) {
  type <- match.arg(type, several.ok = TRUE)
  sinks <- if (r_hosts()) begin_sinks(type)
  on.exit(end_sinks(sinks))
  state <- for_r_proxies$begin_capture(as.list(type))
  open <- TRUE
  on.exit(if (open) for_r$end_capture(state), add = TRUE, after = FALSE)
  force(expr)
  open <- FALSE
  text <- for_r$end_capture(state)
  if (r_hosts()) text_of_sinks(sinks) else text
}

# R's own sinks, to one file; the state has what end_sinks() and text_of_sinks() need.
begin_sinks <- function(type) {
  path <- tempfile("pyclass_bridge_capture_")
  con <- file(path, "w", encoding = "UTF-8")
  if ("stdout" %in% type) sink(con)
  errors <- if ("stderr" %in% type) sink.number("message")
  if (!is.null(errors)) sink(con, type = "message")
  list(path = path, con = con, type = type, errors = errors)
}

end_sinks <- function(sinks) {
  if (is.null(sinks)) {
    return(invisible())
  }
  if ("stdout" %in% sinks$type) sink()
  if (!is.null(sinks$errors)) sink(getConnection(sinks$errors), type = "message")
  close(sinks$con)
  unlink(sinks$path)
}

text_of_sinks <- function(sinks) {
  flush(sinks$con)
  text <- readChar(sinks$path, file.size(sinks$path), useBytes = TRUE)
  Encoding(text) <- "UTF-8"
  text
}

# Evaluates `expr` and sends what Python prints to R's sink, if there is one, so capture.output()
# and knitr get Python's output like R's.
with_sink <- function(expr) {
  if (sink.number() > 0L) {
    is_document <- isTRUE(getOption("knitr.in.progress"))
    state <- for_r_proxies$begin_sink(cat, is_document)
    on.exit(for_r$end_sink(state))
  }
  expr
}

#' Run code without Python's warnings
#'
#' The filters of Python's `warnings` are those from before when `expr` ends, with an error too.
#'
#' @param expr Code.
#' @return The value of `expr`.
#' @examples
#' \dontrun{
#' py_suppress_warnings(import("warnings")$warn("not shown"))
#' }
py_suppress_warnings <- function(expr) {
  state <- for_r_proxies$quiet_warnings()
  on.exit(for_r$leave_warnings(state))
  for (handler in surface$warning_handlers) {
    quieted <- handler$suppress()
    # on.exit() evaluates its code after the loop, so the code is a call that contains the values.
    undo <- as.call(list(handler$restore, quieted))
    do.call(on.exit, list(undo, add = TRUE, after = FALSE))
  }
  expr
}

#' Silence the warnings of a library
#'
#' [py_suppress_warnings()] calls `suppress()` of each handler before its code, and `restore()` with
#' the result after it, in an error too.
#'
#' @param handler A list of two functions: `suppress` without arguments, and `restore` of what that
#'   one gave. Anything else is an error.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' register_suppress_warnings_handler(list(
#'   suppress = function() {
#'     logger <- import("logging")$getLogger("tensorflow")
#'     before <- logger$level
#'     logger$setLevel("ERROR")
#'     before
#'   },
#'   restore = function(before) import("logging")$getLogger("tensorflow")$setLevel(before)
#' ))
#' }
register_suppress_warnings_handler <- function(handler) {
  if (!is.list(handler) || !is.function(handler$suppress) || !is.function(handler$restore)) {
    stop(
      "register_suppress_warnings_handler(): `handler` is a list of the functions `suppress` and ",
      "`restore`.",
      call. = FALSE
    )
  }
  surface$warning_handlers <- c(surface$warning_handlers, list(handler))
  invisible(NULL)
}
