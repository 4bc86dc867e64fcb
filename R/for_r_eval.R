# Python code from R: py_eval(), py_run_string(), py_run_file(), source_python(), py_call(),
# seeds, pickles and help. Code runs in Python's __main__ unless `local = TRUE`.

#' Evaluate a Python expression
#'
#' It is evaluated in Python's main module. Its exceptions are R errors of their classes:
#' `python.builtin.SyntaxError` for code that is no expression.
#'
#' @param code String, one expression; several strings are its lines.
#' @param convert TRUE or FALSE: does the value become an R value?
#' @return The value.
#' @examples
#' \dontrun{
#' py_eval("[n ** 2 for n in range(4)]")
#' py_eval("{'a': 1}", convert = FALSE)
#' }
py_eval <- function(code, convert = TRUE) {
  module <- if (convert) for_r else for_r_proxies
  module$eval_code(one_text(code))
}

#' Run Python code
#'
#' Code and files run in Python's main module, so later code sees what they define; `local = TRUE`
#' keeps their definitions apart. Exceptions are R errors of their classes, such as
#' `python.builtin.SyntaxError`; a file that is not there is an error.
#'
#' @param code String, statements; several strings are lines.
#' @param file String, the path of a Python file.
#' @param local TRUE or FALSE.
#' @param convert TRUE or FALSE: do items of the dict become R values?
#' @param prepend_path Can the file import modules from its own directory?
#' @return A dict, invisibly: all of the main module or, if `local`, what the code defined.
#' @examples
#' \dontrun{
#' py_run_string("
#'   def twice(x):
#'       return 2 * x
#' ")
#' py$twice(21L)
#' py_run_string("n = 1; m = n + 1", local = TRUE)$m
#'
#' file <- tempfile(fileext = ".py")
#' writeLines("rate = 0.5", file)
#' py_run_file(file)$rate
#' }
py_run_string <- function(code, local = FALSE, convert = TRUE) {
  invisible(py_proxy(for_r_proxies$run_string(one_text(code), local), convert))
}

#' @rdname py_run_string
py_run_file <- function(file, local = FALSE, convert = TRUE, prepend_path = TRUE) {
  check_file(file, "py_run_file")
  invisible(py_proxy(for_r_proxies$run_file(file, local, prepend_path), convert))
}

#' Run a Python file and take over what it defines
#'
#' The file runs in Python's main module. Each name that it binds is assigned in R, but for modules
#' and names that start with an underscore. A file that is not there is an error, and Python's
#' exceptions are R errors.
#'
#' @param file String, the path of a Python file.
#' @param envir The environment to assign in; NULL assigns nothing.
#' @param convert TRUE or FALSE: do values, and results of the functions, become R values?
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' file <- tempfile(fileext = ".py")
#' writeLines("def area(w, h):\n    return w * h", file)
#' source_python(file)
#' area(2, 3)
#' }
source_python <- function(file, envir = parent.frame(), convert = TRUE) {
  check_file(file, "source_python")
  names <- as_strings(for_r$source_names(file))
  main <- py_proxy(for_r_proxies$main_module(), convert)
  if (!is.null(envir)) {
    for (name in names) {
      assign(name, .Call(core_get_attr, main, name), envir = envir)
    }
  }
  invisible(NULL)
}

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
  py_proxy(f, TRUE)
}

#' Show Python's help
#'
#' What Python's own `help()` prints. A function that is made from Keras, such as `layer_dense`, has a
#' page in R's words, which is shown for it instead.
#'
#' @param object A Python object, such as a function, class or module, or the name of one as a
#'   string; a name without help is a `python.builtin.ImportError`.
#' @return NULL, invisibly; the text is printed.
#' @examples
#' \dontrun{
#' py_help(import("math")$sqrt)
#' }
py_help <- function(object) {
  wrapped <- attr(object, "keras_name", exact = TRUE)
  show_text(if (is.null(wrapped)) paste0(for_r$help_text(object), "\n") else our_text(wrapped))
}

#' Which Python is there
#'
#' R runs inside Python, so Python is always available. `py_module_available()` imports no module,
#' only the packages that the module is in.
#'
#' @param patch TRUE for all three numbers of the version.
#' @param initialize Taken for compatibility, without effect.
#' @param module String, the name of a module.
#' @return `py_version()` a [numeric_version()], the others TRUE or FALSE.
#' @examples
#' \dontrun{
#' py_version() >= "3.10"
#' py_module_available("keras")
#' }
py_version <- function(patch = FALSE) {
  numeric_version(for_r$python_version(patch))
}

#' @rdname py_version
py_available <- function(initialize = FALSE) {
  TRUE
}

#' @rdname py_version
py_module_available <- function(module) {
  for_r$module_available(module)
}

#' Seed Python's random generators
#'
#' Those of Python's `random` and, if it is installed, of NumPy. [set_random_seed()] seeds R and the
#' backend of Keras as well.
#'
#' @param seed A whole number; a fraction is cut off.
#' @param disable_hash_randomization TRUE or FALSE: do Python processes that are started later hash
#'   strings in the same way each time?
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' py_set_seed(1)
#' import("random")$random()
#' }
py_set_seed <- function(seed, disable_hash_randomization = TRUE) {
  for_r$set_seed(seed, disable_hash_randomization)
  invisible(NULL)
}

#' Save and load a Python object
#'
#' Python's `pickle` writes and reads the file; `saveRDS()` keeps no Python object. What cannot be
#' pickled is an error of the pickling module, a file that is not there an error.
#'
#' Load only files that you trust: a pickle can run any code.
#'
#' @param object A Python object, or an R value, which becomes one first.
#' @param filename String, a path.
#' @param pickle String, a module with `dump()` and `load()`.
#' @param ... Further arguments of these, by name.
#' @param convert TRUE or FALSE: does the object become an R value?
#' @return `py_save_object()` the path, invisibly; `py_load_object()` the object.
#' @examples
#' \dontrun{
#' file <- tempfile(fileext = ".pickle")
#' py_save_object(tuple(1L, "a"), file, protocol = 4L)
#' py_load_object(file, convert = FALSE)
#' }
py_save_object <- function(object, filename, pickle = "pickle", ...) {
  for_r$save_object(object, filename, pickle, named_options(...))
  invisible(filename)
}

#' @rdname py_save_object
py_load_object <- function(filename, pickle = "pickle", ..., convert = TRUE) {
  check_file(filename, "py_load_object")
  module <- if (convert) for_r else for_r_proxies
  module$load_object(filename, pickle, named_options(...))
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
