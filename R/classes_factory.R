# Factories: a factory is the proxy of an R class with the formals of `initialize`.
# It passes only supplied arguments to Python, so that the method itself evaluates its defaults,
# lazily and in its own scope. Guarantees that a factory is a proxy: it has all attributes of the
# proxy and the binding `.proxy`. The errors for arguments that a factory lacks are here, too.
# Python half: none; classes/builder.py makes the class that a factory stands for.

make_factory <- function(cls, spec) {
  arguments <- factory_formals(spec)
  body <- quote(call_class(base::environment()))
  env <- factory_env(cls, spec$name, names(arguments))
  if (spec$composes) {
    body <- quote(call_layer(base::environment(), base::sys.call(), base::parent.frame()))
    env$signature <- as.function(c(arguments, list(NULL)))
    arguments <- c(arguments, if (!"..." %in% names(arguments)) alist(... = ))
  }
  factory <- as.function(c(arguments, list(body)), envir = env)
  attributes(factory) <- attributes(cls)
  attr(factory, "r_class") <- spec$name
  factory
}

# A class without `initialize` has the formals of its first base, if that is an R class.
factory_formals <- function(spec) {
  for (member in spec$methods) {
    if (member$name == "__init__") {
      return(formals(member$fn))
    }
  }
  base <- if (length(spec$bases)) spec$bases[[1L]]
  if (is.null(attr(base, "r_class", exact = TRUE))) alist(... = ) else formals(base)
}

factory_env <- function(cls, name, arguments) {
  env <- new.env(parent = environment(make_factory))
  if (is.function(cls)) {
    env$.proxy <- get0(".proxy", envir = environment(cls), inherits = FALSE)
  }
  env$cls <- cls
  env$class_name <- name
  env$arguments <- as.character(arguments)
  env$python_names <- python_name(env$arguments)
  env
}

# Calls the class with the supplied arguments of the factory call whose frame is `frame`.
call_class <- function(frame) {
  if (is_injected(sys.call(-1L))) {
    return(inject(sys.function(-1L), sys.call(-1L), parent.frame(2L)))
  }
  factory <- parent.env(frame)
  # The call names the class, which tracebacks show, unless an argument has that name.
  head <- as.name(factory$class_name)
  scope <- new.env(parent = frame)
  if (factory$class_name %in% factory$arguments) {
    head <- factory$cls
  } else {
    scope[[factory$class_name]] <- factory$cls
  }
  eval(as.call(c(list(head), supplied_arguments(frame, factory))), scope)
}

# A factory of a kind that composes works in a pipe, as layer_*() do: if the first argument is a
# Sequential model, a tensor or a list of tensors and has no name, the instance is put onto it; if
# it is NULL, onto nothing. The formals of the frame are those of `initialize`, so the call is
# matched again without that argument. An empty first argument, as in `L(, 3)`, is dropped.
call_layer <- function(frame, call, caller) {
  factory <- parent.env(frame)
  arguments <- as.list(call)[-1L]
  if (length(arguments) && is_empty(arguments[1L])) {
    arguments <- arguments[-1L]
  }
  values <- eval(as.call(c(list(dynamic_dots), arguments)), caller)
  codes <- if (is_injected(call)) vector("list", length(values)) else arguments
  for (i in which(vapply(values, is_r_function, NA))) {
    values[[i]] <- named_functions(values[[i]], codes[[i]], caller)
  }
  before <- NULL
  if (length(values) && !has_name(values)[[1L]] && is_before(values[[1L]])) {
    before <- values[[1L]]
    values <- values[-1L]
  }
  places <- as.call(c(as.name(factory$class_name), structure(
    as.list(seq_along(values)), names = names(values)
  )))
  matched <- as.list(match_factory(factory, places))[-1L]
  values <- values[as.integer(matched)]
  if (!is.null(names(matched))) {
    names(values) <- python_name(names(matched))
  }
  layer <- do.call(factory$cls, values, quote = TRUE)
  if (is.null(before)) layer else surface_module()$apply_layer(before, layer)
}

# NULL stands for no model or tensor, as in layer_dense(NULL, 8).
is_before <- function(x) {
  is.null(x) || (is_py_object(x) || is.list(x)) && surface_module()$takes_layer(x)
}

