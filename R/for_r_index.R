# Indices as users write them in `x[...]`, and how tensors read them: from 1, both ends of a range
# in it, negative from the end. The other half is for_r/index.py. An index is described by
# list(kind =, value =): "all" (left out), "rest" (`..`), "slice" (`2:3`, `` `2:` ``), or "value".

#' Indices of tensors that are no numbers
#'
#' In `x[...]` of a tensor, `newaxis` (or NULL) makes a new dim of size 1 and `all_dims()` (or
#' `..`) stands for all the dims that have no index. Other indices count from 1 as in R, from the
#' end if negative. A range keeps its dim, as `2:2` does; `2:NULL`, `2:NA` and `` `2:` `` go to the
#' end, `1:9:2` in steps of 2. A matrix with a column for each dim has an element in each row, as in
#' base R.
#'
#' A tensor has no place for a second `all_dims()`; that is an error, as are too many indices.
#'
#' @format `newaxis` is NULL.
#' @return `all_dims()` a mark for `[`.
#' @examples
#' \dontrun{
#' x <- as_tensor(array(1:24, c(2, 3, 4)))
#' x[all_dims(), 1]
#' x[newaxis, 1, 2:NULL, ]
#' x[1, , `:3`]
#' }
#' @name newaxis
newaxis <- NULL

#' @rdname newaxis
all_dims <- function() {
  structure(list(), class = "all_dims")
}

# Descriptions of the indices in the `...` of a caller: `exprs` are their expressions, `env` is
# where these belong, `value_at(i)` evaluates one.
index_parts <- function(exprs, value_at, env) {
  lapply(seq_along(exprs), function(i) index_part(exprs[[i]], function() value_at(i), env))
}

index_part <- function(expr, value, env) {
  if (is_missing(expr)) {
    return(list(kind = "all"))
  }
  if (identical(expr, quote(..))) {
    return(list(kind = "rest"))
  }
  ends <- slice_ends(expr, env)
  if (!is.null(ends)) {
    return(list(kind = "slice", value = lapply(ends, slice_end, env)))
  }
  value <- value()
  if (inherits(value, "all_dims")) list(kind = "rest") else list(kind = "value", value = value)
}

# The expressions of the ends of `from:to`, with the step of `from:to:by`, also in backticks, where
# an end may be left out; NULL for other code. Numbers of this name are no slice.
slice_ends <- function(expr, env) {
  if (is.symbol(expr)) {
    text <- as.character(expr)
    if (!grepl(":", text, fixed = TRUE) || exists(text, envir = env, mode = "numeric")) {
      return(NULL)
    }
    ends <- regmatches(text, gregexpr(":", text, fixed = TRUE), invert = TRUE)[[1L]]
    lapply(ends, function(end) if (nzchar(trimws(end))) str2lang(end))
  } else if (is_colon(expr)) {
    from <- expr[[2L]]
    if (is_colon(from)) list(from[[2L]], from[[3L]], expr[[3L]]) else list(from, expr[[3L]])
  }
}

is_colon <- function(expr) {
  is.call(expr) && identical(expr[[1L]], quote(`:`)) && length(expr) == 3L
}

# The value of an end; NULL for an open one.
slice_end <- function(expr, env) {
  end <- eval(expr, env)
  if (is.atomic(end) && length(end) == 1L && is.na(end)) NULL else end
}

# Where the expressions in the `...` of the call in frame `frame` belong: its caller, or, if that
# passes on a `...` of its own, the caller's caller.
dots_env <- function(frame = sys.parent()) {
  parents <- sys.parents()
  while (frame > 0L && forwards_dots(sys.call(frame))) {
    frame <- parents[[frame]]
  }
  if (frame > 0L) sys.frame(parents[[frame]]) else globalenv()
}

forwards_dots <- function(call) {
  any(vapply(as.list(call), identical, logical(1L), quote(...)))
}

# ---- tensors -------------------------------------------------------------------------------------

tensor_extract <- function(x, parts, drop, label) {
  if (length(parts) == 1L && parts[[1L]]$kind == "all") {
    return(x)
  }
  indices <- tensor_indices(parts, drop, label)
  for_r_of(x)$tensor_item(x, indices$kinds, indices$values, label)
}

# list(kinds =, values =) as tensor_item() takes them.
tensor_indices <- function(parts, drop, label) {
  indices <- lapply(parts, function(part) {
    index <- switch(part$kind,
      slice = range_index(part$value, label),
      value = value_index(part$value, label),
      part
    )
    if (!drop && index$kind == "at") list(kind = "take", value = list(index$value)) else index
  })
  tell_negative(indices)
  list(kinds = lapply(indices, `[[`, "kind"), values = lapply(indices, `[[`, "value"))
}

