# Which Python runs: py_config(), py_version(), py_list_packages() and their like. The other half is
# for_r/config.py. There is one Python. Where R hosts and has not started it, these functions say
# which one would be started (R/start_python.R), and start none.

#' Which Python runs
#'
#' Where Python hosts R, the Python of `py_config()` is the one that started R. Where R hosts, it is
#' the one that R has started or would start, with the rule by which it was chosen, which is the first
#' of these that finds one:
#'
#' 1. `use_python()` or `use_virtualenv()` before the first use of Python
#' 2. the environment variable `PYCLASS_BRIDGE_PYTHON`
#' 3. the Python that the package reticulate has started in this R
#' 4. the environment variable `RETICULATE_PYTHON`
#' 5. an active environment (`VIRTUAL_ENV`), `.venv` in the working directory or above it in the
#'    project, an active environment of conda (`CONDA_PREFIX`)
#' 6. the one that [install_python_side()] has made
#' 7. `python3` on the PATH
#'
#' One of the first four that can't be used is an error; another is passed over, and `py_config()` says
#' why. None of these functions starts Python.
#'
#' `py_discover_config()` and `py_config_error_message()` are the same facts for scripts that look
#' for a Python.
#'
#' @param required_module,use_environment Taken for compatibility, without effect: there is one
#'   Python.
#' @param initialize TRUE starts Python where R hosts and has not done so.
#' @param prefix String, the beginning of the text.
#' @param x What `py_config()` gives.
#' @param ... Nothing.
#' @return `py_config()` a list that prints as lines: `python`, `libpython`, `version`, `numpy`,
#'   `numpy_version`, `keras_version` and others; `py_exe()` the path of Python;
#'   `py_numpy_available()` TRUE or FALSE; `py_config_error_message()` a text;
#'   `py_versions_windows()` a data frame of the Pythons in the registry of Windows: none.
#' @examples
#' \dontrun{
#' py_config()
#' py_config()$numpy_version
#' py_exe()
#' }
py_config <- function() {
  config <- if (python_started()) config_module()$config() else config_before_start()
  if (r_hosts()) {
    chosen <- if (python_started()) host$python else config
    config$rule <- chosen$rule
    config$passed <- chosen$passed
  }
  structure(config, class = "py_config")
}

# The same facts, as far as they are known of a Python that has not been started.
config_before_start <- function() {
  python <- choose_python()
  list(
    python = if (is.null(python$fault)) python$program, libpython = python$library,
    pythonhome = python$prefix, version_string = python$version,
    version = if (!is.null(python$version)) as.character(series(python$version)),
    available = FALSE, rule = python$rule, passed = python$passed, fault = python$fault
  )
}

#' @rdname py_config
py_discover_config <- function(required_module = NULL, use_environment = NULL) {
  py_config()
}

#' @rdname py_config
py_config_error_message <- function(prefix) {
  paste0(prefix, "\n\n", paste(format(py_config()), collapse = "\n"), "\n")
}

#' @rdname py_config
py_exe <- function() {
  py_config()$python
}

#' @rdname py_config
py_numpy_available <- function(initialize = FALSE) {
  (initialize || python_started()) && !is.null(config_module()$version("numpy"))
}

#' @rdname py_config
py_versions_windows <- function() {
  data.frame(
    type = character(), hive = character(), install_path = character(),
    executable_path = character(), version = character(), arch = character()
  )
}

#' @rdname py_config
format.py_config <- function(x, ...) {
  shown <- c(
    "python", "libpython", "pythonhome", "virtualenv", "version_string", "numpy", "numpy_version",
    "keras_version", "keras_backend"
  )
  if (isFALSE(x$available)) shown <- shown[1:5] # the rest is known once it runs
  labels <- sub("_string", "", shown)
  lines <- vapply(seq_along(shown), function(i) {
    value <- x[[shown[[i]]]]
    paste0(format(paste0(labels[[i]], ":"), width = 16L), value %||% "[NOT FOUND]")
  }, "")
  c(lines[shown != "virtualenv" | !is.null(x$virtualenv)], "", notes_of_config(x))
}

notes_of_config <- function(x) {
  if (is.null(x$available) || x$available && is.null(x$rule)) {
    return("NOTE: Python hosts R.")
  }
  c(
    if (!is.null(x$fault)) paste("NOTE:", x$fault)
    else paste0("NOTE: R hosts Python, chosen by ", x$rule, if (!x$available) "; not started yet", "."),
    if (is.null(x$fault) && length(x$passed)) paste("Passed over:", x$passed)
  )
}

