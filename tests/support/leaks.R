# Which Python objects R holds on purpose, so that any other live proxy is a leak.
# conftest.py evaluates it in an environment above the package's namespace.

# How many proxies the namespace holds (`for_r`, what lazy names have cached), and how many the
# values `...` that Python holds: a closure or a class that Python has holds its environment, and
# through it what was defined beside it.
own_proxies <- function(...) {
  walk <- new.env()
  walk$envs <- list()
  walk$pointers <- list()
  visit(asNamespace("pyclassbridge"), walk)
  visit(list(...), walk)
  length(walk$pointers)
}

visit <- function(x, walk) {
  if (is.environment(x)) {
    visit_environment(x, walk)
  } else if (is_py_object(x)) {
    visit_pointer(if (is.function(x)) environment(x)$.proxy else x, walk)
    visit_closure(x, walk)
  } else if (is.list(x)) {
    for (i in seq_along(unclass(x))) {
      if (!is_empty(unclass(x)[i])) visit(unclass(x)[[i]], walk)
    }
  } else {
    visit_closure(x, walk)
  }
  invisible()
}

visit_pointer <- function(pointer, walk) {
  if (!holds(walk$pointers, pointer)) {
    walk$pointers[[length(walk$pointers) + 1L]] <- pointer
  }
}

visit_environment <- function(env, walk) {
  if (isNamespace(env) && !identical(env, asNamespace("pyclassbridge")) || is_shared(env) || holds(walk$envs, env)) {
    return(invisible())
  }
  walk$envs[[length(walk$envs) + 1L]] <- env
  for (name in ls(env, all.names = TRUE, sorted = FALSE)) {
    if (bindingIsActive(name, env)) {
      visit_closure(activeBindingFunction(name, env), walk)
    } else if (!identical(env[[name]], quote(expr = ))) {
      visit(get(name, envir = env, inherits = FALSE), walk)
    }
  }
  visit(parent.env(env), walk)
}

visit_closure <- function(x, walk) {
  if (typeof(x) == "closure") {
    visit(environment(x), walk)
  }
}

# Environments that outlive everything, and are emptied by the tests themselves.
is_shared <- function(env) {
  identical(env, globalenv()) || identical(env, baseenv()) || identical(env, emptyenv()) ||
    startsWith(environmentName(env), "imports:")
}

# Two proxies of one Python object are two: pointers are compared themselves (R >= 4.2).
holds <- function(list, x) {
  any(vapply(list, function(known) identical(known, x, extptr.as.ref = TRUE), NA))
}
