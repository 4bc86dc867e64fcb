# Makes, seals and attaches the R namespace `pyclassbridge` from DESCRIPTION, NAMESPACE and R/*.R.
# Uses base R only; only make_namespace() is called from outside. Assumes that the R files
# only define things at their top level; guarantees what loadNamespace() does: library(), `::`,
# requireNamespace() and packageVersion() find the package, and its S3 methods dispatch anywhere.

# `dir` holds DESCRIPTION, NAMESPACE and R/; `symbols` (a named list) is defined before R/ is read.
# Returns the namespace.
make_namespace <- function(dir, symbols = list()) {
  dir <- normalizePath(dir, mustWork = TRUE)
  description <- read.dcf(file.path(dir, "DESCRIPTION"), c("Package", "Version"))
  name <- description[[1L, "Package"]]
  if (isNamespaceLoaded(name)) {
    stop("The namespace `", name, "` exists already in this R session.", call. = FALSE)
  }
  # The last part of the path is passed as the package's name: a checkout may have any name.
  directives <- parseNamespaceFile(basename(dir), dirname(dir))
  ns <- new_namespace(name, description[[1L, "Version"]], dir)
  made <- FALSE
  on.exit(if (!made) .Internal(unregisterNamespace(name)))
  list2env(symbols, envir = ns)
  source_files(file.path(dir, "R"), ns)
  registerS3methods(directives$S3methods, name, ns)
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

# The namespace as loadNamespace() sets it up before it reads the code of a package.
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

# Reads the files in the C locale's order, so that the result is the same in every locale.
source_files <- function(dir, ns) {
  files <- sort(list.files(dir, pattern = "[.]R$", full.names = TRUE), method = "radix")
  for (file in files) {
    for (expression in parse(file, keep.source = FALSE, encoding = "UTF-8")) {
      eval(expression, ns)
    }
  }
}
