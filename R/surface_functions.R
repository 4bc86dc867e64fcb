# The names that R functions get when they are given to Keras, which shows them in histories and
# saves them in configurations: `py_function_name`, an attribute of the function, else the list
# entry or the variable that the function was given by. Values are looked up only where the function
# was found already, so that no code runs and no other argument is evaluated.
# Python half: surface/functions.py.

# `x` with each R function in it as a Python function with its name. `code` is the expression of `x`
# in `env`; `entry` the name that `x` has in a list, and "" outside of lists. In a list, the names
# of `outputs` are those of a model's outputs: a function there has this name if it has no other.
named_functions <- function(x, code, env, entry = "", outputs = NULL) {
  if (is_r_function(x)) {
    is_output <- nzchar(entry) && entry %in% outputs
    name <- given_name(x, code, env, if (is_output) "" else entry)
    return(named_function(x, name %||% list(name = if (is_output) entry)))
  }
  if (!is.list(x) || is.object(x)) {
    return(x)
  }
  codes <- written_parts(code, length(x))
  entries <- names(x) %||% character(length(x))
  for (i in seq_along(x)) {
    inner <- if (is_r_function(x[[i]])) outputs
    x[i] <- list(named_functions(x[[i]], codes[[i]], env, entries[[i]], inner))
  }
  x
}

holds_function <- function(x) {
  is.list(x) && !is.object(x) && any(vapply(x, is_r_function, NA))
}

# The expressions of the elements of a list of `n` elements; NULL for each if it is not written out.
written_parts <- function(code, n) {
  is_written_out <- call_head(code) %in% c("list", "c", "dict") && length(code) == n + 1L
  if (is_written_out) unname(as.list(code)[-1L]) else vector("list", n)
}

# The Python function for `fn`: the one that is registered, if `fn` is, else a new one. A name that
# is not `sure` gives way to one by which Python has got `fn` before. Without a name, the crossing
# makes the function.
named_function <- function(fn, name) {
  known <- registered_function(fn)
  if (is_py_object(known) || is.null(name$name)) {
    return(known)
  }
  py_proxy(surface_module(), FALSE)$named(fn, name$name, isTRUE(name$sure))
}

# list(name, sure), or NULL for a function that has no name. `searches` says whether to look for a
# variable that holds the function, which takes milliseconds.
given_name <- function(fn, code, env, entry = "", searches = TRUE) {
  own <- attr(fn, "py_function_name", exact = TRUE)
  if (is_string(own)) {
    return(list(name = own, sure = TRUE))
  }
  if (nzchar(entry)) {
    return(list(name = entry, sure = TRUE))
  }
  head <- call_head(code)
  if (is.symbol(code)) {
    written_name(fn, as.character(code), env, searches)
  } else if (head %in% c("::", ":::")) {
    list(name = as.character(code[[3L]]), sure = TRUE)
  } else if (head %in% c("$", "@")) {
    list(name = as.character(code[[3L]]), sure = FALSE)
  } else if (head == "(") {
    given_name(fn, code[[2L]], env, searches = searches)
  } else if (head != "function") {
    entry_name(code, env) %||% if (searches) variable_name(fn, env)
  }
}

# The name of a variable in `env`. An argument of a function has the name that its caller wrote, as
# far as the callers are known.
written_name <- function(fn, name, env, searches) {
  for (step in seq_len(sys.nframe())) {
    home <- binding_env(name, env)
    code <- if (!is.null(home)) argument_code(name, home)
    is_global <- identical(home, globalenv())
    if (is_global || !is.language(code)) {
      return(list(name = name, sure = is_global || !name %in% argument_names(home)))
    }
    env <- calling_env(home)
    if (!is.symbol(code)) {
      return(given_name(fn, code, env, "", searches) %||% list(name = name, sure = FALSE))
    }
    if (!identical(get0(as.character(code), envir = env, mode = "function"), fn)) {
      return(list(name = name, sure = FALSE))
    }
    name <- as.character(code)
  }
  list(name = name, sure = FALSE)
}

# The expression of an argument; of another variable its value. match.call() has `..1` for the first
# of the arguments that a function passes on in `...`.
argument_code <- function(name, env) {
  if (is_dots_part(name)) {
    at <- as.integer(substring(name, 3L))
    return(eval(quote(substitute(list(...))), env)[[at + 1L]])
  }
  eval(call("substitute", as.name(name)), env)
}

is_dots_part <- function(name) {
  startsWith(name, "..") && grepl("^[.][.][0-9]+$", name)
}

