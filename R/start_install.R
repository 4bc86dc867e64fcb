# install_python_side(): an environment of Python for R as the host, in R's cache of the user, with the
# Python half whose sources the R package carries, and Keras. It has no other half in Python.
#
# The environment that is in use is named by a file, and one that is being made gets the name only
# when it is complete, so a failed run leaves what was there before.

#' Make the Python that R starts
#'
#' Makes an environment of Python for `library(pyclassbridge)` in R, Rscript, RStudio and knitr, in
#' [tools::R_user_dir()]: with the Python half of this package, compiled for this R, and Keras. It says
#' what it will do before it does it, and asks if R is interactive. Running it again is fast if all is
#' there, and mends what is not; a run that fails leaves an older environment as it was.
#'
#' @param python String, the path or name of the Python of which the environment is made; by default
#'   the first one that is fit, of `python3` and the versions that are supported.
#' @param extras Strings, the extras of the package: `"tensorflow"`, `"jax"`, `"torch"`, `"mlflow"`,
#'   `"ray"`, `"ultralytics"`. By default `"tensorflow"`, or `"jax"` on a Python for which TensorFlow has no
#'   package.
#' @param packages Strings, further packages for pip, such as `"pandas>=2"`.
#' @param ask TRUE asks before it begins.
#' @param remove TRUE removes the environment instead.
#' @return `install_python_side()` the path of Python in the environment, `remove_python_side()`
#'   whether there was one; both invisibly.
#' @examples
#' \dontrun{
#' install_python_side()
#' install_python_side(extras = "jax", packages = "pandas")
#' remove_python_side()
#' }
install_python_side <- function(python = NULL, extras = NULL, packages = NULL, ask = interactive(),
                                remove = FALSE) {
  if (!r_hosts()) {
    stop_start("other_host", name = "install_python_side")
  }
  if (remove) {
    return(remove_python_side())
  }
  if (!file.exists(python_archive())) {
    stop_start("no_archive", file = python_archive())
  }
  there <- managed_python(c(wanted_extras(extras), packages))
  if (is_complete(there, python)) {
    message("The Python side is there: Python ", there$version, " (", there$program, ").")
    return(invisible(there$program))
  }
  plan <- plan_of(there, python, extras, packages)
  message(said_of(plan))
  if (ask && !agreed()) {
    message("Nothing was done.")
    return(invisible())
  }
  invisible(carry_out(plan))
}

#' @rdname install_python_side
remove_python_side <- function() {
  there <- managed_environment()
  unlink(managed_root(), recursive = TRUE)
  message(if (is.null(there)) "There is no Python side." else paste0("Removed ", managed_root(), "."))
  invisible(!is.null(there))
}

# Where it lies ---------------------------------------------------------------------------------

managed_root <- function() file.path(tools::R_user_dir("pyclassbridge", "cache"), "python")

managed_name <- function() file.path(managed_root(), "current")

# The directory of the environment in use, NULL if there is none.
managed_environment <- function() {
  if (file.exists(managed_name())) {
    folder <- file.path(managed_root(), readLines(managed_name(), warn = FALSE)[[1L]])
    if (dir.exists(folder)) folder
  }
}

# Its facts, with `lacks`; NULL if there is none.
managed_python <- function(wanted = character()) {
  folder <- managed_environment()
  if (!is.null(folder)) {
    examine_python(as_program(folder), "install_python_side()", wanted)
  }
}

# The archive of the sources that the R package carries.
python_archive <- function() python_file(paste0("pyclass_bridge-", own_version(), ".tar.gz"))

# What will be done -------------------------------------------------------------------------------

# About how much pip downloads for an extra.
download_sizes <- c(tensorflow = "700 MB", jax = "200 MB", torch = "3 GB", ultralytics = "3 GB")

# Packages that tell whether an extra is there.
wanted_extras <- function(extras) {
  c(if (is.null(extras)) "keras", intersect(extras, names(download_sizes)))
}

is_complete <- function(there, python) {
  !is.null(there) && is.null(there$fault) && !length(there$lacks) && is_made_of(there, python)
}

is_made_of <- function(there, python) {
  is.null(python) ||
    identical(series(probe_python(as_program(python))$version %||% "0.0"), series(there$version))
}

