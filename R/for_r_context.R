# with() on Python context managers, and `%as%`. The other half is for_r/context.py. __exit__() runs
# once, however the block ends: it gets an R error as a Python exception and may suppress it;
# return() and next in the block are a normal end, as in Python.

#' Name the value of a context manager
#'
#' `with(manager %as% name, { ... })` runs the block between the manager's `__enter__()` and
#' `__exit__()`, whatever ends the block, and assigns the value of `__enter__()` to `name`, which is
#' there after the block too. `__exit__()` sees an R error as a Python exception and may
#' swallow it; the value is then NULL.
#'
#' An object that is no context manager is a `python.builtin.TypeError`.
#'
#' @param object A Python context manager.
#' @param name A name, or a string.
#' @return The pair, for `with()`, which returns the value of its block.
#' @examples
#' \dontrun{
#' path <- tempfile()
#' with(import_builtins()$open(path, "w") %as% file, {
#'   file$write("one line")
#' })
#' file$closed
#' readLines(path, warn = FALSE)
#' }
`%as%` <- function(object, name) {
  structure(list(object = object, name = as_name(substitute(name))), class = "py_as")
}

as_name <- function(expr) {
  if (is.symbol(expr)) {
    return(as.character(expr))
  }
  if (!is.character(expr) || length(expr) != 1L) {
    stop("`%as%` and `as =` take the name of a variable.", call. = FALSE)
  }
  expr
}

with.py_as <- function(data, expr, ...) {
  run_with(data$object, function() expr, data$name, parent.frame())
}

with.python.builtin.object <- function(data, expr, as = NULL, ...) {
  as <- substitute(as)
  run_with(data, function() expr, if (!is.null(as)) as_name(as), parent.frame())
}

run_with <- function(manager, block, name, env) {
  value <- for_r_of(manager)$enter(manager)
  failure <- NULL
  left <- FALSE
  on.exit(if (!left) for_r$exit_with(manager, failure))
  if (!is.null(name)) {
    assign(name, value, envir = env)
  }
  tryCatch(
    withCallingHandlers(
      block(),
      error = function(e) failure <<- as_exception(e, sys.calls()),
      # __exit__() sees the interrupt, but can't suppress it.
      interrupt = function(e) {
        failure <<- import_builtins(convert = FALSE)$KeyboardInterrupt()
      }
    ),
    error = function(e) {
      left <<- TRUE
      if (!for_r$exit_with(manager, failure)) {
        stop(e)
      }
      invisible(NULL)
    }
  )
}

# The Python exception for an R error: the original one if it came from Python, else an RError.
as_exception <- function(condition, calls) {
  for_r_proxies$exception_of(.Call(core_handle, condition), .Call(core_handle, calls))
}
