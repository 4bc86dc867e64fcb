# R values that are more than data, on their way to another process: what they take along, and how they
# are put together there. The other halves are travel/pack.py and travel/environments.py. Nothing here
# knows a pickler.
#
# Environments, Python objects and the text of source references are *pieces*: an environment stands for
# each in the value, and serialize() writes its number. Functions are written without compiled code,
# which depends on how often they have run.

# list(bytes, pieces, reached, packages): pieces are list(kind, what), reached variables are
# list(environment, name, holder, path), packages are list(name, version, is it attached?).
pack_value <- function(x, path) {
  found <- new_findings()
  written(portable(x, path, found), path, found)
}

# The same for a class spec, whose environment need not travel with all that it has.
pack_spec <- function(spec, path) {
  found <- new_findings()
  parent_env <- spec$parent_env
  spec$parent_env <- NULL
  spec[c("bases", "keywords")] <- list(portable(spec$bases, path, found), portable(spec$keywords, path, found))
  for (group in c("methods", "active", "private_methods", "private_active")) {
    spec[[group]] <- lapply(spec[[group]], portable_member, path, found)
  }
  for (group in c("fields", "private_fields")) {
    spec[group] <- list(portable(spec[[group]], paste0(path, ", field "), found))
  }
  spec$parent_env <- enclosing_piece(parent_env, found)
  written(spec, path, found)
}

portable_member <- function(member, path, found) {
  member$fn <- portable(member$fn, paste0(path, ", member `", member$given, "`"), found)
  member$formals <- NULL # described again where it arrives
  member
}

# The same for the value of a variable; list(how) before it.
pack_variable <- function(variable, path) {
  found <- new_findings()
  state <- variable_state(variable[[1L]], variable[[2L]], path)
  value <- portable(state$value, path, found)
  reach_methods(character(), found$classes, variable[[1L]], path, found)
  c(written(value, path, found), state$how)
}

new_findings <- function() {
  found <- new.env(parent = emptyenv())
  found$pieces <- found$reached <- found$packages <- list()
  found$sources <- list()
  found$classes <- character() # that values have
  found
}

written <- function(x, path, found) {
  bytes <- serialize(x, NULL, refhook = function(o) piece_number(o, path, found))
  list(bytes, found$pieces, found$reached, unname(found$packages))
}

# The number of the piece that an environment stands for.
piece_number <- function(o, path, found) {
  if (is.environment(o) && inherits(o, "srcfile")) {
    o <- source_piece(o, found)
  }
  number <- if (is.environment(o)) get0(".piece", envir = o, inherits = FALSE)
  if (is.character(number)) {
    return(number)
  }
  if (typeof(o) == "externalptr") {
    return(NULL) # one that portable() lets R write: it arrives empty
  }
  refuse_to_travel(path, paste("a value of R's type", typeof(o)))
}

# `path` is for the errors of Python, which knows whether an object of its own can travel.
add_piece <- function(found, kind, what, path = NULL) {
  found$pieces[[length(found$pieces) + 1L]] <- c(list(kind, what), path)
  list2env(list(.piece = as.character(length(found$pieces))), parent = emptyenv())
}

refuse_to_travel <- function(path, what) {
  stop(structure(
    class = c("py_travel_error", "error", "condition"),
    list(call = NULL, message = paste0(
      if (nzchar(path)) paste0(path, ": "), what, " can't travel to another process. Make it where it ",
      "is used, or leave it out: `__getstate__` of a class returns what travels, `__setstate__` ",
      "makes the rest again."
    ))
  ))
}

# ---- a value -------------------------------------------------------------------------------------