# An environment whose Python runs is changed in place, which pip does as a whole or not at all.
plan_of <- function(there, python, extras, packages) {
  keeps <- !is.null(there) && is_sound(there) && is_made_of(there, python)
  base <- if (keeps) there else base_python(python)
  folder <- if (keeps) managed_environment() else {
    tempfile(format(Sys.time(), "%Y%m%d-%H%M%S-"), managed_root())
  }
  list(
    base = base, folder = folder, keeps = keeps, compiles = keeps && !is.null(there$fault),
    extras = extras, packages = packages
  )
}

said_of <- function(plan) {
  extras <- plan$extras %||% "tensorflow"
  keras <- if (length(intersect(extras, c("tensorflow", "jax", "torch")))) "Keras"
  sizes <- download_sizes[intersect(extras, names(download_sizes))]
  also <- if (is.null(plan$extras)) " (or jax, if TensorFlow has no package for this Python)"
  paste0(
    "install_python_side()\n",
    "  takes     Python ", plan$base$version, " (", plan$base$program, ")\n",
    "  ", if (plan$keeps) "changes   " else "makes     ", plan$folder, "\n",
    "  installs  pyclass_bridge ", own_version(), ", compiled for R ", getRversion(), ", with ",
    paste(c(keras, extras, plan$packages), collapse = ", "), also, "\n",
    "  downloads about ", if (length(sizes)) paste(sizes, collapse = " and ") else "100 MB",
    ", which takes some minutes"
  )
}

agreed <- function() {
  !grepl("^[nN]", readline("Go on? [Y/n] "))
}

# The first Python of which an environment can be made: version, shared library.
base_python <- function(python) {
  minors <- 14:10
  names <- python %||% c("python3", paste0("python3.", minors), "/usr/bin/python3")
  passed <- character()
  for (name in names) {
    program <- if (grepl("/", name, fixed = TRUE)) as_program(name) else Sys.which(name)[[1L]]
    if (!nzchar(program) || is.null(python) && !file.exists(program)) next
    facts <- examine_python(program, name)
    # That the package is lacking is why this is done.
    if (is_sound(facts)) {
      return(with_tools(facts))
    }
    passed <- c(passed, facts$fault)
  }
  if (!is.null(python)) {
    stop_start(text = c(passed, start_sentence("program_missing", program = python))[[1L]])
  }
  if (installs_system("python3")) {
    return(base_python("/usr/bin/python3"))
  }
  stop_start("no_base", candidates = bulleted(unique(passed)))
}

# The same Python, when it has what making an environment needs.
with_tools <- function(facts) {
  lacks <- c(venv = "the module venv", headers = "C headers")
  lacks <- lacks[setdiff(names(lacks), names(facts))]
  if (!length(lacks)) {
    return(facts)
  }
  if (is_of_debian(facts$program) && installs_system(facts$program)) {
    again <- examine_python(facts$program, facts$rule)
    if (!is.null(again$venv) && !is.null(again$headers)) {
      return(again)
    }
  }
  stop_start(
    if (is_of_debian(facts$program)) "no_tools_debian" else "no_tools", program = facts$program,
    lacking = paste(lacks, collapse = " and "), series = as.character(series(facts$version))
  )
}

# Where R runs as root on Debian, the system's packages are installed; says so, and asks where somebody
# can answer. TRUE if that was done.
installs_system <- function(program) {
  if (Sys.info()[["effective_user"]] != "root" || !nzchar(Sys.which("apt-get"))) {
    return(FALSE)
  }
  message("install_python_side() installs what ", program, " lacks, by apt-get.")
  if (interactive() && !agreed()) {
    return(FALSE)
  }
  run_lines(
    paste0("PYTHON=", shQuote(program), " sh ", shQuote(python_file("install_system.sh")), " demo")
  ) == 0L
}

# How it is done ----------------------------------------------------------------------------------

