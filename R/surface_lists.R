# Helpers for lists in scripts for Keras: zip_lists() and named_list(). They have no other half in
# Python.

#' Zip lists: a list of their first elements, of their second elements, and so on
#'
#' `zip_lists(list(1, 2), list("a", "b"))` is `list(list(1, "a"), list(2, "b"))`, so that a loop can
#' go through several lists at once. Lists with names are matched by name, in the order of the first
#' list; lists of different lengths, or with different names, are an error.
#'
#' @param ... Lists, vectors, or Python iterables; each element of the result has the names of the
#'   arguments.
#' @return A list as long as each of them.
#' @examples
#' \dontrun{
#' for (pair in zip_lists(name = c("a", "b"), size = list(1, 2))) print(pair$size)
#' zip_lists(list(a = 1, b = 2), list(b = 20, a = 10))$a
#' }
zip_lists <- function(...) {
  lists <- lapply(dynamic_dots(...), as.list)
  if (!length(lists)) {
    return(list())
  }
  sizes <- lengths(lists)
  if (any(sizes != sizes[[1L]])) {
    stop(
      "zip_lists(): all arguments must have the same length, not ",
      paste(sizes, collapse = ", "), ".",
      call. = FALSE
    )
  }
  keys <- names(lists[[1L]])
  places <- if (is.null(keys)) seq_along(lists[[1L]]) else keys
  for (other in lists) {
    check_same_names(keys, names(other))
  }
  zipped <- lapply(places, function(place) lapply(lists, `[[`, place))
  names(zipped) <- keys
  zipped
}

check_same_names <- function(keys, others) {
  if (!identical(sort(keys), sort(others)) || anyDuplicated(keys)) {
    stop(
      "zip_lists(): if elements have names, all arguments must have the same names, each once. ",
      "Remove the names to match by position.",
      call. = FALSE
    )
  }
}

#' A list in which all elements have names
#'
#' An element without a name is named by its expression. Without arguments, the result is an empty
#' list with names, which is an empty dict for Python. A name given twice is an error.
#'
#' @param ... Elements; an empty last argument is left out. `!!!` and `:=` are rlang's.
#' @return A list with names.
#' @examples
#' \dontrun{
#' units <- 3
#' named_list(units, activation = "relu")
#' }
named_list <- function(...) {
  exprs <- as.list(substitute(list(...)))[-1L]
  values <- dynamic_dots(...)
  if (any(vapply(exprs, is_injection, NA))) {
    values <- rlang::dots_list(..., .named = TRUE)
  }
  keys <- names(values) %||% character(length(values))
  open <- which(!nzchar(keys))
  keys[open] <- vapply(exprs[open], function(expr) paste(deparse(expr), collapse = " "), "")
  if (anyDuplicated(keys)) {
    stop("named_list(): the name `", keys[duplicated(keys)][[1L]], "` is given twice.",
      call. = FALSE
    )
  }
  structure(values, names = keys)
}