# The value with everything that can't be written as it is replaced by what stands for a piece.
portable <- function(x, path, found) {
  if (is_plain_value(x)) {
    found$classes <- union(found$classes, attr(x, "class", exact = TRUE))
    return(x)
  }
  if (is_py_object(x)) {
    return(object_piece(x, path, found))
  }
  if (isS4(x) && !is.null(definition <- s4_definition(x))) {
    refuse_to_travel(path, definition)
  }
  switch(typeof(x),
    closure = return(portable_closure(x, path, found)),
    environment = return(portable_environment(x, path, found)),
    externalptr = refuse_to_travel(path, pointer_text(x)),
    weakref = refuse_to_travel(path, "a weak reference"),
    promise = , bytecode = , `...` = refuse_to_travel(path, paste("a value of R's type", typeof(x)))
  )
  if (inherits(x, "connection")) {
    refuse_to_travel(path, paste0("a connection (", summary(x)$description, ")"))
  }
  if (inherits(x, "formula")) {
    return(portable_formula(x, path, found))
  }
  if (is.list(x) || is.expression(x)) {
    x <- portable_elements(x, path, found)
  } else if (is.call(x) && !is_plain_code(x)) {
    x <- portable_call(x, path, found)
  }
  portable_attributes(x, path, found)
}

pointer_text <- function(x) {
  class <- attr(x, "class", exact = TRUE)
  paste0("an external pointer", if (!is.null(class)) paste0(" (of class ", class[[1L]], ")"))
}

# What of R's formal classes it is that only the session has which defined it, as its methods are in tables
# of that session; NULL for the rest, such as an S4 object without methods, which is its slots.
s4_definition <- function(x) {
  if (methods::is(x, "envRefClass")) {
    return(paste0("an object of the reference class `", class(x)[[1L]], "`"))
  }
  is_generic <- methods::is(x, "genericFunction")
  is_class <- methods::is(x, "classGeneratorFunction") || methods::is(x, "classRepresentation")
  if (!is_generic && !is_class) {
    return(object_with_methods(x))
  }
  if (!isNamespaceLoaded(x@package)) {
    if (is_generic) {
      paste0("the S4 generic `", x@generic, "`, which is in no R package,")
    } else {
      paste0("the S4 or reference class `", x@className, "`, which is in no R package,")
    }
  }
}

# Where it arrives, R would take the default for a method of its class, and say nothing.
object_with_methods <- function(x) {
  package <- attr(class(x), "package")
  if (is.null(package) || isNamespaceLoaded(package)) {
    return(NULL)
  }
  of_class <- methods::.S4methods(class = class(x)[[1L]])
  generics <- unique(as.character(attr(of_class, "info")$generic))
  if (length(generics) > 0L) {
    paste0(
      "an object of the S4 class `", class(x)[[1L]], "`, which is in no R package and has a method for `",
      generics[[1L]], "`,"
    )
  }
}

# Has it nothing in it that portable() would replace?
is_plain_value <- function(x) {
  if (is.null(x) || is.symbol(x) || typeof(x) %in% c("builtin", "special", "char")) {
    return(TRUE)
  }
  if (is.pairlist(x) || !is.atomic(x)) {
    return(FALSE)
  }
  attributes <- attributes(x)
  is.null(attributes) || inherits(x, "srcref") || all(vapply(attributes, is_plain_value, NA))
}

is_plain_code <- function(x) {
  if (is.call(x) || is.pairlist(x)) {
    all(vapply(as.list(x), is_plain_code, NA))
  } else {
    is_plain_value(x)
  }
}

portable_elements <- function(x, path, found) {
  attributes <- attributes(x)
  labels <- names(x)
  attributes(x) <- NULL
  plain <- vapply(x, is_plain_value, NA)
  for (i in which(!plain)) {
    label <- if (is.null(labels) || !nzchar(labels[[i]])) paste0("[[", i, "]]") else paste0("$", labels[[i]])
    x[[i]] <- portable(x[[i]], paste0(path, label), found)
  }
  attributes(x) <- attributes
  x
}

portable_call <- function(x, path, found) {
  elements <- as.list(x)
  for (i in which(!vapply(elements, is_plain_code, NA))) {
    elements[[i]] <- portable(elements[[i]], path, found)
  }
  out <- as.call(elements)
  attributes(out) <- attributes(x)
  out
}

# Attributes, and the slots of S4 objects. R itself makes the pointer of a data.table anew.
portable_attributes <- function(x, path, found) {
  found$classes <- union(found$classes, attr(x, "class", exact = TRUE))
  for (name in names(attributes(x))) {
    value <- attr(x, name, exact = TRUE)
    if (!is_plain_value(value) && !name %in% c("srcref", "srcfile", "wholeSrcref", ".internal.selfref")) {
      attr(x, name) <- portable(value, paste0(path, if (isS4(x)) "@" else " attribute ", name), found)
    }
  }
  x
}

