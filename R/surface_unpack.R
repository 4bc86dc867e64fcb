# `.`, which assigns several names at once: `.[p, q] <- list(1, 2)`. It has no other half in Python.
# `.` itself is an empty object whose `[<-` assigns in the calling frame. `%<-%` and the pipes read
# the dot as code and never look at its value, so they go on as they are.

#' Assign the parts of a value to several names
#'
#' `.[p, q] <- list(1, 2)` assigns `p` and `q`. The value is a list, vector, data frame or Python
#' iterable; `..` stands for any number of parts that are left out, an empty place or `.` for one.
#' Parts can be nested, as in `.[p, .[q, s]]`, and `.[x = name]` takes the part of that name, or an
#' expression of such parts. Targets such as `x$a` are assigned as by `<-`.
#'
#' Without `..` or names, more or fewer parts than places are an error, and so is a name that the
#' value does not have.
#'
#' @format An object without elements.
#' @return As of any assignment the value, invisibly.
#' @examples
#' \dontrun{
#' size <- dim(cars)
#' .[rows, columns] <- size
#' .[first, .., last] <- 1:5
#' .[.[a, b], c] <- list(list(1, 2), 3)
#' .[mean_speed = mean(speed)] <- cars
#' }
. <- structure(list(), class = "unpacking_dot")

# The formals are only `...`, since an argument may have any name, as in `.[x = name]`.
`[<-.unpacking_dot` <- function(...) {
  places <- as.list(substitute(list(...)))[-1L]
  unpack_parts(places[-c(1L, length(places))], ...elt(...length()), parent.frame())
  ..1
}

print.unpacking_dot <- function(x, ...) {
  cat("`.` assigns several names at once, as in `.[a, b] <- list(1, 2)`\n")
  invisible(x)
}

unpack_words <- list(label = "`.[...] <-`", rest = " A place `..` takes the remaining ones.")

unpack_parts <- function(places, value, env) {
  named <- has_name(places)
  targets <- lapply(places[!named], dot_target)
  if (any(named) && !any(vapply(targets, is_rest, NA))) {
    targets <- c(targets, quote(...))
  }
  check_unpackable(value)
  value <- value_parts(value)
  parts <- match_parts(targets, unname(value), unpack_words)
  for (i in seq_along(targets)) {
    assign_parts(rest_name(targets[[i]]), parts[[i]][[1L]], env)
  }
  for (i in which(named)) {
    part <- named_part(names(places)[[i]], places[[i]], value, env)
    assign_back(as.name(names(places)[[i]]), part, env)
  }
}

# A place in the words of `%<-%`, where `...` are parts that are left out.
dot_target <- function(place) {
  if (is_missing(place)) {
    quote(.)
  } else if (identical(place, quote(..))) {
    quote(...)
  } else {
    place
  }
}

named_part <- function(name, place, parts, env) {
  if (is.symbol(place) && !as.character(place) %in% names(parts)) {
    known <- names(parts)[nzchar(names(parts))]
    stop(
      "`.[", name, " = ", as.character(place), "] <-`: the value has no part `",
      as.character(place), "`", if (length(known)) paste0("; its parts are ", ticked(known)), ".",
      call. = FALSE
    )
  }
  eval(place, parts, env)
}

check_unpackable <- function(value) {
  if (!is_py_object(value) && (is.function(value) || is.environment(value))) {
    stop(
      unpack_words$label, ": the value must be a list, a vector or a Python iterable, not ",
      describe_value(value), ".",
      call. = FALSE
    )
  }
}

# Is it code such as `.[a, b]`?
is_unpacking <- function(target) {
  is.call(target) && identical(target[[1L]], quote(`[`)) && identical(target[[2L]], quote(.))
}