#' @rdname py_config
print.py_config <- function(x, ...) {
  cat(gsub("\n", " ", format(x), fixed = TRUE), sep = "\n")
  invisible(x)
}

#' Installed Python packages
#'
#' Those of the Python that runs; another environment or Python, and an `action` or file that is not
#' known, is an error. `py_write_requirements()` writes them as a file for pip,
#' `py_read_requirements()` says which of a file's packages are not installed.
#'
#' @param envname,python NULL, or `py_exe()`.
#' @param type Taken for compatibility, without effect: all are found in the same way.
#' @param packages,python_version The paths of the files with packages and with the version of
#'   Python; NULL for none.
#' @param ... Nothing.
#' @param freeze FALSE leaves out the versions.
#' @param quiet TRUE writes no message.
#' @param action Taken for compatibility, without effect: packages are installed from a shell.
#' @return `py_list_packages()` a data frame: `package`, `version`, `requirement`;
#'   `py_write_requirements()` and `py_read_requirements()` a list of what was written or read,
#'   invisibly.
#' @examples
#' \dontrun{
#' subset(py_list_packages(), package == "keras")
#' py_write_requirements(tempfile(), python_version = NULL)
#' }
py_list_packages <- function(envname = NULL, type = c("auto", "virtualenv", "conda"),
                             python = NULL) {
  match.arg(type)
  if (!is.null(envname) || !is.null(python) && !identical(python, py_exe())) {
    stop(
      "py_list_packages() lists the packages of the Python that runs, ", py_exe(),
      ", and of no other: leave out `envname` and `python`.",
      call. = FALSE
    )
  }
  versions <- unlist(config_module()$packages())
  data.frame(
    package = names(versions), version = unname(versions),
    requirement = paste0(names(versions), "==", versions), stringsAsFactors = FALSE
  )
}

#' @rdname py_list_packages
py_write_requirements <- function(packages = "requirements.txt",
                                  python_version = ".python-version", ..., freeze = NULL,
                                  python = py_exe(), quiet = FALSE) {
  installed <- py_list_packages(python = python)
  lines <- if (isFALSE(freeze)) installed$package else installed$requirement
  written <- list(packages = lines, python_version = as.character(py_version(patch = TRUE)))
  files <- list(packages = packages, python_version = python_version)
  for (part in names(drop_nulls(files))) {
    writeLines(written[[part]], files[[part]])
    if (!quiet) message("Wrote ", files[[part]])
  }
  invisible(written)
}

#' @rdname py_list_packages
py_read_requirements <- function(packages = "requirements.txt",
                                 python_version = ".python-version", ...,
                                 action = c("add", "set", "remove", "none")) {
  action <- match.arg(action)
  read <- lapply(list(packages = packages, python_version = python_version), function(file) {
    if (!is.null(file) && file.exists(file)) {
      lines <- trimws(sub("(^|\\s)#.*", "", readLines(file, warn = FALSE)))
      lines[nzchar(lines)]
    }
  })
  if (action %in% c("add", "set") && length(read$packages)) {
    py_require(read$packages, read$python_version)
  }
  invisible(read)
}

#' Which Python is there
#'
#' Where R runs inside Python, Python is always available; where R hosts, once it has been started.
#' `py_module_available()` imports no module, only the packages that the module is in.
#'
#' @param patch TRUE for all three numbers of the version.
#' @param initialize TRUE starts Python where R hosts and has not done so.
#' @param module String, the name of a module.
#' @return `py_version()` a [numeric_version()], the others TRUE or FALSE.
#' @examples
#' \dontrun{
#' py_version() >= "3.10"
#' py_module_available("keras")
#' }
py_version <- function(patch = FALSE) {
  numeric_version(config_module()$python_version(patch))
}

#' @rdname py_version
py_available <- function(initialize = FALSE) {
  if (initialize && !python_started()) {
    tryCatch(start_host(), pyclassbridge_start = function(e) NULL)
  }
  python_started()
}

#' @rdname py_version
py_module_available <- function(module) {
  for_r$module_available(module)
}

config_module <- function() {
  if (is.null(surface$config)) {
    surface$config <- import("pyclass_bridge.for_r.config")
  }
  surface$config
}
