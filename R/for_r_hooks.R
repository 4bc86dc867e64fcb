# What packages that build on Python modules hang in: hooks when a module is loaded, handlers for
# warnings, functions for other threads.

#' Run a function once a module is loaded
#'
#' At once if it is loaded already, else after its first import. An error of the hook is one of the
#' import.
#'
#' @param module String, the name of a Python module.
#' @param hook A function without arguments.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' py_register_load_hook("wave", function() message("wave is there"))
#' import("wave")
#' }
py_register_load_hook <- function(module, hook) {
  check_module(module, "py_register_load_hook")
  for_r$on_load(module, function() hook())
  invisible(NULL)
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
