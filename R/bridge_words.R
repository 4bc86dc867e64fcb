# Words for the texts of errors: the nearest name, names in ticks, a value as a noun phrase.
# Pure R.
# Python half: bridge/words.py, where `nearest` gives the same answers.

ticked <- function(names) {
  paste0("`", names, "`", collapse = ", ")
}

quoted <- function(strings, between = ", ") {
  paste0("\"", strings, "\"", collapse = between)
}

counted <- function(n, what) {
  paste0(if (n == 0) "no" else n, " ", what, if (n != 1) "s")
}

# The name `among` others that takes the fewest edits from `name`, or NULL; of two the one that
# shares the longer beginning with `name`, then the shorter. An edit is a letter that is added, left
# out or replaced; two letters that changed places count as one. The limit is one edit for every
# three letters of the longer name, and `most` edits.
nearest_name <- function(name, among, most = 3L) {
  if (!length(among)) {
    return(NULL)
  }
  given <- strsplit(name, "")[[1L]]
  letters <- strsplit(among, "")
  same_letters <- vapply(letters, function(x) identical(sorted(x), sorted(given)), NA)
  edits <- c(utils::adist(name, among)) - same_letters
  near <- edits <= pmin(most, pmax(length(given), lengths(letters)) %/% 3L)
  begin <- vapply(letters, common_start, 0, given)
  best <- order(!near, edits, -begin, lengths(letters))[[1L]]
  if (near[[best]]) among[[best]]
}

sorted <- function(letters) sort(letters, method = "radix")

# How many letters are the same at the beginning of both.
common_start <- function(a, b) {
  n <- seq_len(min(length(a), length(b)))
  sum(cumprod(a[n] == b[n]))
}

# What the user gave, as a noun phrase for an error.
describe_value <- function(x) {
  if (is.null(x)) {
    "NULL"
  } else if (is_py_object(x)) {
    describe_py_object(x)
  } else if (is.function(x)) {
    "an R function"
  } else if (is_string(x)) {
    paste0("the string ", deparse_line(as.vector(x)))
  } else if (is.atomic(x) && length(x) == 1L && is.null(attributes(x))) {
    paste0("the value ", format(x))
  } else if (is.object(x)) {
    paste0("an object of class `", class(x)[[1L]], "`")
  } else if (is.atomic(x)) {
    paste0("a ", typeof(x), " vector of length ", length(x))
  } else if (is.language(x)) {
    paste0("the expression `", deparse_line(x), "`")
  } else {
    paste0(if (is.environment(x)) "an " else "a ", typeof(x))
  }
}

describe_py_object <- function(x) {
  type <- class(x)[[1L]]
  if (is_py_class(x)) {
    "a Python class"
  } else if (type == "python.builtin.module") {
    "a Python module"
  } else if (is.function(x) && grepl("(function|method)$", type)) {
    "a Python function"
  } else {
    paste0("an instance of `", type, "`")
  }
}
