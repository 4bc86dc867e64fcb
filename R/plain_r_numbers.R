# What is a number among the results of plain R: of metrics, losses, layers, their gradients, and the
# steps of datasets. Plain R; no other half in Python.
#
# A number crosses to Python without its attributes. Names, dims and labels only describe it. A class
# may say what it means: a difftime of 5 may be seconds or days, a factor of 1 is a label, the bits of
# an integer64 are those of another double. So a class is accepted if its numbers mean the same without
# it, and any other is an error, which says how to make a number of it.

# Classes whose numbers mean the same without them; `matrix` and so on are in the class of I(matrix).
NUMBER_CLASSES <- c(
  "table", "xtabs", "summaryDefault", "noquote", "AsIs", "ts", "mts", "logLik", "matrix", "array",
  "numeric", "integer", "double", "logical"
)

# What is none, whatever classes are beside it.
MEANING_CLASSES <- c("difftime", "Date", "POSIXt", "factor", "integer64", "units")

# Are these numbers or logicals that mean the same without their class?
are_numbers <- function(x) {
  typeof(x) %in% c("double", "integer", "logical") && (!is.object(x) || has_number_class(x))
}

# A class that is made upon numbers says so: `auc` of pROC is c("auc", "numeric").
has_number_class <- function(x) {
  classes <- oldClass(x)
  if (isS4(x) || any(classes %in% MEANING_CLASSES)) {
    return(FALSE)
  }
  all(classes %in% NUMBER_CLASSES) || any(c("numeric", "integer", "double") %in% classes)
}

# The end of an error for an object `x` that is no number: what to return in place of it; "" if nothing
# makes a number of it.
number_remedy <- function(x) {
  if (!is.object(x) || is_py_object(x)) {
    return("")
  }
  code <- if (inherits(x, "difftime")) {
    "as.numeric(x, units = \"secs\")"
  } else if (inherits(x, "factor")) {
    "as.integer(x)"
  } else if (inherits(x, "POSIXlt")) {
    "as.numeric(as.POSIXct(x))"
  } else if (inherits(x, "Matrix") || is.data.frame(x)) {
    "as.matrix(x)"
  } else if (typeof(x) %in% c("double", "integer", "logical")) {
    "as.numeric(x)"
  }
  if (is.null(code)) {
    return("")
  }
  codes <- if (inherits(x, "factor")) ", its codes," else if (inherits(x, "difftime")) ", or other units,"
  paste0(": return `", code, "`", codes, " in place of `x`")
}
