# Hooks that run when a Python module is imported first: py_register_load_hook(). The other half is
# for_r/hooks.py.

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
