# The formals of an R function as data: for the Python signature, the arity checks, the factory.
# Only python_name() calls Python. Defaults are not evaluated here: each is a literal or code.
# Python half: bridge/signature.py, which has the rule for names.

# The Python names of R names: `learning.rate` is `learning_rate`, `lambda` is `lambda_`. An empty
# name, that of an argument given by position, stays empty.
python_name <- function(names) {
  given <- nzchar(names)
  names[given] <- as.character(for_r$python_names(as.list(names[given])))
  names
}

is_python_name <- function(name) {
  nzchar(name) && python_name(name) == name
}

# One row of the class spec for each formal of `fn`, in order.
spec_formals <- function(fn) {
  defaults <- formals(fn)
  unname(Map(spec_formal, names(defaults), lapply(defaults, list), list(may_be_missing(fn))))
}

# `boxed` is a list of the default, since an empty default by itself is a missing argument;
# `optional` are names of arguments that may be left out though they have no default.
spec_formal <- function(name, boxed, optional = character()) {
  formal <- list(name = name, kind = "plain", default = "none", value = NULL, code = "")
  if (name == "...") {
    formal$kind <- "dots"
  } else if (is_empty(boxed)) {
    formal$default <- if (name %in% optional) "missing" else "none"
  } else {
    formal$code <- deparse_line(boxed[[1L]])
    literal <- literal_of(boxed[[1L]])
    formal$default <- if (is.null(literal)) "code" else "literal"
    formal["value"] <- if (is.null(literal)) list(NULL) else literal
  }
  formal
}

# The names of which the body of `fn` asks missing().
may_be_missing <- function(fn) {
  code <- body(fn)
  if ("missing" %in% all.names(code)) unique(asked_missing(code)) else character()
}

asked_missing <- function(code) {
  if (!is.call(code)) {
    return(character())
  }
  if (identical(code[[1L]], quote(missing)) && length(code) == 2L) {
    return(as.character(code[[2L]]))
  }
  unlist(lapply(as.list(code), function(part) if (!is_empty(list(part))) asked_missing(part)))
}

is_empty <- function(boxed) {
  identical(boxed[[1L]], quote(expr = ))
}

# list(value) for a constant, also one with a minus sign; NULL for code that R must evaluate.
literal_of <- function(default) {
  if (is.null(default)) {
    return(list(NULL))
  }
  negative <- is.call(default) && length(default) == 2L && identical(default[[1L]], quote(`-`)) &&
    is.numeric(default[[2L]])
  if (negative) {
    return(list(-default[[2L]]))
  }
  if (is.atomic(default) && length(default) == 1L && is.null(attributes(default))) {
    return(list(default))
  }
  NULL
}

deparse_line <- function(expr, width = 60L) {
  shortened(deparse(expr, width.cutoff = 500L), width)
}

# Lines of code as one line of at most `width` characters.
shortened <- function(lines, width = 60L) {
  text <- gsub("[[:space:]]+", " ", paste(lines, collapse = " "))
  if (nchar(text) > width) paste0(substr(text, 1L, width - 3L), "...") else text
}

# What `fn` takes by position: list(least, most, unreachable), the last being formals without a
# default after `...`, which no positional argument ever fills.
positional_range <- function(fn) {
  defaults <- formals(fn)
  names <- names(defaults)
  dots <- match("...", names, nomatch = length(names) + 1L)
  empty <- vapply(seq_along(names), function(i) is_empty(defaults[i]), NA)
  required <- which(names != "..." & empty)
  list(
    least = sum(required < dots), most = if (dots <= length(names)) Inf else length(names),
    unreachable = names[required[required > dots]]
  )
}

# `fn` without its first formal. Its attributes stay (srcref: where the user wrote it).
drop_first_formal <- function(fn) {
  out <- as.function(c(formals(fn)[-1L], list(body(fn))), envir = environment(fn))
  attributes(out) <- attributes(fn)
  out
}

first_formal <- function(fn) {
  c(names(formals(fn)), "")[[1L]]
}

# The docstring of a body in braces: its first string. A body that is one string in braces is
# documented by it and returns it.
body_doc <- function(fn) {
  code <- body(fn)
  if (is_braces(code) && length(code) > 1L && is_string(code[[2L]])) code[[2L]]
}

is_braces <- function(code) {
  is.call(code) && identical(code[[1L]], quote(`{`))
}

is_string <- function(x) {
  is.character(x) && length(x) == 1L && !is.na(x)
}

# A function with these arguments, given as text such as "x, n = 1L".
new_function <- function(arguments, body, env) {
  fn <- eval(parse(text = paste0("function(", arguments, ") NULL"), keep.source = FALSE)[[1L]])
  body(fn) <- body
  environment(fn) <- env
  fn
}
