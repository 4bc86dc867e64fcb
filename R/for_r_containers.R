# Python containers made from R: tuple(), dict(), py_dict(), np_array(); and array_reshape(). The
# other half is for_r/containers.py. They are proxies unless `convert = TRUE`, so Python's types in
# them stay as they are.

#' Make a tuple
#'
#' A single list, a vector of several elements, or a Python list or tuple gives its elements; any
#' other arguments are the elements themselves.
#'
#' @param ... Elements, or one list of them; names are dropped.
#' @param convert TRUE or FALSE: do elements become R values when they are read?
#' @return A Python tuple.
#' @examples
#' \dontrun{
#' tuple(1L, "a", NULL)
#' tuple(1:3)
#' tuple(1L, 2L, convert = TRUE)[0]
#' }
tuple <- function(..., convert = FALSE) {
  values <- dots_list(...)
  if (length(values) == 1L && is_many(values[[1L]])) {
    values <- elements(values[[1L]])
  }
  py_proxy(for_r_proxies$make_tuple(unname(values)), convert)
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

#' Make a dict
#'
#' `dict()` takes keys that are strings as the names of its arguments, `py_dict()` any keys that
#' Python can hash. A value without a name, a name given twice, or keys and values of different
#' number are errors.
#'
#' @param ... Values, each with a name.
#' @param keys,values Vectors or lists of the same length.
#' @param convert TRUE or FALSE: do values become R values when they are read?
#' @return A Python dict.
#' @examples
#' \dontrun{
#' dict(units = 10L, activation = "relu")
#' py_dict(list(1L, tuple(1L, 2L)), c("one", "a pair"))
#' dict(units = 10L, convert = TRUE)$units
#' }
dict <- function(..., convert = FALSE) {
  values <- dots_list(...)
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

#' @rdname dict
py_dict <- function(keys, values, convert = FALSE) {
  py_proxy(for_r_proxies$make_dict(unname(as.list(keys)), unname(as.list(values))), convert)
}

#' Make a NumPy array
#'
#' @param data An R vector or array, or a Python object that NumPy reads.
#' @param dtype String such as `"float32"`; NULL leaves the type to NumPy. A type that NumPy does
#'   not know is a `python.builtin.TypeError`.
#' @param order `"C"` keeps rows together in memory, `"F"` columns. The elements are the same.
#' @return A NumPy array, which stays Python's.
#' @examples
#' \dontrun{
#' np_array(1:3, dtype = "float32")
#' np_array(matrix(1:4, 2))$shape
#' }
np_array <- function(data, dtype = NULL, order = "C") {
  order <- match.arg(order, c("C", "F"))
  for_r_proxies$array(data, dtype, order)
}

#' Give an array other dims, row by row
#'
#' Elements are read and filled in Python's order, the last index fastest, where `dim<-` goes by
#' columns. Dims that do not fit the number of elements, or several open ones, are an error.
#'
#' @param x An R vector or array, or a Python object that becomes one.
#' @param dim Whole numbers, as vector, list, tuple or shape; one may be -1, NA or NULL (in a list)
#'   and is worked out.
#' @param order `"C"` for Python's order, `"F"` for R's.
#' @return An R array of dims `dim`.
#' @examples
#' \dontrun{
#' array_reshape(1:6, c(2, 3))
#' array_reshape(1:6, c(-1, 2), order = "F")
#' }
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

# The dims, with the size computed where one of them is -1, NULL or NA (in a tuple or list, too).
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