object_piece <- function(x, path, found) {
  if (py_is_null_xptr(x)) {
    refuse_to_travel(path, "a Python object that is gone")
  }
  add_piece(found, if (.Call(core_convert_flag, x)) "object" else "proxy", x, path)
}

# All that it has travels, since any of it may be asked for.
portable_environment <- function(env, path, found) {
  if (is_of_session(env) || inherits(env, "srcfile")) {
    return(env)
  }
  if (environment_facts(env)[[1L]] %in% c("plain", "global")) {
    for (name in ls(env, all.names = TRUE, sorted = TRUE)) {
      reach(name, env, NULL, paste0(path, "$", name), found)
    }
    if (environmentIsLocked(env)) reach("", env, NULL, path, found)
  }
  environment_piece(env, found)
}

# As a handle: an environment with a class, such as a generator of R6, may be converted otherwise.
environment_piece <- function(env, found) add_piece(found, "environment", as_handle(env))

portable_formula <- function(x, path, found) {
  env <- environment(x)
  if (!is.null(env)) {
    for (name in unique(all.names(x))) need(name, env, FALSE, path, found)
    attr(x, ".Environment") <- enclosing_piece(env, found)
  }
  attributes <- attributes(x)
  out <- if (is_plain_code(x)) x else portable_call(x, path, found)
  attributes(out) <- attributes
  out
}

# ---- functions -----------------------------------------------------------------------------------

portable_closure <- function(f, path, found) {
  env <- environment(f)
  needed <- globals_of(f)
  for (name in needed$functions) need(name, env, TRUE, path, found)
  for (name in needed$variables) need(name, env, FALSE, path, found)
  reach_methods(c(needed$functions, needed$variables), needed$strings, env, path, found)
  out <- as.function(c(formals(f), list(body(f))), envir = enclosing_piece(env, found))
  attributes(out) <- attributes(f)
  portable_attributes(out, path, found)
}

enclosing_piece <- function(env, found) {
  if (is_of_session(env)) env else environment_piece(env, found)
}

# Finds the variable `name` as R does from `env`. A function is looked for past values that are none.
need <- function(name, env, is_called, path, found) {
  global <- NULL
  while (!identical(env, emptyenv())) {
    if (exists(name, envir = env, inherits = FALSE)) {
      if (is_of_session(env)) {
        return(use_of_package(env, found))
      }
      label <- paste0(path, " reaches `", sub("^[.]__C__", "", name), "`")
      reach(name, global %||% env, if (!is.null(global)) env, label, found)
      if (!is_called || is.function(value_or_null(name, env))) {
        return()
      }
    }
    if (isNamespace(env)) {
      return()
    }
    # What is attached behind the global environment is found from there where it arrives.
    if (identical(env, globalenv())) global <- env
    env <- parent.env(env)
  }
}

value_or_null <- function(name, env) {
  if (bindingIsActive(name, env)) NULL else tryCatch(get(name, envir = env), error = function(e) NULL)
}

reach <- function(name, env, holder, path, found) {
  holder <- if (!is.null(holder)) as_handle(holder)
  found$reached[[length(found$reached) + 1L]] <- list(as_handle(env), name, holder, path)
}

# Packages which every R has attached, and this one.
usual_packages <- c(
  "base", "datasets", "graphics", "grDevices", "methods", "pyclassbridge", "stats", "utils"
)

use_of_package <- function(env, found) {
  attached <- !isNamespace(env)
  name <- sub("^package:", "", environmentName(env))
  if (!nzchar(name) || name %in% usual_packages || !isNamespaceLoaded(name)) {
    return(invisible())
  }
  found$packages[[name]] <- list(name, as.character(getNamespaceVersion(name)), attached)
  invisible()
}

# ---- environments --------------------------------------------------------------------------------

# Namespaces, attached packages and R's own environments: the other session finds them by their names.
is_of_session <- function(env) {
  identical(env, baseenv()) || identical(env, emptyenv()) || isNamespace(env) ||
    startsWith(attr(env, "name", exact = TRUE) %||% "", "package:") || is_imports(env) ||
    identical(attr(env, "name", exact = TRUE), "Autoloads")
}