range_index <- function(ends, label) {
  ends <- lapply(ends, function(end) if (!is.null(end)) whole(end, label))
  from <- ends[[1L]]
  to <- ends[[2L]]
  if (length(ends) < 3L && !is.null(from) && !is.null(to) && from > to && from * to > 0L) {
    list(kind = "take", value = as.list(from:to))
  } else {
    list(kind = "range", value = ends)
  }
}

value_index <- function(value, label) {
  if (is.null(value)) {
    list(kind = "newaxis")
  } else if (is_py_object(value)) {
    list(kind = "tensor", value = value)
  } else if (is.logical(value)) {
    list(kind = "mask", value = if (is.null(dim(value))) as.list(value) else value)
  } else if (length(dim(value)) == 2L) {
    list(kind = "points", value = array(whole(value, label), dim(value)))
  } else if (length(value) == 1L) {
    list(kind = "at", value = whole(value, label))
  } else {
    value <- whole(value, label)
    is_range <- length(value) > 1L && all(diff(value) == 1L) && prod(range(value)) > 0
    if (is_range) {
      list(kind = "range", value = list(value[[1L]], value[[length(value)]]))
    } else {
      list(kind = "take", value = as.list(value))
    }
  }
}

whole <- function(value, label) {
  if (!is.numeric(value) || anyNA(value) || any(value != trunc(value))) {
    stop(
      "`", label, "[...]`: an index is a whole number, TRUE/FALSE, NULL (a new dim), `..`, a ",
      "range or a tensor, not ", short_label(value), ".",
      call. = FALSE
    )
  }
  as.integer(value)
}

told <- new.env(parent = emptyenv())

tell_negative <- function(indices) {
  numbers <- unlist(lapply(indices, function(index) {
    if (index$kind %in% c("at", "range", "take", "points")) index$value
  }))
  if (any(numbers < 0L) && is.null(told$negative)) {
    told$negative <- TRUE
    message(
      "A negative index of a tensor counts from its end (-1 is the last element); it leaves ",
      "nothing out as in an R vector. (Said once per session.)"
    )
  }
}

# ---- x@r[...] and x@py[...] ----------------------------------------------------------------------

# What `x@r` and `x@py` are: `[` and `[<-` on it count from 1, as R does, and from 0, as Python.
at_ways <- c(r = "indexed_from_1", py = "indexed_from_0")

`@.python.builtin.object` <- function(object, name) {
  if (!name %in% names(at_ways)) {
    stop(
      "`@", name, "`: a Python object has `x@r[...]`, which counts from 1, and `x@py[...]`, which ",
      "counts from 0; an attribute is `x$", name, "`.",
      call. = FALSE
    )
  }
  if (name == "r" && !for_r$is_any_tensor(object)) {
    stop(
      "`x@r[...]` is for tensors, and this is ", describe_py_object(object), ": `x[...]` and ",
      "`x@py[...]` read its items, as Python counts them.",
      call. = FALSE
    )
  }
  structure(list(object), class = at_ways[[name]])
}

`@<-.python.builtin.object` <- function(object, name, ..., value) {
  if (!inherits(value, at_ways)) {
    stop("`@`: only elements can be assigned, as in `x@r[1] <- value`.", call. = FALSE)
  }
  unclass(value)[[1L]]
}

`[.indexed_from_1` <- function(x, ..., drop = TRUE) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  tensor_extract(unclass(x)[[1L]], parts, drop, "x")
}

`[<-.indexed_from_1` <- function(x, ..., value) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  structure(list(replace_elements(unclass(x)[[1L]], parts, value)), class = class(x))
}

`[.indexed_from_0` <- function(x, ...) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  python_item(unclass(x)[[1L]], parts)
}

`[<-.indexed_from_0` <- function(x, ..., value) {
  exprs <- as.list(substitute(list(...)))[-1L]
  parts <- index_parts(exprs, function(i) ...elt(i), dots_env(sys.nframe()))
  object <- unclass(x)[[1L]]
  if (for_r$is_any_tensor(object)) {
    kinds <- lapply(parts, `[[`, "kind")
    changed <- for_r_of(object)$python_item_set(object, kinds, lapply(parts, `[[`, "value"), value)
    object <- in_place(object, changed)
  } else {
    set_python_item(object, parts, value)
  }
  structure(list(object), class = class(x))
}

# Before R 4.3 `@` has no methods: there the package has an `@` of its own, which says what to use.
# Returns the names to export.
bind_at <- function(ns) {
  if (getRversion() >= "4.3.0") {
    return(character())
  }
  assign("@", at_without_methods, envir = ns)
  "@"
}

at_without_methods <- function(object, name) {
  name <- as.character(substitute(name))
  if (is_py_object(object)) {
    stop(
      "`x@", name, "` of a Python object needs R 4.3 or later: op_subset(x, ...) and ",
      "`op_subset(x, ...) <- value` count from 1 as `x@r[...]` does.",
      call. = FALSE
    )
  }
  eval(call("@", object, as.name(name)), baseenv())
}
