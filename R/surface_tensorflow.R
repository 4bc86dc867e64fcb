# Functions of the R package tensorflow, beside `tf`, the Python package itself (for_r_modules.R).
# They have no other half in Python.

#' A function of tensors as a TensorFlow graph
#'
#' The first call with each kind of arguments traces `f`: its R code runs once, and its operations
#' on tensors become the graph that later calls run.
#'
#' @param f An R or Python function.
#' @param input_signature NULL, or a list of `tf$TensorSpec()`, one for each argument.
#' @param autograph TRUE or FALSE: does TensorFlow translate `if` and `for` in Python code? It never
#'   translates R code.
#' @param ... Further arguments of `tf$function()`.
#' @param name The name of the graph; NULL for the name of `f`.
#' @return A function; an error if TensorFlow is not installed.
#' @examples
#' \dontrun{
#' half <- tf_function(function(x) x / 2)
#' half(tf$constant(c(1, 2)))
#' }
tf_function <- function(f, input_signature = NULL, autograph = TRUE, ..., name = NULL) {
  if (!is_py_object(f)) {
    f <- py_func(f)
  }
  if (!is.null(name)) {
    py_set_attr(f, "__name__", name)
  }
  tf[["function"]](f, input_signature = input_signature, autograph = autograph, ...)
}

#' The version and the GPUs of TensorFlow
#'
#' @param verbose TRUE or FALSE: does `tf_gpu_configured()` also print what it sees?
#' @return `tf_version()` a `numeric_version` of two parts, `tf_config()` a list of `version`,
#'   `location` and `available`, which is FALSE without TensorFlow; `tf_gpu_configured()` TRUE or
#'   FALSE.
#' @examples
#' \dontrun{
#' tf_version() >= "2.16"
#' tf_gpu_configured()
#' }
tf_version <- function() {
  numeric_version(sub("^([0-9]+[.][0-9]+).*", "\\1", tf$version$VERSION))
}

#' @rdname tf_version
tf_config <- function() {
  if (!py_module_available("tensorflow")) {
    return(list(available = FALSE))
  }
  list(available = TRUE, version = tf_version(), location = dirname(tf$`__file__`))
}

#' @rdname tf_version
tf_gpu_configured <- function(verbose = TRUE) {
  devices <- tf$config$list_physical_devices("GPU")
  if (verbose) {
    cat("GPUs that TensorFlow sees: ", length(devices), "\n", sep = "")
  }
  length(devices) > 0L
}
