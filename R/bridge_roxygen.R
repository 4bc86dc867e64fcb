# The roxygen comment above a definition, found by its place in the source: the docstring of a
# function, a method or a class that has none of its own.
# Assumes code that was parsed with its lines, as source() and scripts are; other code has no doc.
# Python half: bridge/roxygen.py, which makes a docstring of the comment.

# The docstring of a function: its own, else the comment above it, else NULL.
function_doc <- function(fn) {
  body_doc(fn) %||% docstring_of(comment_of_function(fn))
}

# The docstring of a class from the comment above the statement that is its `call`, or that assigns
# the value of it.
statement_doc <- function(call) {
  docstring_of(comment_of_call(call))
}

docstring_of <- function(comment) {
  if (!is.null(comment)) for_r$docstring(comment)
}

# What stands before a function that is given a name, and before one of marked members.
before_function <- paste0(
  "^\\s*[^\\s(){},;#]+\\s*(<-|=|%<-active%)\\s*",
  "((active_property|mark_active|staticmethod|classmethod|async_method)\\(\\s*)*$"
)

comment_of_function <- function(fn) {
  ref <- attr(fn, "srcref", exact = TRUE)
  lines <- source_lines(ref)
  if (is.null(lines)) {
    return(NULL)
  }
  line <- ref[[7L]]
  near <- lines[max(line - 2L, 0L):max(line - 1L, 0L)]
  if (!any(is_roxygen(near))) {
    return(NULL)
  }
  before <- substr(lines[[line]], 1L, ref[[5L]] - 1L)
  if (!nzchar(trimws(before))) {
    line <- line - 1L
    before <- lines[[line]]
  }
  if (grepl(before_function, before, perl = TRUE)) comment_above(lines, line)
}

# Bytes: a line may be no text of this locale.
is_roxygen <- function(lines) grepl("^[ \t]*#'", lines, useBytes = TRUE)

comment_of_call <- function(call) {
  ref <- attr(call, "srcref", exact = TRUE)
  lines <- source_lines(ref)
  if (is.null(lines)) {
    return(NULL)
  }
  line <- ref[[7L]]
  if (line < 2L || !is_roxygen(lines[[line - 1L]])) {
    return(NULL)
  }
  first <- trimws(lines[[line]])
  head <- deparse_line(call[[1L]])
  is_infix <- startsWith(head, "%") || startsWith(head, "`%")
  begins <- if (is_infix) {
    grepl("%py_class%", first, fixed = TRUE)
  } else {
    assigned <- sub("^[^\\s(){},;#]+\\s*(<-|=)\\s*", "", first, perl = TRUE)
    startsWith(assigned, head) || !nzchar(assigned)
  }
  if (begins) comment_above(lines, line)
}

# The comment above `Name <- R6Class("Name", ...)`, in the source of the functions of a generator.
comment_of_generator <- function(generator) {
  functions <- c(generator$public_methods, generator$private_methods, generator$active)
  refs <- Filter(Negate(is.null), lapply(functions, attr, "srcref", exact = TRUE))
  lines <- if (length(refs)) source_lines(refs[[1L]])
  if (is.null(lines) || !all(validUTF8(lines))) {
    return(NULL)
  }
  made <- paste0("^\\s*[^\\s(){},;#]+\\s*(<-|=)\\s*(R6::)?R6Class\\(\\s*(classname\\s*=\\s*)?[\"']")
  here <- grep(paste0(made, generator$classname, "[\"']"), lines, perl = TRUE)
  here <- if (length(here)) here[here <= refs[[1L]][[7L]]]
  if (length(here)) comment_above(lines, here[[length(here)]])
}

# The lines of the file or text that a source reference is in; NULL without one.
source_lines <- function(ref) {
  if (inherits(ref, "srcref") && length(ref) >= 8L) {
    .subset2(attr(ref, "srcfile", exact = TRUE), "lines")
  }
}

# The text of the roxygen comment that ends right above a line; NULL without one.
comment_above <- function(lines, line) {
  first <- line
  while (first > 1L && is_roxygen(lines[[first - 1L]])) {
    first <- first - 1L
  }
  if (first < line) {
    paste(sub("^\\s*#' ?", "", lines[first:(line - 1L)]), collapse = "\n")
  }
}
