# use_backend() chooses the backend that Keras runs on, before Keras is first used. The other half
# is start/doctor.py.

#' Choose the backend of Keras
#'
#' Keras is imported when it is first used, on the backend that is chosen by then. Once it runs on
#' another one it is an error, and so is a backend that Keras does not have or that is not
#' installed.
#'
#' @param backend String: `"tensorflow"`, `"jax"` or `"torch"`.
#' @param gpu FALSE hides the graphics cards from the backend; otherwise it takes what there is.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' use_backend("jax")
#' config_backend()
#' }
use_backend <- function(backend, gpu = NA) {
  import("pyclass_bridge.start.doctor")$use_backend(backend, identical(gpu, FALSE))
  invisible()
}