is_imports <- function(env) startsWith(attr(env, "name", exact = TRUE) %||% "", "imports:")

# list("plain", enclosure), list("global", NULL), list("class", class) or list("private", instance).
environment_facts <- function(env) {
  if (identical(env, globalenv())) {
    return(list("global", NULL))
  }
  if (exists(".class_ref", envir = env, inherits = FALSE)) {
    return(list("class", env$.class_ref()))
  }
  owner <- get0(".instance", envir = parent.env(env), inherits = FALSE)
  if (!is.null(owner) && identical(parent.env(parent.env(env)), emptyenv())) {
    return(list("private", owner()))
  }
  list("plain", as_handle(parent.env(env)))
}

environment_attributes <- function(env) {
  attributes <- attributes(env)
  attributes[setdiff(names(attributes), "name")]
}

# list(value, how): of an active binding its function, of `...` a list of its values. The name "" stands
# for a lock of the environment, which comes after its variables.
variable_state <- function(env, name, path) {
  if (!nzchar(name)) {
    return(list(value = NULL, how = "lock"))
  }
  if (bindingIsActive(name, env)) {
    return(list(value = activeBindingFunction(name, env), how = "active"))
  }
  if (name == "...") {
    return(list(value = eval(quote(list(...)), env), how = "dots"))
  }
  if (is_missing_argument(name, env)) {
    return(list(value = NULL, how = "missing"))
  }
  value <- tryCatch(get(name, envir = env), error = function(e) {
    refuse_to_travel(path, paste0("an argument that has not been used yet (", conditionMessage(e), ")"))
  })
  list(value = value, how = if (bindingIsLocked(name, env)) "locked" else "")
}

is_missing_argument <- function(name, env) {
  tryCatch(identical(env[[name]], quote(expr = )), error = function(e) FALSE)
}

# ---- arrival -------------------------------------------------------------------------------------

new_environment <- function(enclosure) new.env(parent = enclosure)

global_environment <- function() globalenv()

set_environment <- function(env, attributes) {
  for (name in names(attributes)) attr(env, name) <- attributes[[name]]
}

# A variable is made before its value is there, which may lead back to the environment, and that may be
# locked by then.
declare_variable <- function(env, name, how) {
  switch(how,
    lock = NULL,
    active = makeActiveBinding(name, function(value) NULL, env),
    missing = assign(name, quote(expr = ), envir = env),
    assign(name, NULL, envir = env)
  )
  invisible()
}

bind_variable <- function(env, name, how, value) {
  switch(how,
    lock = lockEnvironment(env),
    active = makeActiveBinding(name, value, env),
    missing = NULL,
    dots = {
      has_dots <- do.call(function(...) environment(), value, quote = TRUE)
      assign("...", get("...", envir = has_dots), envir = env)
    },
    assign(name, value, envir = env)
  )
  if (how == "locked") lockBinding(name, env)
  if (is.function(value) && identical(parent.env(env), globalenv())) register_method(name, value, env)
  invisible()
}

# `piece(i)` is a function of Python that returns a piece: an R value, or a Python object.
unpack_value <- function(bytes, kinds, piece) {
  piece <- py_proxy(piece, FALSE)
  unserialize(bytes, refhook = function(number) {
    i <- as.integer(number)
    switch(kinds[[i]],
      source = source_of_piece(piece(i)),
      object = py_proxy(piece(i), TRUE),
      proxy = py_proxy(piece(i), FALSE),
      piece(i)
    )
  })
}

use_package <- function(name, version, is_attached) {
  if (name %in% names(stand_in_versions) && !nzchar(system.file(package = name))) {
    use_stand_ins()
  }
  if (!requireNamespace(name, quietly = TRUE)) {
    stop(
      "this definition needs the R package ", name, " (version ", version, "), which is not installed ",
      "here. Install it: install.packages(\"", name, "\").", call. = FALSE
    )
  }
  here <- as.character(getNamespaceVersion(name))
  if (here != version) {
    warning(
      "this definition was made with version ", version, " of the R package ", name, "; here is ", here,
      ".", call. = FALSE
    )
  }
  if (is_attached && !paste0("package:", name) %in% search()) {
    suppressPackageStartupMessages(attachNamespace(name))
  }
  invisible()
}