carry_out <- function(plan) {
  done <- FALSE
  on.exit(if (!done && !plan$keeps) unlink(plan$folder, recursive = TRUE))
  if (!plan$keeps) {
    dir.create(managed_root(), recursive = TRUE, showWarnings = FALSE)
    step("Making the environment", c(plan$base$program, "-m", "venv", plan$folder))
  }
  program <- program_in(plan$folder)
  pip <- c(program, "-m", "pip", "--disable-pip-version-check")
  # The pip of the Python may be too old to show its progress.
  step("Updating pip", c(pip, "install", "--quiet", "--upgrade", "pip"))
  extras <- plan$extras %||% backend_for(pip)
  own <- paste0(
    "pyclass-bridge[", paste(extras, collapse = ","), "] @ file://",
    utils::URLencode(normalizePath(python_archive()))
  )
  if (plan$compiles) {
    # The core is made for this R, also if the version of the package is the same.
    again <- c("--force-reinstall", "--no-deps", "--no-cache-dir", sub("[[].*[]]", "", own))
    step("Compiling", c(pip, "install", again))
  }
  words <- c(pip, "install", "--progress-bar", "raw", own, plan$packages)
  step("Installing", words)
  made <- examine_python(program, "install_python_side()")
  if (!is.null(made$fault)) {
    stop_start(text = made$fault)
  }
  done <- TRUE
  name_environment(plan$folder)
  message("The Python side is ready: Python ", made$version, " (", program, ").")
  program
}

# A step that fails is an error.
step <- function(title, words) {
  message(title, " ...")
  status <- run_lines(paste(shQuote(words), collapse = " "))
  if (status != 0L) {
    kept <- if (!is.null(managed_environment())) "The environment that was there is as it was. "
    stop_start("install_failed", what = title, status = status, kept = kept)
  }
}

# TensorFlow, or JAX for a Python that TensorFlow has no wheel for; a look that fails is left to pip.
backend_for <- function(pip) {
  has <- function(name) {
    words <- c(pip, "index", "versions", "--pre", name)
    look <- function() system2(words[[1L]], shQuote(words[-1L]), stdout = FALSE, stderr = FALSE)
    without_r_libraries(look()) == 0L
  }
  if (!has("tensorflow") && has("jax")) "jax" else "tensorflow"
}

# The environment is in use from now on; others are removed, but the one that this R runs.
name_environment <- function(folder) {
  new <- paste0(managed_name(), ".new")
  writeLines(basename(folder), new)
  file.rename(new, managed_name())
  others <- setdiff(list.dirs(managed_root(), recursive = FALSE), folder)
  running <- host$python$prefix %||% ""
  unlink(others[normalizePath(others) != normalizePath(running, mustWork = FALSE)], recursive = TRUE)
}

# Runs a command of the shell and shows its progress as it comes, and all of its last lines if it
# fails; its status.
run_lines <- function(command) {
  lines <- without_r_libraries(pipe(paste("(", command, ") 2>&1 </dev/null"), "r"))
  status <- NULL
  on.exit(if (is.null(status)) close(lines))
  last <- character()
  shown <- 0
  while (length(line <- readLines(lines, n = 1L, warn = FALSE))) {
    if (grepl("^Progress [0-9]+ of [0-9]+$", line)) {
      shown <- show_progress(as.numeric(strsplit(line, " ")[[1L]][c(2L, 4L)]), shown)
    } else {
      shown <- 0
      if (is_told(line)) cat(line, "\n", sep = "")
      last <- utils::tail(c(last, line), 30L)
    }
  }
  status <- as.integer(close(lines) %||% 0L)
  if (status != 0L) cat(last, sep = "\n")
  if (status > 255L) status %/% 256L else status # as wait() gives it
}

# Of a large download each tenth is a line.
show_progress <- function(bytes, shown) {
  tenth <- floor(10 * bytes[[1L]] / max(bytes[[2L]], 1))
  if (bytes[[2L]] > 2e7 && tenth > shown) {
    cat(sprintf("    %3.0f %% of %.0f MB\n", 10 * tenth, bytes[[2L]] / 1e6))
  }
  max(tenth, shown)
}

# The lines that say how far pip and the script of the system are, among many others.
is_told <- function(line) {
  grepl("^(  Downloading |  Building wheel .*started|Installing |Successfully |== )", line)
}

# Packages that are required before the start ----------------------------------------------------

required_packages <- function() host$required

# Installs what py_require() has asked for into the Python that install_python_side() has made; for
# another one a message says how.
install_required <- function(python) {
  if (!length(python$lacks)) {
    return(invisible())
  }
  if (python$rule != "install_python_side()") {
    message(
      "py_require(): Python (", python$program, ") lacks packages: ",
      pip_command(python$lacks, python$program), " in a shell installs them."
    )
    return(invisible())
  }
  message("py_require(): ", paste(python$lacks, collapse = ", "), " will be installed.")
  install_packages(python$program, python$lacks)
}

install_packages <- function(program, packages) {
  pip <- c(program, "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "raw")
  step("Installing", c(pip, packages))
}
