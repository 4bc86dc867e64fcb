# R's variables in Python code that R runs, where `r.x` is `x`: which environment is meant, and what
# is read and assigned there. The other half is for_r/variables.py.

has_variable <- function(name) exists(name, envir = active_env(sys.nframe()))

# The value as a Python function gets it.
variable <- function(name) r_to_py(get(name, envir = active_env(sys.nframe())))

set_variable <- function(name, value) {
  assign(name, value, envir = active_env(sys.nframe()))
  NULL
}

remove_variable <- function(name) {
  env <- active_env(sys.nframe())
  there <- exists(name, envir = env, inherits = FALSE)
  if (there) {
    rm(list = name, envir = env)
  }
  there
}

# The names from the active environment up to the global one, or to a namespace.
variable_names <- function() {
  env <- active_env(sys.nframe())
  names <- ls(env)
  while (!identical(env, topenv(env))) {
    env <- parent.env(env)
    names <- c(names, ls(env))
  }
  as.list(unique(names))
}

# The environment of the R code that has called Python: of the calls below frame `n`, the innermost
# that code outside of this namespace and of R's own packages has made. A chunk of a document works
# in knitr's environment.
active_env <- function(n) {
  parents <- sys.parents()
  for (k in rev(seq_len(n - 1L))) {
    if (identical(sys.function(k), eng_python)) {
      return(knitr::knit_global())
    }
    env <- sys.frame(parents[[k]])
    if (!is_rs_own(topenv(env))) {
      return(env)
    }
  }
  globalenv()
}

# Is it the namespace of a package that comes with R, such as that of sapply(), or this one?
is_rs_own <- function(env) {
  identical(env, topenv()) || identical(env, baseenv()) || identical(env, .BaseNamespaceEnv) ||
    isNamespace(env) && getNamespaceName(env) %in% packages_of_r
}

packages_of_r <- c(
  "compiler", "graphics", "grDevices", "grid", "methods", "parallel", "splines", "stats", "stats4",
  "tools", "utils"
)
