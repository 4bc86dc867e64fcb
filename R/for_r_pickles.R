# Python objects in files: py_save_object(), py_load_object(). The other half is for_r/pickles.py.

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
