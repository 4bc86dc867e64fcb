# The real reticulate beside this package, where R hosts: which Python it has started, and whose
# object a method gets. It has no other half in Python; only what reticulate exports and registers is
# used.

# Called when this package is loaded, and for a reticulate that is loaded later.
beside_reticulate <- function() {
  if ("reticulate" %in% loadedNamespaces()) {
    share_methods()
  }
  setHook(packageEvent("reticulate", "onLoad"), function(...) {
    # What starts later uses the Python that runs.
    if (python_started()) share_python(host$python$program)
    share_methods()
  })
}

# The Python that reticulate has started in this R; NULL if there is none.
python_of_reticulate <- function() {
  if (!is_reticulate_loaded() || !isTRUE(reticulates("py_available")(FALSE))) {
    return(NULL)
  }
  reticulates("py_config")()[["python"]]
}

# A stand-in for reticulate is this package.
is_reticulate_loaded <- function() {
  "reticulate" %in% loadedNamespaces() &&
    !identical(environment(reticulates("py_available")), topenv())
}

reticulates <- function(name) getExportedValue("reticulate", name)

# A process has one Python. That of reticulate runs already, whatever the rules before it say.
check_running <- function(python) {
  running <- python_of_reticulate()
  if (is.null(running) || python$rule == "reticulate") {
    return(invisible())
  }
  other <- probe_python(as_program(running))$prefix %||% ""
  if (!identical(normalizePath(other, mustWork = FALSE), normalizePath(python$prefix))) {
    stop_start("reticulate_runs", running = running, rule = python$rule, program = python$program)
  }
}

# A reticulate that starts later uses the Python that runs.
share_python <- function(program) {
  if (is_reticulate_loaded()) {
    Sys.setenv(RETICULATE_PYTHON = program)
    keep_lock()
  }
}

# An older reticulate frees objects and raises errors without asking for Python's lock. So R's thread
# has it from now on, and other threads of Python run while R has called Python.
keep_lock <- function() {
  version <- getNamespaceVersion("reticulate")[[1L]]
  if (package_version(version) < "1.40" && python_started() && !isTRUE(host$keeps_lock)) {
    .Call(host$symbols$core_keep_gil)
    host$keeps_lock <- TRUE
    warning(
      "reticulate ", version, " does not share Python's lock: while it is loaded beside ",
      "pyclassbridge, threads of Python run only while R has called Python; reticulate 1.40 or later ",
      "shares it.", call. = FALSE
    )
  }
}

# Both packages have methods for the same classes, and R keeps the last one: each method for a generic
# of R's is replaced by one that looks whose object it has.
share_methods <- function() {
  if (!is_reticulate_loaded()) {
    return(invisible())
  }
  theirs <- asNamespace("reticulate")
  shared <- methods_for_r(theirs)
  for (name in names(shared)) {
    share_method(shared[[name]], theirs[[name]], theirs)
  }
  own <- methods_for_r(topenv())
  for (name in setdiff(names(own), names(shared))) {
    share_method(own[[name]], NULL, topenv())
  }
}

# The generic and the class of each method of a namespace for Python's classes; generics of its own and
# groups of operators are left out.
methods_for_r <- function(ns) {
  rows <- getNamespaceInfo(ns, "S3methods")[, 1:2, drop = FALSE]
  left_out <- rows[, 1L] %in% c("Ops", "Math", "Summary", ls(ns, all.names = TRUE))
  rows <- rows[!left_out & grepl("^(python[.]builtin|numpy|py_)", rows[, 2L]), , drop = FALSE]
  found <- lapply(seq_len(nrow(rows)), function(i) rows[i, ])
  names(found) <- paste(rows[, 1L], rows[, 2L], sep = ".")
  found[names(found) %in% ls(ns, all.names = TRUE)]
}

# `theirs` is NULL where reticulate has no such method.
share_method <- function(row, theirs, ns) {
  generic <- row[[1L]]
  first <- names(formals(theirs %||% own_method(generic, row[[2L]])))[[1L]]
  object <- as.name(first)
  fn <- function(x, ...) NULL
  names(formals(fn))[[1L]] <- first
  body(fn) <- bquote(
    if (is_own(.(object))) own_method(generic, class(.(object)))(.(object), ...)
    else if (is.null(theirs)) NextMethod()
    else theirs(.(object), ...)
  )
  registerS3method(generic, row[[2L]], fn, ns)
}

is_own <- function(x) {
  if (inherits(x, "py_config")) "rule" %in% names(unclass(x)) else python_started() && is_own_object(x)
}

# An exception is a list with the object in it.
is_own_object <- function(x) {
  is_py_object(x) || is.list(x) && is_py_object(unclass(x)[["py_object"]])
}

own_method <- function(generic, classes) {
  names <- paste(generic, classes, sep = ".")
  found <- Filter(function(name) exists(name, topenv(), inherits = FALSE), names)
  if (length(found)) get(found[[1L]], topenv()) else getS3method(generic, "default")
}
