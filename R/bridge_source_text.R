# Where the code of a function or a class was written: in a text that R has parsed with its source
# references, or nowhere, and then its code is deparsed.
# Python half: bridge/source_text.py.

# The place of a function as it crosses to Python: `at` is its source reference, `srcfile` what it
# refers to, `key` Python's name of that text, which is kept in the source file, NULL if Python does
# not know it. `hash` is that of the code. Each function that crosses asks this.
function_place <- function(fn) {
  ref <- attr(fn, "srcref", exact = TRUE)
  file <- text_of_srcref(ref)
  if (is.null(file)) {
    return(list(code = as.list(deparse(fn, control = c("keepInteger", "keepNA", "digits17")))))
  }
  list(
    key = .subset2(file, ".pyclassbridge_text"), at = as.integer(ref),
    srcfile = .Call(core_handle, file), hash = .Call(core_code_hash, formals(fn), body(fn))
  )
}

# The source file of a whole source reference, if its text is there. `$` would look for methods.
text_of_srcref <- function(ref) {
  file <- attr(ref, "srcfile", exact = TRUE)
  if (is.environment(file) && length(ref) == 8L) {
    original <- .subset2(file, "original") # of a `#line` directive, which names the lines anew
    if (is.environment(original)) {
      file <- original
    }
    if (length(.subset2(file, "lines"))) file
  }
}

# The source reference of the statement that makes a class: that of the call by which code of others
# has called this package (the innermost calls are those of this package).
statement_ref <- function() {
  own <- topenv(environment(statement_ref))
  i <- sys.nframe()
  while (i > 0L && identical(topenv(environment(sys.function(i)) %||% baseenv()), own)) {
    ref <- attr(sys.call(i), "srcref", exact = TRUE)
    if (!is.null(text_of_srcref(ref))) {
      return(ref)
    }
    i <- i - 1L
  }
}

# Its place as it crosses to Python; NULL without one.
statement_place <- function(ref) {
  file <- text_of_srcref(ref)
  if (!is.null(file)) {
    list(
      key = .subset2(file, ".pyclassbridge_text"), at = as.integer(ref),
      srcfile = .Call(core_handle, file), hash = ""
    )
  }
}

# A file's lines are one element each; a text may be one element of several lines.
describe_text <- function(file) {
  list(
    file = as.character(file$filename), directory = as.character(file$wd),
    lines = as.list(as_text(.subset2(file, "lines")))
  )
}

# Lines as text for Python: a comment may have bytes that are none in UTF-8, which are Latin-1 then.
as_text <- function(lines) {
  wrong <- !validUTF8(lines)
  lines[wrong] <- iconv(lines[wrong], "latin1", "UTF-8")
  lines
}

# The hashes that a function of this text has: the second without its first argument, which may be
# the `self` of a method. Code that was quoted and filled in has others.
hashes_of_text <- function(text) {
  code <- parse(text = text, keep.source = FALSE, encoding = "UTF-8")[[1L]]
  if (!identical(code[[1L]], quote(`function`))) {
    return(list())
  }
  lapply(list(code[[2L]], as.pairlist(code[[2L]][-1L])), function(formals) {
    .Call(core_code_hash, formals, code[[3L]])
  })
}

set_text_key <- function(file, key) {
  assign(".pyclassbridge_text", key, envir = file)
}
