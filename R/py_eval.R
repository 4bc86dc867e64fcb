# Python code from R: py_eval(), py_run_string(), py_run_file(), source_python(), py_call(),
# seeds, pickles and help. Code runs in Python's __main__ unless `local = TRUE`.

py_eval <- function(code, convert = TRUE) {
  side <- if (convert) bridge else bridge_raw
  side$eval_code(one_text(code))
}

py_run_string <- function(code, local = FALSE, convert = TRUE) {
  invisible(py_proxy(bridge_raw$run_string(one_text(code), local), convert))
}

py_run_file <- function(file, local = FALSE, convert = TRUE, prepend_path = TRUE) {
  check_file(file, "py_run_file")
  invisible(py_proxy(bridge_raw$run_file(file, local, prepend_path), convert))
}

source_python <- function(file, envir = parent.frame(), convert = TRUE) {
  check_file(file, "source_python")
  names <- as_strings(bridge$source_names(file))
  main <- py_proxy(bridge_raw$main_module(), convert)
  if (!is.null(envir)) {
    for (name in names) {
      assign(name, .Call(core_get_attr, main, name), envir = envir)
    }
  }
  invisible(NULL)
}

py_call <- function(x, ...) {
  .External(core_call, x, ...)
}

# An R function as a Python function of the same signature.
py_func <- function(f) {
  if (!is.function(f)) {
    stop("py_func(): `f` is a function, not ", class(f)[[1L]], ".", call. = FALSE)
  }
  py_proxy(f, TRUE)
}

py_help <- function(object) {
  cat(bridge$help_text(object), "\n", sep = "")
  invisible(NULL)
}

py_version <- function(patch = FALSE) {
  numeric_version(bridge$python_version(patch))
}

# R runs inside Python here, so Python is always available.
py_available <- function(initialize = FALSE) {
  TRUE
}

py_module_available <- function(module) {
  bridge$module_available(module)
}

py_set_seed <- function(seed, disable_hash_randomization = TRUE) {
  bridge$set_seed(seed, disable_hash_randomization)
  invisible(NULL)
}

py_save_object <- function(object, filename, pickle = "pickle", ...) {
  bridge$save_object(object, filename, pickle, named_options(...))
  invisible(filename)
}

py_load_object <- function(filename, pickle = "pickle", ..., convert = TRUE) {
  check_file(filename, "py_load_object")
  side <- if (convert) bridge else bridge_raw
  side$load_object(filename, pickle, named_options(...))
}

# A named list (a dict for Python) of arguments that are passed on by name.
named_options <- function(...) {
  options <- list(...)
  names(options) <- names(options) %||% character(length(options))
  if (!all(nzchar(names(options)))) {
    stop("The arguments in `...` need names.", call. = FALSE)
  }
  options
}

`%||%` <- function(x, y) {
  if (is.null(x)) y else x
}

one_text <- function(code) {
  if (!is.character(code) || anyNA(code)) {
    stop("`code` is Python code as text, not ", class(code)[[1L]], ".", call. = FALSE)
  }
  paste(code, collapse = "\n")
}

check_file <- function(file, fun) {
  if (!is.character(file) || length(file) != 1L || is.na(file)) {
    stop(fun, "(): the file name is one string.", call. = FALSE)
  }
  if (!file.exists(file)) {
    stop(
      fun, "(): there is no file ", encodeString(file, quote = "\""), " in ", getwd(), ".",
      call. = FALSE
    )
  }
}
