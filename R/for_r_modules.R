# Python modules in R: import() and its like, the lazy `keras`, `py`. The other half is
# for_r/modules.py. Attaching the package imports nothing: Keras is imported when `keras` is first
# used.

#' Import a Python module
#'
#' `import_from_path()` looks in one directory first, `import_builtins()` and `import_main()` give
#' Python's own functions and the module in which [py_run_string()] works. A missing attribute of
#' a package is tried as a submodule.
#'
#' A module that is not there is a `python.builtin.ModuleNotFoundError`, with `delay_load = TRUE`
#' when its first attribute is read.
#'
#' @param module String, the name of a module, such as `"os.path"`.
#' @param as Taken for compatibility, without effect: a module prints its own name.
#' @param path String, a directory.
#' @param convert TRUE or FALSE: do the results of its functions become R values?
#' @param delay_load Anything but FALSE imports the module when it is first used; without effect
#'   for the modules that are always there. A function is called after the import; a list may have the
#'   functions `before_load()`, `on_load()`, `on_error(e)`, which gets the error, and
#'   `get_module()`, which gives the name of the module to import.
#' @return A module, whose members `$` gives.
#' @examples
#' \dontrun{
#' math <- import("math")
#' math$sqrt(2)
#' np <- import("numpy", convert = FALSE)
#' np$arange(3L)
#' import_builtins()$len("four")
#' }
import <- function(module, as = NULL, convert = TRUE, delay_load = FALSE) {
  # `as` names the module for R in reticulate's printing; here a module prints its own name.
  check_module(module, "import")
  found <- if (isFALSE(delay_load)) {
    for_r_proxies$require_module(module)
  } else {
    for_r_proxies$lazy_module(module, NULL, load_hooks(delay_load, "import"))
  }
  py_proxy(found, convert)
}

#' @rdname import
import_from_path <- function(module, path = ".", convert = TRUE, delay_load = FALSE) {
  check_module(module, "import_from_path")
  found <- if (isFALSE(delay_load)) {
    for_r_proxies$import_from_path(module, path)
  } else {
    for_r_proxies$lazy_module(module, path, load_hooks(delay_load, "import_from_path"))
  }
  py_proxy(found, convert)
}

# The functions that a delayed module calls, as a dict: `delay_load` is TRUE, a function to call after
# the import, or a list of functions by name.
load_hooks <- function(delay_load, fun) {
  hooks <- if (is.function(delay_load)) list(on_load = delay_load) else delay_load
  known <- c("before_load", "on_load", "on_error", "get_module")
  if (is.list(hooks)) {
    # What reticulate's loader has beside these says which Python environment to start.
    wrong <- setdiff(names(hooks), c(known, "environment", "priority"))
    if (!all(has_name(hooks)) || length(wrong)) {
      stop(
        fun, "(): `delay_load` is TRUE, a function, or a list of ", ticked(known),
        if (length(wrong)) paste0(", not `", wrong[[1L]], "`"), ".",
        call. = FALSE
      )
    }
    hooks <- drop_nulls(hooks[intersect(known, names(hooks))])
  }
  as_dict(if (is.list(hooks)) hooks else list())
}

#' @rdname import
import_builtins <- function(convert = TRUE, delay_load = FALSE) {
  import("builtins", convert = convert)
}

#' @rdname import
import_main <- function(convert = TRUE, delay_load = FALSE) {
  py_proxy(for_r_proxies$main_module(), convert)
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
      if (is_compared()) return(as.name(name))
      value <<- make()
      made <<- TRUE
    }
    value
  }, env)
}

#' Keras, TensorFlow, and the main module
#'
#' `keras` and `tf` are the Python packages, imported when the name is first used. `py` is Python's
#' main module: what code there defines is `py$name`, and `py$name <- value` defines it from R.
#'
#' Without Keras, or with a backend that does not load, `keras` is an error that names the remedy,
#' and so is `tf` without TensorFlow; the next use tries again.
#'
#' @format Modules of Python.
#' @return A module.
#' @examples
#' \dontrun{
#' keras$backend$backend()
#' tf$constant(c(1, 2))
#' py$n <- 2L
#' py_eval("n + 1")
#' }
#' @name keras
keras <- NULL
#' @rdname keras
#' @name tf
tf <- NULL
#' @rdname keras
#' @name py
py <- NULL

# Called while the namespace is loaded: a package that is installed can't have active bindings, so
# these names stand for them in it.
bind_modules <- function(ns) {
  rm(list = c("keras", "tf", "py"), envir = ns)
  bind_on_use("keras", function() import("keras"), ns)
  bind_on_use("tf", function() import("tensorflow"), ns)
  # Looked up at each use: IPython, and its %run, put another module in the place of the main one.
  makeActiveBinding("py", function() if (is_compared()) quote(py) else import_main(), ns)
}
