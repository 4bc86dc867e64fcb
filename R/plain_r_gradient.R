# Functions of plain R with a gradient, for losses and layers: the function itself, and what compiled code
# needs for training, the products of a vector with its Jacobian. The gradient is the user's; else that of
# an RTMB tape (R/plain_r_tape.R); else it is made of differences (R/plain_r_differences.R).
# Plain R; no other half in Python.
#
# `z` is all that is differentiated, as one vector: the inputs, one after the other. `outputs` are the
# numbers that the function returns; they and `z` have `rows`, as the columns of a matrix have them.
# Guarantees: a gradient has the length of `z` and no NA, or there is an error that names the function.

# What is known of a function: itself, and for each shape of the inputs how its gradient is computed.
# `label` names it in errors ("loss `cox`"), `call(active, constant)` calls it.
plain_function <- function(label, f, gradient, call) {
  list2env(
    list(
      label = label, f = f, gradient = gradient, call = call, shapes = list(), is_warned = FALSE,
      tape_fault = if (!requireNamespace("RTMB", quietly = TRUE)) "", tapes_data = TRUE
    ),
    parent = emptyenv()
  )
}

# The gradient of sum(g * outputs) by the inputs `active`: a list of arrays like them. `is_strict`: do the
# inputs hold numbers only, so that NA is an error? The outputs for these arguments are not given, since
# they would have crossed in less than double precision.
plain_gradient <- function(fn, active, constant, rows, g, label = fn$label, is_strict = TRUE) {
  slopes <- if (is.null(fn$gradient)) {
    computed_gradient(fn, active, constant, rows, as.double(g))
  } else {
    given_gradient(fn, active, constant, g, label)
  }
  if (is_strict) {
    refuse_missing_slopes(slopes, active, label)
  }
  unpacked(slopes, active)
}

# A tape, or differences. What is kept of a shape is dropped when many have been seen.
computed_gradient <- function(fn, active, constant, rows, g) {
  key <- paste(rows, paste(lapply(active, dims_of), collapse = " "), length(g))
  if (is.null(fn$shapes[[key]])) {
    fn$shapes <- c(if (length(fn$shapes) < 16L) fn$shapes, structure(list(list()), names = key))
  }
  z <- packed(active)
  slopes <- if (is.null(fn$tape_fault)) tape_gradient(fn, key, z, active, constant, g)
  slopes %||% checked_differences(fn, key, z, active, constant, rows, g)
}

# The numbers that the function returns for `z`.
outputs_of <- function(fn, active, constant) {
  function(z) as.double(fn$call(unpacked(z, active), constant))
}

dims_of <- function(x) dim(x) %||% length(x)

packed <- function(parts) as.double(unlist(lapply(parts, as.vector), use.names = FALSE))

# The parts of `z`, which have the dims of `like`. `z` may be a vector of RTMB.
unpacked <- function(z, like) {
  end <- cumsum(lengths(like))
  for (i in seq_along(like)) {
    part <- z[end[[i]] - length(like[[i]]) + seq_along(like[[i]])]
    if (!is.null(dim(like[[i]]))) {
      dim(part) <- dim(like[[i]])
    }
    like[[i]] <- part
  }
  like
}

# ---- the user's gradient ------------------------------------------------------------------------------

# `fn$gradient()` gives a list of arrays for the inputs, or one for the only input.
given_gradient <- function(fn, active, constant, g, label) {
  found <- fn$gradient(active, constant, g, label)
  if (!is.list(found) || is.object(found) && !is.data.frame(found)) {
    found <- list(found)
  }
  if (length(found) != length(active)) {
    stop(label, ": the gradient is a list of ", length(found), ", and there are ", length(active),
      " inputs: return an array for each.",
      call. = FALSE
    )
  }
  for (i in seq_along(found)) {
    refuse_gradient(found[[i]], active[[i]], label)
  }
  packed(found)
}

refuse_gradient <- function(found, like, label) {
  given <- dims_of(found)
  is_numeric <- are_numbers(found) && !is.logical(found)
  if (is_numeric && (identical(given, dims_of(like)) ||
    is.null(dim(like)) && identical(given, c(length(like), 1L)))) {
    return(invisible())
  }
  what <- if (is_numeric) shown_dims(found) else describe_value(found)
  remedy <- if (is_numeric) "" else number_remedy(found)
  stop(label, ": the gradient is ", what, ", and what it is taken by is ", shown_dims(like),
    if (nzchar(remedy)) remedy else ": return an array of the same dims", ".",
    call. = FALSE
  )
}

shown_dims <- function(x) {
  if (is.null(dim(x))) {
    paste("a vector of length", length(x))
  } else {
    paste("an array of", paste(dim(x), collapse = " x "))
  }
}

refuse_missing_slopes <- function(slopes, active, label) {
  missing <- which(is.na(slopes))
  if (length(missing)) {
    part <- active[[1L]]
    where <- if (missing[[1L]] <= length(part)) place_in(missing[[1L]], part) else "a later input"
    stop(label, ": the gradient is ", if (is.nan(slopes[[missing[[1L]]]])) "NaN" else "NA", " for ", where,
      ": it must be a number wherever the function is.",
      call. = FALSE
    )
  }
}

# "row 3", or "row 3, column 2", for a number of an array.
place_in <- function(i, array) {
  d <- dims_of(array)
  at <- arrayInd(i, d)
  words <- c("row", "column", rep("slice", max(0L, length(d) - 2L)))[seq_along(d)]
  paste(words, at, collapse = ", ")
}
