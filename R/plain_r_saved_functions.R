# Functions of packages in the configurations of metrics, losses and layers. The other half is
# plain_r/saved_functions.py.

# Packages whose functions a file does not name: they act on files, processes and the session, and a
# model in a file must not choose one of them to be called.
ACTING_PACKAGES <- c("base", "utils", "tools", "methods", "parallel", "compiler", "tcltk")

# The package and the name that `f` has there, as a list; NULL for a function of the user. `name` is
# looked at first.
home_of_function <- function(f, name) {
  home <- environment(f)
  if (is.null(home) || !isNamespace(home) || getNamespaceName(home) %in% ACTING_PACKAGES) {
    return(NULL)
  }
  is_it <- function(name) identical(get0(name, home, mode = "function", inherits = FALSE), f)
  if (!is_it(name)) {
    name <- Find(is_it, ls(home, all.names = TRUE))
  }
  if (!is.null(name)) list(getNamespaceName(home)[[1L]], name)
}

# The function of a package; `label` says whose it is. A file that may only be data names packages that
# are loaded, as a checkpoint does.
function_at_home <- function(package, name, label, safe_mode) {
  abort <- function(...) {
    stop("the ", label, " has the function `", package, "::", name, "`, ", ..., ".", call. = FALSE)
  }
  if (!is_string(package) || !is_string(name) || package %in% ACTING_PACKAGES) {
    abort("which a file can't name: make the model anew, and load its weights")
  }
  if (safe_mode && !isNamespaceLoaded(package) && length(find.package(package, quiet = TRUE))) {
    abort("and the package is not loaded: if you trust the file, call library(", package, ") first")
  }
  if (!requireNamespace(package, quietly = TRUE)) {
    abort("and the package `", package, "` is not installed: install.packages(\"", package, "\")")
  }
  f <- get0(name, asNamespace(package), mode = "function", inherits = FALSE)
  if (is.null(f)) {
    abort("which the package has no more in version ", format(utils::packageVersion(package)))
  }
  f
}
