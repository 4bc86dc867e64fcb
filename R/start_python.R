# Which Python R starts, where R hosts: a table of rules, in their order. The other half is
# start/probe.py. That runs with each Python, in a process of its own, and says what it is. A Python
# that the user has named must be usable, else it is an error. Others are passed over, and the error
# that none is left says why, for each.

# Versions of Python that are supported, first and last.
python_versions <- c("3.10", "3.14")

# Each rule: how py_config() calls it, has the user named the Python, and what finds it. `find()`
# gives the path of a program or of an environment, or NULL.
python_rules <- list(
  list(name = "use_python()", named = TRUE, find = function() host$chosen),
  list(name = "PYCLASS_BRIDGE_PYTHON", named = TRUE, find = function() {
    set_in_environment("PYCLASS_BRIDGE_PYTHON")
  }),
  list(name = "reticulate", named = TRUE, find = function() python_of_reticulate()),
  list(name = "RETICULATE_PYTHON", named = TRUE, find = function() {
    # Newer versions of reticulate know this word for an environment that they make.
    null_if(set_in_environment("RETICULATE_PYTHON"), "managed")
  }),
  list(name = "VIRTUAL_ENV", named = FALSE, find = function() set_in_environment("VIRTUAL_ENV")),
  list(name = ".venv", named = FALSE, find = function() local_environment()),
  list(name = "CONDA_PREFIX", named = FALSE, find = function() set_in_environment("CONDA_PREFIX")),
  list(name = "install_python_side()", named = FALSE, find = function() managed_environment()),
  list(name = "PATH", named = FALSE, find = function() text_or_null(Sys.which("python3")[[1L]]))
)

set_in_environment <- function(name) text_or_null(Sys.getenv(name))

text_or_null <- function(text) if (nzchar(text)) text

null_if <- function(text, word) if (!identical(text, word)) text

# `.venv` in the working directory, or above it as far as the project's root.
local_environment <- function(start = getwd()) {
  roots <- c(".git", "pyproject.toml", "DESCRIPTION", ".here", "_targets.R")
  is_root <- function(folder) {
    any(file.exists(file.path(folder, roots))) || length(Sys.glob(file.path(folder, "*.Rproj")))
  }
  folders <- start
  while (!is_root(folders[[1L]])) {
    above <- dirname(folders[[1L]])
    if (above == folders[[1L]]) {
      folders <- start # there is no project
      break
    }
    folders <- c(above, folders)
  }
  found <- Filter(function(path) !is.null(program_in(path)), file.path(rev(folders), ".venv"))
  if (length(found)) found[[1L]]
}

# The program of an environment, NULL if it has none.
program_in <- function(folder) {
  programs <- file.path(folder, "bin", c("python3", "python"))
  programs <- programs[file.exists(programs)]
  if (length(programs)) programs[[1L]]
}

# The path of the program for a path, a directory of an environment, or a word on the PATH. Links are
# kept: that of an environment says which one it is.
as_program <- function(path) {
  path <- path.expand(path)
  if (!grepl("/", path, fixed = TRUE) && nzchar(found <- Sys.which(path)[[1L]])) {
    path <- found
  }
  if (!startsWith(path, "/")) path <- file.path(getwd(), path)
  if (dir.exists(path)) program_in(path) %||% path else path
}

# The first usable Python: facts, with `rule` and `passed`, the sentences of those passed over; or
# `fault`, the sentence of what is wrong.
choose_python <- function(wanted = character()) {
  passed <- character()
  for (rule in python_rules) {
    path <- rule$find()
    if (is.null(path)) next
    found <- examine_python(as_program(path), rule$name, wanted)
    found$passed <- passed
    if (is.null(found$fault) || rule$named) {
      return(found)
    }
    passed <- c(passed, paste0(rule$name, ": ", found$fault))
  }
  list(fault = start_sentence("no_python", candidates = bulleted(passed)), passed = passed)
}

bulleted <- function(lines) paste0(rep("\n  - ", length(lines)), lines, collapse = "")

# The same, or an error.
chosen_python <- function() {
  found <- choose_python(required_packages())
  if (!is.null(found$fault)) {
    stop_start(text = found$fault)
  }
  found
}

# The facts of a Python, as a list; `fault` is the sentence of what is wrong with it.
examine_python <- function(program, rule, wanted = character()) {
  facts <- probe_python(program, wanted)
  facts$program <- program
  facts$rule <- rule
  facts$fault <- fault_of(facts)
  facts
}

# Could this Python be started here, whatever is installed in it?
is_sound <- function(facts) is.null(fault_of_python(facts, saying(facts)))

