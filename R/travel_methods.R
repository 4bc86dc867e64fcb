# S3 methods on their way to another process. R finds a method when it runs, by the class of a value, and
# no code names it. So those methods travel which what travels may lead to: of the generics that its code
# names, and of the classes that its code or its values name. It has no other half in Python.

# `names` are those that the code looks up from `env`, `words` the strings that may be classes. All
# methods of a generic travel, since NextMethod() leads from one to another.
reach_methods <- function(names, words, env, path, found) {
  from <- env
  global <- NULL
  while (!identical(env, emptyenv()) && !isNamespace(env)) {
    if (!is_of_session(env)) {
      for (name in methods_in(env, names, words, from)) {
        reach(name, global %||% env, if (!is.null(global)) env, paste0(path, " reaches `", name, "`"), found)
      }
    }
    if (identical(env, globalenv())) global <- env
    env <- parent.env(env)
  }
}

methods_in <- function(env, names, words, from) {
  dotted <- grep("[^.][.].", ls(env, all.names = TRUE, sorted = TRUE), value = TRUE)
  if (!length(dotted)) {
    return(character())
  }
  splits <- do.call(rbind, lapply(dotted, method_splits))
  hit <- splits$generic %in% c(names, group_generics) | splits$class %in% words
  generics <- Filter(function(generic) is_s3_generic(generic, from), unique(splits$generic[hit]))
  methods <- unique(splits$name[splits$generic %in% generics])
  Filter(function(name) is.function(value_or_null(name, env)), methods)
}

# The ways to read a name as a generic and a class: a.b.c is a method of a for b.c, or of a.b for c.
method_splits <- function(name) {
  at <- gregexpr(".", name, fixed = TRUE)[[1L]]
  at <- at[at > 1L & at < nchar(name)]
  data.frame(
    name = rep(name, length(at)), generic = substring(name, 1L, at - 1L), class = substring(name, at + 1L)
  )
}

group_generics <- c("Ops", "Math", "Summary", "Complex", "matrixOps")

# Functions of R that dispatch without UseMethod(), beside the primitive ones.
internal_generics <- c(
  "as.vector", "cbind", "is.unsorted", "lengths", "nchar", "rbind", "rep.int", "rep_len", "unlist"
)

is_s3_generic <- function(name, env) {
  if (name %in% c(group_generics, internal_generics)) {
    return(TRUE)
  }
  f <- get0(name, envir = env, mode = "function")
  is.primitive(f) || (!is.null(f) && "UseMethod" %in% all.names(body(f)))
}

# ---- arrival -------------------------------------------------------------------------------------

registered <- new.env(parent = emptyenv()) # the names of the methods that register_method() has set

# Code of packages, such as sapply(), finds the methods of the global environment. Those that were in one
# elsewhere are registered, unless this session or a package has a method of that name. `env` stands for
# that global environment.
register_method <- function(name, method, env) {
  if (exists(name, envir = globalenv(), inherits = FALSE) || !grepl("[^.][.].", name)) {
    return(invisible())
  }
  tables <- list(methods_table(globalenv())) # where R looks for the generics of `env`
  for (generic in method_splits(name)$generic) {
    if (is_s3_generic(generic, env)) {
      f <- get0(generic, envir = env, mode = "function")
      home <- if (is.function(f) && !is.primitive(f)) topenv(environment(f)) else .BaseNamespaceEnv
      if (isNamespace(home)) tables <- c(tables, methods_table(home))
    }
  }
  for (table in tables) {
    if (!exists(name, envir = table, inherits = FALSE) || !is.null(registered[[name]])) {
      registered[[name]] <- TRUE
      assign(name, method, envir = table)
    }
  }
  invisible()
}

methods_table <- function(env) {
  table <- env[[".__S3MethodsTable__."]]
  if (is.null(table)) {
    table <- new.env(parent = baseenv())
    if (isNamespace(env)) return(table)
    assign(".__S3MethodsTable__.", table, envir = env)
  }
  table
}