binding_env <- function(name, env) {
  if (is_dots_part(name)) {
    name <- "..."
  }
  while (!identical(env, emptyenv())) {
    if (exists(name, envir = env, inherits = FALSE)) {
      return(env)
    }
    env <- parent.env(env)
  }
}

# The arguments of the running function whose frame is `env`.
argument_names <- function(env) {
  at <- frame_number(env)
  if (at > 0L) names(formals(sys.function(at)))
}

# The environment from which the function with the frame `env` was called; for a function that has
# ended, the one around it.
calling_env <- function(env) {
  at <- frame_number(env)
  if (at == 0L) parent.env(env) else sys.frame(sys.parents()[[at]])
}

frame_number <- function(env) {
  frames <- sys.frames()
  at <- length(frames)
  while (at > 0L && !identical(frames[[at]], env)) {
    at <- at - 1L
  }
  at
}

# The name of the element that `x[[i]]` is, in which `x` and `i` are variables or such elements, as
# in the calls of lapply() and Map().
entry_name <- function(code, env) {
  if (call_head(code) != "[[" || length(code) != 3L || !all(all.names(code) %in% c(
    "[[", all.vars(code)
  ))) {
    return(NULL)
  }
  at <- eval(code[[3L]], env)
  name <- if (is.character(at)) at else c(names(eval(code[[2L]], env))[at], NA)[[1L]]
  if (is_string(name) && nzchar(name)) list(name = name, sure = FALSE)
}

# A user's variable that holds `fn`, for a call such as do.call(layer_dense, x). `env` is looked into
# first.
variable_name <- function(fn, env) {
  name <- find_variable(function(value) identical(value, fn), env)
  if (!is.null(name)) list(name = name, sure = FALSE)
}

# The user's variable that holds the class `name`, for an error about a class that Keras does not
# know.
class_variable <- function(name) {
  find_variable(function(value) identical(attr(value, "r_class", exact = TRUE), name))
}

# The name of a variable that holds a function for which `is_it` is TRUE: in `env`, or else in the
# functions that run and what is around them.
find_variable <- function(is_it, env = globalenv()) {
  envs <- lapply(c(env, rev(sys.frames()), globalenv()), user_envs)
  for (place in unique(do.call(c, envs))) {
    for (name in setdiff(ls(place), argument_names(place))) {
      value <- if (!bindingIsActive(name, place)) get0(name, envir = place, inherits = FALSE)
      if (is.function(value) && is_it(value)) {
        return(name)
      }
    }
  }
}

# `env` and those around it, without packages.
user_envs <- function(env) {
  envs <- list()
  while (!identical(env, topenv(env)) && !identical(env, emptyenv())) {
    envs <- c(envs, env)
    env <- parent.env(env)
  }
  if (identical(env, globalenv())) c(envs, env) else if (!isNamespace(env)) envs
}

tell_name <- function(text) {
  warning(text, call. = FALSE)
}

# The name of `fn` among the arguments of a call of a Python object, such as keras$layers$Dense() or
# a factory, if that call is the frame `at`; else its `py_function_name`, if any.
name_in_call <- function(fn, at) {
  own <- attr(fn, "py_function_name", exact = TRUE)
  env <- if (at > 0L) environment(sys.function(at))
  if (is_string(own) || is.null(env) || !exists(".proxy", envir = env, inherits = FALSE)) {
    return(if (is_string(own)) list(name = own, sure = TRUE))
  }
  frame <- sys.frame(at)
  caller <- sys.frame(sys.parents()[[at]])
  if (identical(topenv(caller), topenv()) && !exists(".proxy", envir = caller)) {
    return(NULL) # the call is one of this namespace, not of a factory
  }
  codes <- as.list(eval(quote(substitute(list(...))), frame))[-1L]
  if (all(vapply(codes, call_head, "") == "function")) {
    return(NULL)
  }
  name_among(fn, eval(quote(list(...)), frame), codes, caller)
}

name_among <- function(fn, values, codes, env, entries = character(length(values))) {
  for (i in seq_along(values)) {
    value <- values[[i]]
    if (identical(value, fn)) {
      return(given_name(fn, codes[[i]], env, entries[[i]], searches = FALSE))
    }
    if (is.list(value) && !is.object(value)) {
      inner <- names(value) %||% character(length(value))
      found <- name_among(fn, value, written_parts(codes[[i]], length(value)), env, inner)
      if (!is.null(found)) {
        return(found)
      }
    }
  }
}
