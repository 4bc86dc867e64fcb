# Classes that travel: from their class spec, or by the R package that has them. The other half is
# travel/definitions.py.

class_of_spec <- function(spec) {
  for (group in c("methods", "active", "private_methods", "private_active")) {
    spec[[group]] <- as_spec(spec[[group]])
  }
  make_factory(for_r$build_class(spec_data(spec)), spec)
}

# list(package, name, version, class) of what the R package has under the name of a class that was
# defined there, else NULL.
package_of_class <- function(spec) {
  ns <- topenv(spec$parent_env)
  if (!isNamespace(ns) || identical(ns, topenv())) {
    return(NULL)
  }
  known <- get0(spec$name, envir = ns, inherits = FALSE)
  if (is_saved_class(known)) {
    known <- attr(known, "py_class_of", exact = TRUE)()
  }
  package <- getNamespaceName(ns)[[1L]]
  list(package, spec$name, as.character(getNamespaceVersion(ns)), known)
}

is_class_in_use <- function(class_env) !py_is_null_xptr(class_env$.class_ref)

namespace_of <- function(package) asNamespace(package)
