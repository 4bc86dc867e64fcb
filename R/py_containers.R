# Python containers made from R: tuple(), dict(), py_dict(), np_array(); and array_reshape().
# They are raw unless `convert = TRUE`, so what is in them stays as Python has it.

tuple <- function(..., convert = FALSE) {
  values <- list(...)
  if (length(values) == 1L && is_many(values[[1L]])) {
    values <- elements(values[[1L]])
  }
  py_proxy(bridge_raw$make_tuple(unname(values)), convert)
}

# Does tuple() take the elements of `x`, its only argument, rather than `x` itself?
is_many <- function(x) {
  if (is_py_object(x)) {
    inherits(x, c("python.builtin.tuple", "python.builtin.list"))
  } else {
    is.null(x) || (!is.object(x) && (is.list(x) || (is.atomic(x) && length(x) > 1L)))
  }
}

elements <- function(x) {
  if (is_py_object(x)) iterate(py_proxy(x, FALSE), simplify = FALSE) else as.list(x)
}

dict <- function(..., convert = FALSE) {
  values <- list(...)
  keys <- names(values) %||% character(length(values))
  if (!all(nzchar(keys))) {
    stop(
      "dict(): every value needs a name, as in dict(units = 10L). ",
      "For keys that are not strings use py_dict(keys, values).",
      call. = FALSE
    )
  }
  if (anyDuplicated(keys)) {
    stop("dict(): the key `", keys[duplicated(keys)][[1L]], "` is given twice.", call. = FALSE)
  }
  py_dict(keys, values, convert)
}

py_dict <- function(keys, values, convert = FALSE) {
  py_proxy(bridge_raw$make_dict(unname(as.list(keys)), unname(as.list(values))), convert)
}

np_array <- function(data, dtype = NULL, order = "C") {
  order <- match.arg(order, c("C", "F"))
  bridge_raw$array(data, dtype, order)
}

# Fill an array of dims `dim` row by row ("C", the last index fastest), as Python does; "F" is
# R's own order. Not the same as `dim<-`: the elements are read in that order, too.
array_reshape <- function(x, dim, order = c("C", "F")) {
  order <- match.arg(order)
  if (is_py_object(x)) {
    x <- as.array(x)
  }
  dim <- complete_dim(dim, length(x))
  if (order == "F") {
    return(array(x, dim = dim))
  }
  flat <- if (is.null(base::dim(x))) x else as.vector(aperm(x))
  if (length(dim) < 2L) {
    return(array(flat, dim = dim))
  }
  aperm(array(flat, dim = rev(dim)))
}

# The dims with a single -1, NULL or NA (as tuple or list, too) worked out.
complete_dim <- function(dim, size) {
  if (is_py_object(dim)) {
    dim <- py_to_r(dim)
  }
  open <- vapply(as.list(dim), function(n) is.null(n) || is.na(n) || n == -1, logical(1L))
  out <- integer(length(open))
  out[!open] <- as.integer(unlist(as.list(dim)[!open]))
  if (sum(open) > 1L) {
    stop("array_reshape(): only one dim can be left open (-1 or NA).", call. = FALSE)
  }
  if (any(open)) {
    rest <- prod(out[!open])
    out[open] <- if (rest > 0) as.integer(size %/% rest) else 0L
  }
  if (prod(out) != size) {
    stop(
      "array_reshape(): ", size, " elements do not fit the dims (",
      paste(ifelse(open, "-1", out), collapse = ", "), ").",
      call. = FALSE
    )
  }
  out
}
