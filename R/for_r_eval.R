# Python code from R: py_eval(), py_run_string(), py_run_file(), source_python(). The other half is
# for_r/eval.py. Code runs in Python's __main__ unless `local = TRUE`.

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
#' keeps their definitions apart.
#'
#' In this code, and in functions that it defines, `r` is R: `r.x` is the variable `x` where the R
#' code works that runs it (in a function, a test, a document, else the global environment), and
#' `r.x = 1` assigns it there; `r["a.b"]` takes any name, `r.f(1)` calls a function, `dir(r)` gives
#' the names. A variable `r` of one's own is left alone. Exceptions are R errors of their classes, such as
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
#' size <- 4
#' py_run_string("r.area = r.size ** 2")
#' area
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
