# Makes, seals and attaches the R namespace `pyclassbridge` from DESCRIPTION, NAMESPACE and R/*.R.
# Base R only, and nothing but make_namespace() is called from outside. Assumes that the R files
# only define things at their top level; guarantees what loadNamespace() does: library(), `::`,
# requireNamespace() and packageVersion() find the package, and its S3 methods dispatch anywhere.

# `dir` holds DESCRIPTION, NAMESPACE and R/; `symbols` (a named list) is there before R/ is read.
# Returns the namespace.
make_namespace <- function(dir, symbols = list()) {
  dir <- normalizePath(dir, mustWork = TRUE)
  description <- read.dcf(file.path(dir, "DESCRIPTION"), c("Package", "Version"))
  name <- description[[1L, "Package"]]
  if (isNamespaceLoaded(name)) {
    stop("The namespace `", name, "` exists already in this R session.", call. = FALSE)
  }
  directives <- read_directives(file.path(dir, "NAMESPACE"))
  ns <- new_namespace(name, description[[1L, "Version"]], dir)
  made <- FALSE
  on.exit(if (!made) .Internal(unregisterNamespace(name)))
  list2env(symbols, envir = ns)
  source_files(file.path(dir, "R"), ns)
  register_methods(directives$methods, name, ns)
  load_hook <- ns[[".onLoad"]]
  if (is.function(load_hook)) {
    load_hook(dirname(dir), name)
  }
  namespaceExport(ns, directives$exports)
  lockEnvironment(ns, TRUE)
  lockEnvironment(parent.env(ns), TRUE)
  attachNamespace(ns)
  made <- TRUE
  ns
}

# list(exports = <chr>, methods = <chr matrix: generic, class, method, package to wait for>)
read_directives <- function(file) {
  exports <- character()
  methods <- list()
  for (directive in as.list(parse(file, keep.source = FALSE, encoding = "UTF-8"))) {
    what <- as.character(directive[[1L]])
    args <- as.list(directive)[-1L]
    if (what == "export") {
      exports <- c(exports, vapply(args, as.character, ""))
    } else if (what == "S3method") {
      methods[[length(methods) + 1L]] <- method_row(args)
    } else {
      stop("NAMESPACE: `", what, "()` is not a directive this package uses.", call. = FALSE)
    }
  }
  list(exports = exports, methods = do.call(rbind, methods))
}

# S3method(generic, class[, method]); the generic of a package that may be absent is written
# package::generic, and its method waits for that package.
method_row <- function(args) {
  generic <- args[[1L]]
  package <- NA_character_
  if (is.call(generic)) {
    package <- as.character(generic[[2L]])
    generic <- generic[[3L]]
  }
  class <- as.character(args[[2L]])
  method <- if (length(args) > 2L) as.character(args[[3L]]) else paste0(generic, ".", class)
  c(as.character(generic), class, method, package)
}

# What loadNamespace() sets up before it reads the code of a package.
new_namespace <- function(name, version, dir) {
  imports <- new.env(hash = TRUE, parent = .BaseNamespaceEnv)
  attr(imports, "name") <- paste0("imports:", name)
  ns <- new.env(hash = TRUE, parent = imports)
  info <- new.env(hash = TRUE, parent = baseenv())
  info$spec <- c(name = name, version = version)
  ns$.__NAMESPACE__. <- info
  ns$.packageName <- name
  ns$.__S3MethodsTable__. <- new.env(hash = TRUE, parent = baseenv())
  lazydata <- new.env(hash = TRUE, parent = baseenv())
  attr(lazydata, "name") <- paste0("lazydata:", name)
  setNamespaceInfo(ns, "exports", new.env(hash = TRUE, parent = baseenv()))
  setNamespaceInfo(ns, "imports", list(base = TRUE))
  setNamespaceInfo(ns, "path", dir)
  setNamespaceInfo(ns, "dynlibs", NULL)
  setNamespaceInfo(ns, "lazydata", lazydata)
  setNamespaceInfo(ns, "S3methods", matrix(NA_character_, 0L, 4L))
  .Internal(registerNamespace(name, ns))
  ns
}

# In the C locale's order, so that a build does not depend on the user's language.
source_files <- function(dir, ns) {
  files <- sort(list.files(dir, pattern = "[.]R$", full.names = TRUE), method = "radix")
  for (file in files) {
    for (expression in parse(file, keep.source = FALSE, encoding = "UTF-8")) {
      eval(expression, ns)
    }
  }
}

register_methods <- function(methods, name, ns) {
  if (!is.null(methods)) {
    registerS3methods(methods, name, ns)
    setNamespaceInfo(ns, "S3methods", methods)
  }
}
