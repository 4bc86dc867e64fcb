# Python modules in R: import() and its like, the lazy `keras`, `py`.
# Attaching the package imports nothing: Keras is imported when `keras` is first used.

import <- function(module, as = NULL, convert = TRUE, delay_load = FALSE) {
  # `as` names the module for R in reticulate's printing; here a module prints its own name.
  check_module(module, "import")
  raw <- if (isFALSE(delay_load)) {
    bridge_raw$require_module(module)
  } else {
    bridge_raw$lazy_module(module)
  }
  py_proxy(raw, convert)
}

import_from_path <- function(module, path = ".", convert = TRUE, delay_load = FALSE) {
  check_module(module, "import_from_path")
  raw <- if (isFALSE(delay_load)) {
    bridge_raw$import_from_path(module, path)
  } else {
    bridge_raw$lazy_module(module, path)
  }
  py_proxy(raw, convert)
}

import_builtins <- function(convert = TRUE, delay_load = FALSE) {
  import("builtins", convert = convert)
}

import_main <- function(convert = TRUE, delay_load = FALSE) {
  py_proxy(bridge_raw$main_module(), convert)
}

check_module <- function(module, fun) {
  if (!is.character(module) || length(module) != 1L || is.na(module) || !nzchar(module)) {
    stop(fun, "(): `module` is the name of a Python module, one string.", call. = FALSE)
  }
}

# A binding with the value of make(), which runs when the name is first used; after an error it
# runs again, which a promise would not do without a warning.
bind_on_use <- function(name, make, env) {
  made <- FALSE
  value <- NULL
  makeActiveBinding(name, function() {
    if (!made) {
      value <<- make()
      made <<- TRUE
    }
    value
  }, env)
}

bind_on_use("keras", function() import("keras"), environment())
bind_on_use("py", function() import_main(), environment())
