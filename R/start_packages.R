# Packages over this one: what differs while R installs one, or imports what it names. It has no other
# half in Python.
#
# An installed package keeps R values only, and R needs no Python to install or load one. So in code
# that R saves, a function that Keras has to describe is one that looks it up when it is called, and a
# class is made when it is first used; other uses of Python there are an error.

# Does R evaluate the code of a package to save it?
is_saving_code <- function() {
  nzchar(Sys.getenv("R_PACKAGE_NAME")) &&
    any(vapply(sys.calls(), function(call) is_call_of(call, "code2LazyLoadDB"), NA))
}

is_call_of <- function(call, name) {
  head <- call[[1L]]
  if (is.call(head) && length(head) == 3L) head <- head[[3L]]
  identical(head, as.name(name))
}

# What stands for the function `name` in saved code, as in re-exports such as keras3::layer_dense.
saved_wrapper <- function(name) {
  fn <- function(...) NULL
  body(fn) <- bquote(asNamespace("pyclassbridge")$wrapper_of(.(name))(...))
  environment(fn) <- baseenv()
  fn
}

# What stands for the class that make() defines. As a base or a value it is the class itself.
saved_class <- function(make) {
  made <- NULL
  get_class <- function() {
    if (is.null(made)) made <<- make()
    made
  }
  structure(function(...) get_class()(...), py_class_of = get_class, is_saved_class = TRUE)
}

is_saved_class <- function(fn) isTRUE(attr(fn, "is_saved_class", exact = TRUE))

# The same for a call of a constructor in the code of a package.
saved_call <- function(call, env) {
  force(call)
  force(env)
  saved_class(function() eval(call, env))
}

# The start of Python calls this.
refuse_saving <- function() {
  if (is_saving_code()) {
    stop_start(text = paste0(
      "package ", Sys.getenv("R_PACKAGE_NAME"), ": code outside of its functions uses Python, whose ",
      "objects can't be kept in an installed package. Make them when they are first used, ",
      "by .onLoad <- function(libname, pkgname) delayedAssign(\"NAME\", VALUE, assign.env = topenv())."
    ))
  }
}

# Does R look at a binding only to see whether a package imports the same thing twice, as one with
# import(keras3) and import(reticulate) does? A value that has not been made is its name then, so that
# the package is loaded without Python, or without the import of Keras.
is_compared <- function() {
  places <- c("base", "methods", "pyclassbridge")
  for (i in rev(seq_len(sys.nframe() - 1L))) {
    fn <- sys.function(i)
    if (identical(fn, namespaceImportFrom)) {
      return(TRUE)
    }
    place <- environmentName(topenv(environment(fn) %||% baseenv()))
    if (identical(fn, loadNamespace) || !place %in% places) {
      return(FALSE)
    }
  }
  FALSE
}