probe_python <- function(program, wanted = character()) {
  if (!file.exists(program)) {
    return(list(missing = TRUE))
  }
  said <- suppressWarnings(tryCatch(
    without_r_libraries(system2(
      program, shQuote(c(probe_file(), wanted)),
      stdout = TRUE, stderr = TRUE, stdin = "/dev/null", timeout = 60
    )),
    error = function(e) conditionMessage(e)
  ))
  lines <- grep("^[a-z0-9_]+=", said, value = TRUE)
  facts <- as.list(sub("^[a-z0-9_]+=", "", lines))
  names(facts) <- sub("=.*", "", lines)
  lacks <- unlist(facts[names(facts) == "lacks"], use.names = FALSE)
  facts <- facts[!duplicated(names(facts))]
  facts$lacks <- lacks
  if (is.null(facts$version)) {
    facts$said <- utils::tail(c("nothing", said[nzchar(said)]), 1L)
  }
  facts
}

# R's script puts directories before those of LD_LIBRARY_PATH, and another Python's library may be in
# them. What remains is the user's.
libraries_of_user <- function() {
  home <- dirname(.Library)
  code <- '. "$0/etc/ldpaths" && printf %s "$R_LD_LIBRARY_PATH"'
  own <- system2("sh", c("-c", shQuote(code), shQuote(home)), stdout = TRUE, env = "LD_LIBRARY_PATH=")
  now <- Sys.getenv("LD_LIBRARY_PATH")
  if (length(own) && startsWith(now, own)) sub("^:", "", substring(now, nchar(own) + 1L)) else now
}

without_r_libraries <- function(code) {
  before <- Sys.getenv("LD_LIBRARY_PATH")
  on.exit(Sys.setenv(LD_LIBRARY_PATH = before))
  Sys.setenv(LD_LIBRARY_PATH = libraries_of_user())
  code
}

probe_file <- function() python_file("probe.py")

# A file that the installation of the R package has put beside its own (src/install.libs.R).
python_file <- function(name) {
  file.path(getNamespaceInfo(topenv(), "path"), "python", name)
}

# The sentence of what keeps a Python from being started here, NULL if nothing does.
fault_of <- function(facts) {
  say <- saying(facts)
  fault_of_python(facts, say) %||% fault_of_package(facts, say)
}

saying <- function(facts) {
  function(kind, ...) {
    start_sentence(
      kind, program = facts$program, version = facts$version,
      mend = mending_command(facts), ...
    )
  }
}

fault_of_python <- function(facts, say) {
  if (isTRUE(facts$missing)) {
    return(say("program_missing"))
  }
  if (is.null(facts$version)) {
    return(say("no_program", said = facts$said))
  }
  version <- series(facts$version)
  if (version < python_versions[[1L]] || version > python_versions[[2L]]) {
    return(say(if (version < python_versions[[1L]]) "python_too_old" else "python_too_new"))
  }
  if (!identical(facts$implementation, "cpython")) {
    return(say("other_python", implementation = facts$implementation))
  }
  if (is.null(facts$library)) {
    return(say(
      if (is_of_debian(facts$program)) "no_libpython_debian" else "no_libpython",
      series = as.character(version)
    ))
  }
}

fault_of_package <- function(facts, say) {
  own <- own_version()
  if (is.null(facts$package)) {
    say("no_package")
  } else if (!identical(facts$package, own)) {
    say("other_version", package = facts$package, own = own)
  } else if (is.null(facts$core)) {
    say("no_core", folder = facts$folder)
  } else if (!is.null(facts$without)) {
    say("no_dependency", module = facts$without)
  } else if (facts$core != "unknown" && series(facts$core) != series(getRversion())) {
    say("core_for_other_r", core = facts$core, own = as.character(getRversion()))
  }
}

# The first two numbers of a version.
series <- function(version) numeric_version(as.character(version))[, 1:2]

own_version <- function() getNamespaceInfo(topenv(), "spec")[["version"]]

# Debian has libpython in a package of its own.
is_of_debian <- function(program) {
  startsWith(normalizePath(program, mustWork = FALSE), "/usr/bin/") && nzchar(Sys.which("apt-get"))
}

# What brings this version of the package into a Python.
mending_command <- function(facts) {
  if (identical(facts$rule, "install_python_side()")) {
    return("`pyclassbridge::install_python_side()`")
  }
  checkout <- dirname(facts$folder %||% "")
  if (all(file.exists(file.path(checkout, c("Makefile", "core/core.h"))))) {
    return(paste0("`make -C ", shown_path(checkout), " setup`"))
  }
  whole <- is.null(facts$package) || !is.null(facts$without)
  again <- if (!whole) "--force-reinstall --no-deps --no-cache-dir "
  what <- paste0(python_archive(), if (whole) "[tensorflow]")
  paste0("`", shown_path(facts$program), " -m pip install ", again, shown_path(what), "`")
}

shown_path <- function(path) if (grepl("[^[:alnum:]/._+-]", path)) shQuote(path) else path
