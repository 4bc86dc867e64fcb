# Seeds of Python's random generators: py_set_seed(). The other half is for_r/seeds.py.

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
