# The names that a function looks up outside of it. It has no other half in Python.

# The names that the code of a function looks up outside of it, as R's code tools find them, and those
# that they leave out. `strings` are those in the code.
globals_of <- function(f) {
  known <- analysis_of(f)
  more <- setdiff(strings_that_name(known, environment(f)), c(known$functions, known$variables))
  list(
    functions = c(known$functions, more), variables = c(known$variables, more), strings = known$strings
  )
}

# To analyse code takes longer than to write it, and a pool pickles the same functions again and again.
# So what is known of a function is kept by the address of its body, which is thereby kept, too.
analyses <- new.env(parent = emptyenv())

analysis_of <- function(f) {
  if (!exists("hashtab", asNamespace("utils"), inherits = FALSE)) { # R 4.1
    return(new_analysis(f))
  }
  if (is.null(analyses$table) || utils::numhash(analyses$table) > 1000L) {
    analyses$table <- utils::hashtab("address")
  }
  known <- utils::gethash(analyses$table, body(f))
  if (is.null(known) || !identical(known$formals, formals(f))) {
    known <- new_analysis(f)
    utils::sethash(analyses$table, body(f), known)
  }
  known
}

new_analysis <- function(f) {
  globals <- if (requireNamespace("codetools", quietly = TRUE)) {
    suppressWarnings(codetools::findGlobals(f, merge = FALSE)) # of a `...` that is no argument
  } else { # R without its recommended packages: local names are among these
    names <- unique(c(all.names(body(f)), unlist(lapply(formals(f), all.names))))
    list(functions = names, variables = names)
  }
  code <- list(body(f), as.list(formals(f)))
  more <- c(names_in_code(code), names_read_first(f))
  if ("..." %in% all.names(body(f)) && !"..." %in% names(formals(f))) {
    more <- c(more, "...")
  }
  more <- setdiff(more, c(globals$functions, globals$variables))
  strings <- unique(as.character(strings_in_code(code)))
  names <- unlist(lapply(code, all.names))
  list(
    formals = formals(f), functions = c(globals$functions, more), variables = c(globals$variables, more),
    strings = strings[nzchar(strings) & nchar(strings, "bytes") < 200L],
    looks_up = any(looks_names_up %in% names),
    takes_functions = any(takes_functions_by_name %in% names),
    takes_classes = any(takes_classes_by_name %in% names)
  )
}

# Functions that find a variable by its name, or run code which is given as text.
looks_names_up <- c(
  "as.name", "as.symbol", "assign", "as.formula", "delayedAssign", "dynGet", "eval", "exists", "get",
  "get0", "mget", "parse", "reformulate", "str2expression", "str2lang", "sym"
)

# Functions of R that take a function by its name.
takes_functions_by_name <- c(
  "aggregate", "apply", "ave", "by", "do.call", "eapply", "Filter", "Find", "lapply", "Map", "mapply",
  "match.fun", "outer", "Position", "rapply", "Reduce", "sapply", "sweep", "tapply", "vapply",
  "Vectorize"
)

# Functions of R that take a class of S4 or a reference class by its name.
takes_classes_by_name <- c(
  "as", "callGeneric", "existsMethod", "extends", "getClass", "getMethod", "hasMethod", "inherits", "is",
  "isVirtualClass", "new", "prototype", "representation", "selectMethod", "validObject"
)

# What `<<-` assigns, and the names in quoted code, formulas and text.
names_in_code <- function(code) {
  if (is.call(code)) {
    head <- if (is.symbol(code[[1L]])) as.character(code[[1L]]) else ""
    own <- switch(head,
      `<<-` = , `->>` = assigned_variable(code[[2L]]),
      quote = , bquote = , expression = , `~` = all.names(code),
      parse = , str2lang = , str2expression = names_in_text(unlist(Filter(is.character, as.list(code))))
    )
    c(own, unlist(lapply(as.list(code), names_in_code)))
  } else if (is.list(code) || is.pairlist(code) || is.expression(code)) {
    unlist(lapply(code, names_in_code))
  }
}

names_in_text <- function(text) all.names(tryCatch(parse(text = text), error = function(e) NULL))

# The strings in code that name what is found from `env`: functions, which `do.call()` and `lapply()`
# take by name, and other values if the code looks names up; for a class, the variable that has it. A word that happens to be the name of a
# function of the global environment is none for code that was defined elsewhere.
strings_that_name <- function(known, env) {
  mode <- if (known$looks_up) "any" else "function"
  is_any <- known$looks_up || known$takes_functions || identical(env, globalenv())
  end <- if (is_any) emptyenv() else globalenv()
  classes <- if (known$takes_classes) paste0(".__C__", known$strings)
  c(
    Filter(function(name) is_found_before(end, name, env, mode), known$strings),
    Filter(function(name) exists(name, envir = env) && !is_old_class(get(name, envir = env)), classes)
  )
}

