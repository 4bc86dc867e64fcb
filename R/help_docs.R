# The documentation of Python functions in parts, and R functions that call them as text, for those
# who write R packages. The other half is help/docs.py.

#' Documentation and R wrappers of Python functions
#'
#' A name that no Python function has is an error of Python, such as
#' `python.builtin.ModuleNotFoundError` or `python.builtin.AttributeError`.
#'
#' @param python_function String, the full name of a function or class, such as
#'   `"keras.layers.Dense"`.
#' @param r_prefix String, what comes before the function's own name in R.
#' @param r_function String, the whole R name.
#' @return `py_function_docs()` a list of texts: `name`, `qualified_name`, `description`, `details`,
#'   `signature`, `parameters`, `sections`, `returns`; `py_function_wrapper()` R code with roxygen
#'   comments, which is printed as well, invisibly.
#' @examples
#' \dontrun{
#' py_function_docs("textwrap.wrap")$description
#' py_function_wrapper("textwrap.wrap", r_prefix = "text_")
#' }
py_function_docs <- function(python_function) {
  docs_module()$function_docs(python_object(python_function))
}

#' @rdname py_function_docs
py_function_wrapper <- function(python_function, r_prefix = NULL, r_function = NULL) {
  call <- gsub(".", "$", python_function, fixed = TRUE)
  code <- docs_module()$wrapper_code(
    python_object(python_function), call, r_prefix %||% "", r_function
  )
  cat(code)
  invisible(code)
}

# The Python object of a full name such as "keras.layers.Dense".
python_object <- function(name) {
  parts <- strsplit(name, ".", fixed = TRUE)[[1L]]
  object <- import(parts[[1L]], convert = FALSE)
  for (part in parts[-1L]) {
    object <- py_get_attr(object, part)
  }
  object
}

docs_module <- function() {
  if (is.null(surface$docs)) {
    surface$docs <- import("pyclass_bridge.help.docs")
  }
  surface$docs
}
