# Calls in both directions, as functions: py_call(), py_func(), py_main_thread_func(). There is no
# other half in Python: the core makes the calls.

#' Call a Python object
#'
#' The same as `x(...)`. An object that cannot be called, and an R value, is a
#' `python.builtin.TypeError`.
#'
#' A last argument that is empty is left out, so a call may end with a comma. Where the R package
#' rlang is installed, `!!!` puts the elements of a list in its place, and `"{name}" := value` names
#' an argument by a variable; without it, both are an error that says so.
#'
#' @param x A callable Python object.
#' @param ... Its arguments; those with a name are keyword arguments.
#' @return Its result, an R value unless `x` was made with `convert = FALSE`.
#' @examples
#' \dontrun{
#' py_call(import_builtins()$round, 3.14159, ndigits = 2L)
#' }
py_call <- function(x, ...) {
  .External2(core_call_dots, x, substitute(c(...)))
}

#' Hand an R function to Python
#'
#' Functions cross as Python functions by themselves; this makes one in advance, with the
#' arguments and defaults of `f` as its signature. Anything but a function is an error, and so are
#' arguments that Python has no signature for: a name that is none in Python, such as `a.b`, and one
#' without a default after one that has it.
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
  check_function(f, "py_func")
  if (!is.primitive(f)) {
    check_signature(spec_formals(f))
  }
  py_proxy(f, TRUE)
}

check_function <- function(f, fun) {
  if (!is.function(f)) {
    stop(fun, "(): `f` is a function, not ", class(f)[[1L]], ".", call. = FALSE)
  }
}

# Refuses arguments that a Python signature can't have as they are.
check_signature <- function(arguments) {
  with_default <- NULL
  for (argument in arguments[vapply(arguments, `[[`, "", "kind") == "plain"]) {
    name <- argument$name
    if (!is_python_name(name)) {
      stop(
        "py_func(): Python can't have an argument `", name, "`: write `", python_name(name), "`.",
        call. = FALSE
      )
    }
    if (argument$default != "none") {
      with_default <- name
    } else if (!is.null(with_default)) {
      stop(
        "py_func(): in Python no argument without a default, as `", name, "`, comes after one ",
        "with a default, as `", with_default, "`: give it a default, or put it first.",
        call. = FALSE
      )
    }
  }
}

#' A function for any thread
#'
#' Any thread of Python may call R here, and R runs on that thread, so there is no need to
#' send the call to the main one: this makes the Python function in advance. Anything but a function
#' is an error.
#'
#' @param f An R function.
#' @return A Python function.
#' @examples
#' \dontrun{
#' import("threading")$Thread(target = py_main_thread_func(function() cat("here\n")))$start()
#' }
py_main_thread_func <- function(f) {
  check_function(f, "py_main_thread_func")
  py_proxy(f, TRUE)
}