# A class of S3 that setOldClass() has told S4 of: code that asks for it needs no definition.
is_old_class <- function(definition) "oldClass" %in% names(definition@contains)

is_found_before <- function(end, name, env, mode) {
  while (!identical(env, end) && !identical(env, emptyenv())) {
    if (exists(name, envir = env, mode = mode, inherits = FALSE)) {
      return(TRUE)
    }
    env <- parent.env(env)
  }
  FALSE
}

# The strings in code.
strings_in_code <- function(code) {
  if (is.character(code)) {
    code
  } else if (is.call(code) || is.list(code) || is.pairlist(code)) {
    unlist(lapply(as.list(code), strings_in_code))
  }
}

# `x` of `x[i]$y <<- value`.
assigned_variable <- function(target) {
  while (is.call(target) && length(target) > 1L) target <- target[[2L]]
  if (is.symbol(target) || is.character(target)) as.character(target)
}

# ---- what is read before it is assigned ----------------------------------------------------------

# The code tools take every name that a function assigns for its own. But `total <- total + 1` and
# `options$a <- 1` read the outer variable first.
names_read_first <- function(f) {
  seen <- new.env(parent = emptyenv())
  seen$read <- character()
  read_function(formals(f), body(f), character(), seen)
  grep("^[.][.][0-9]+$", unique(seen$read), value = TRUE, invert = TRUE)
}

read_function <- function(formals, body, outer, seen) {
  own <- c(names(formals), outer)
  seen$inner <- c(own, assigned_in(body)) # for functions in it, which are called later
  for (default in as.list(formals)) read_code(default, seen$inner, seen)
  inner <- seen$inner
  read_code(body, own, seen)
  seen$inner <- inner
}

# Reads code in the order in which R runs it; `known` are the names that have been assigned by then, and
# the result is `known` after it.
read_code <- function(code, known, seen) {
  if (missing(code)) {
    return(known)
  }
  if (is.symbol(code)) {
    seen$read <- c(seen$read, setdiff(as.character(code), c(known, "")))
    return(known)
  }
  if (!is.call(code)) {
    return(known)
  }
  head <- if (is.symbol(code[[1L]])) as.character(code[[1L]]) else ""
  switch(head,
    `<-` = , `=` = , `->` = read_assignment(code, known, seen),
    `function` = {
      inner <- seen$inner
      read_function(code[[2L]], code[[3L]], inner, seen)
      seen$inner <- inner
      known
    },
    `if` = {
      known <- read_code(code[[2L]], known, seen)
      after <- lapply(as.list(code)[-(1:2)], read_code, known, seen)
      if (length(after) == 2L) intersect(after[[1L]], after[[2L]]) else known
    },
    `for` = {
      known <- c(read_code(code[[3L]], known, seen), as.character(code[[2L]]))
      read_code(code[[4L]], known, seen)
      known
    },
    `while` = {
      known <- read_code(code[[2L]], known, seen)
      read_code(code[[3L]], known, seen)
      known
    },
    quote = , `::` = , `:::` = , `~` = known,
    `$` = , `@` = read_code(code[[2L]], known, seen),
    {
      for (part in as.list(code)) known <- read_code(part, known, seen)
      known
    }
  )
}

read_assignment <- function(code, known, seen) {
  known <- read_code(code[[3L]], known, seen)
  target <- code[[2L]]
  while (is.call(target) && length(target) > 1L) { # of `names(x)[i] <- value`, `i` and `x`
    named <- is.symbol(target[[1L]]) && as.character(target[[1L]]) %in% c("$", "@")
    if (!named) for (part in as.list(target)[-(1:2)]) known <- read_code(part, known, seen)
    target <- target[[2L]]
  }
  if (is.call(code[[2L]])) read_code(target, known, seen)
  c(known, if (is.symbol(target) || is.character(target)) as.character(target))
}

# The names that code assigns, but for functions in it.
assigned_in <- function(code) {
  if (!is.call(code)) {
    return(character())
  }
  head <- if (is.symbol(code[[1L]])) as.character(code[[1L]]) else ""
  own <- switch(head,
    `<-` = , `=` = , `for` = assigned_variable(code[[2L]]),
    `function` = , quote = return(character())
  )
  parts <- Filter(is.call, as.list(code))
  c(own, unlist(lapply(parts, assigned_in)))
}