match_factory <- function(factory, call) {
  tryCatch(match.call(factory$signature, call), error = function(e) {
    stop(structure(
      class = c("py_class_argument_error", "error", "condition"),
      list(message = describe_unused(factory$signature, call, environment()), call = NULL)
    ))
  })
}

# Arguments before `...` go by position until one is missing, since `...` may hold positional ones.
supplied_arguments <- function(frame, factory) {
  given <- list()
  by_position <- "..." %in% factory$arguments
  for (i in seq_along(factory$arguments)) {
    name <- factory$arguments[[i]]
    if (name == "...") {
      given <- c(given, quote(...))
      by_position <- FALSE
    } else if (eval(call("missing", as.name(name)), frame)) {
      by_position <- FALSE
    } else {
      given[[length(given) + 1L]] <- as.name(name)
      names(given)[length(given)] <- if (by_position) "" else factory$python_names[[i]]
    }
  }
  given
}

# Arguments that do not match --------------------------------------------------------------------

# R raises the error for an unused argument before the function runs. If the function is a factory,
# or a wrapper of a Python class, an error that names the right arguments replaces it.
explain_unused <- function(cond) {
  # As conditionCall() gives it, without a user's methods.
  call <- if (is.list(cond)) unclass(cond)[["call"]]
  if (!inherits(cond, "simpleError") || !is.call(call)) {
    return(cond)
  }
  message <- tryCatch(unused_message(call, failing_frames()), error = function(e) NULL)
  if (is.null(message)) {
    return(cond)
  }
  structure(
    class = c("py_class_argument_error", "error", "condition"),
    list(message = message, call = NULL)
  )
}

# The frames in which R raised the error, innermost first, and the global environment.
failing_frames <- function() {
  heads <- vapply(sys.calls(), call_head, "")
  handlers <- match(".handleSimpleError", rev(heads), nomatch = 0L)
  frames <- sys.frames()
  c(rev(frames[seq_len(length(frames) - handlers)]), globalenv())
}

# NULL if the call is not one of a factory or a wrapper, or if its arguments match.
unused_message <- function(call, frames) {
  for (frame in frames) {
    fn <- called_function(call[[1L]], frame)
    if (makes_instances(fn) && !arguments_match(fn, call, frame)) {
      return(describe_unused(fn, call, frame))
    }
  }
}

# The function that the head of a call is in `frame`; NULL for code that may have side effects.
called_function <- function(head, frame) {
  if (is.symbol(head)) {
    get0(as.character(head), envir = frame, mode = "function")
  } else if (is.function(head)) {
    head
  } else if (call_head(head) %in% c("$", "[[", "::", ":::")) {
    tryCatch(eval(head, frame), error = function(e) NULL)
  }
}

makes_instances <- function(fn) {
  is.function(fn) && (!is.null(attr(fn, "r_class", exact = TRUE)) ||
    !is.null(attr(fn, "py_class_of", exact = TRUE)))
}

arguments_match <- function(fn, call, frame) {
  tryCatch(is.call(match.call(fn, call, envir = frame)), error = function(e) FALSE)
}

describe_unused <- function(fn, call, frame) {
  arguments <- as.character(names(formals(fn)))
  given <- as.list(match.call(function(...) NULL, call, envir = frame))[-1L]
  named <- names(given)[has_name(given)]
  fits <- vapply(named, function(name) any(startsWith(arguments, name)), NA)
  head <- if (is.function(call[[1L]])) attr(fn, "r_class", exact = TRUE) else call[[1L]]
  called <- paste0(if (is.character(head)) head else deparse_line(head), "()")
  if (!all(fits)) {
    return(paste0(called, no_argument_text(named[!fits][[1L]], arguments)))
  }
  if (length(given) > length(arguments)) {
    paste0(
      called, " takes ", counted(length(arguments), "argument"),
      if (length(arguments)) paste0(" (", ticked(arguments), ")"), ", but ", length(given),
      if (length(given) == 1L) " was" else " were", " given."
    )
  }
}

no_argument_text <- function(name, arguments) {
  nearest <- nearest_name(name, arguments, 3L)
  paste0(
    " has no argument `", name, "`",
    if (!is.null(nearest)) {
      paste0("; did you mean `", nearest, "`?")
    } else if (length(arguments)) {
      paste0("; its arguments are ", ticked(arguments), ".")
    } else {
      "; it takes none."
    }
  )
}
