# Calls in both directions, as functions: py_call(), py_func(), py_main_thread_func(). There is no
# other half in Python: the core makes the calls.

#' Call a Python object
#'
#' The same as `x(...)`. An object that cannot be called, and an R value, is a
#' `python.builtin.TypeError`.
#'
#' @param x A callable Python object.
#' @param ... Its arguments; those with a name are keyword arguments.
#' @return Its result, an R value unless `x` was made with `convert = FALSE`.
#' @examples
#' \dontrun{
#' py_call(import_builtins()$round, 3.14159, ndigits = 2L)
#' }
py_call <- function(x, ...) {
  .External(core_call, x, ...)
}

#' Hand an R function to Python
#'
#' Functions cross as Python functions by themselves; this makes one in advance, with the
#' arguments and defaults of `f` as its signature. Anything but a function is an error.
#'
#' @param f An R function.
#' @return A Python function.
#' @examples
#' \dontrun{
#' add <- py_func(function(a, b = 2) a + b)
#' add(1)
#' import("inspect")$signature(add)
#' }
py_func <- function(f) {
  if (!is.function(f)) {
    stop("py_func(): `f` is a function, not ", class(f)[[1L]], ".", call. = FALSE)
  }
  names <- names(formals(args(f)))
  open <- names %in% "..."
  if (any(open)) {
    stop("py_func(): `...` is no part of a signature: name the arguments of `f`.", call. = FALSE)
  }
  wrong <- names[python_name(as.character(names)) != names]
  if (length(wrong)) {
    stop(
      "py_func(): ", ticked(wrong), if (length(wrong) == 1L) " is no name" else " are no names",
      " in Python; ", ticked(python_name(wrong)), " would be.",
      call. = FALSE
    )
  }
  py_proxy(f, TRUE)
}

#' A function for any thread
#'
#' Any thread of Python may call R here, and R runs on that thread, so there is no need to
#' send the call to the main one; this is [py_func()] by another name. Anything but a function is
#' an error.
#'
#' @param f An R function.
#' @return A Python function.
#' @examples
#' \dontrun{
#' import("threading")$Thread(target = py_main_thread_func(function() cat("here\n")))$start()
#' }
py_main_thread_func <- function(f) {
  py_func(f)
}
