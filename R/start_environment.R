# The functions of reticulate that choose, make and change Python environments. The other halves are
# for_r/config.py and start/doctor.py, which know what is installed. Once Python runs, each function
# answers with one sentence: those that ask to use an environment with a message, and the script goes
# on; those that ask for a value or an installation with an error. Both are made, and exported, from
# one table: a row is a name and its arguments. Where R hosts, those that choose a Python before the
# first start do so (choosers), and py_install() installs into the Python of install_python_side().

#' Python environments
#'
#' Where R is the host, `use_python()`, `use_virtualenv()`, `use_condaenv()` and `py_require()` before
#' the first use of Python say which Python is started, and what is installed then into the one that
#' [install_python_side()] has made; `py_install()` installs into that one. Once Python runs it stays:
#' another one is a message, or an error with `required = TRUE`.
#'
#' Where Python hosts R, a script runs in the environment that started it, as in
#' `myenv/bin/pyclass-bridge run script.R`. So functions that ask to use an environment (`use_python()`,
#' `use_python_version()`, `use_virtualenv()`, `use_condaenv()`, `use_miniconda()`, `py_require()`,
#' `configure_environment()`) say in a message which Python it is, and which packages it lacks; the
#' script goes on. Functions that make, change or look for environments (`py_install()`,
#' `install_python()`, `install_miniconda()`, `uv_run_tool()`, and those whose names begin with
#' `conda`, `miniconda` and `virtualenv`) are an error with the command to use in a shell.
#'
#' All take the arguments that they have in reticulate.
#'
#' @format Two groups of arguments by the name of the function.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' use_virtualenv("r-keras")
#' py_require(c("keras", "pandas"))
#' }
#' @name python_environments
environment_functions <- list(
  # "stays": a message.
  stays = c(
    configure_environment = "package = NULL, force = FALSE",
    py_require = "packages = NULL, python_version = NULL, ..., exclude_newer = NULL,
      action = 'add'",
    use_condaenv = "condaenv = NULL, conda = 'auto', required = NULL",
    use_miniconda = "condaenv = NULL, required = NULL",
    use_python = "python, required = NULL",
    use_python_version = "version, required = NULL",
    use_virtualenv = "virtualenv = NULL, required = NULL"
  ),
  # "refused": an error.
  refused = c(
    conda_binary = "conda = 'auto'",
    conda_clone = "envname, ..., clone = 'base', conda = 'auto'",
    conda_create = "envname = NULL, packages = NULL, ..., forge = TRUE, channel = character(),
      environment = NULL, conda = 'auto', python_version = NULL,
      additional_create_args = character()",
    conda_exe = "conda = 'auto'",
    conda_export = "envname, file = NULL, json = FALSE, ..., conda = 'auto'",
    conda_install = "envname = NULL, packages, forge = TRUE, channel = character(), pip = FALSE,
      pip_options = character(), pip_ignore_installed = FALSE, conda = 'auto',
      python_version = NULL, additional_create_args = character(),
      additional_install_args = character(), ...",
    conda_list = "conda = 'auto'",
    conda_python = "envname = NULL, conda = 'auto', all = FALSE",
    conda_remove = "envname, packages = NULL, conda = 'auto'",
    conda_run2 = "cmd, args = c(), conda = 'auto', envname = NULL, cmd_line = NULL,
      intern = FALSE, echo = !intern",
    conda_search = "matchspec, forge = TRUE, channel = character(), conda = 'auto', ...",
    conda_update = "conda = 'auto'",
    conda_version = "conda = 'auto'",
    condaenv_exists = "envname = NULL, conda = 'auto'",
    install_miniconda = "path = NULL, update = TRUE, force = FALSE",
    install_python = "version = NULL, list = FALSE, force = FALSE, optimized = TRUE",
    miniconda_path = "",
    miniconda_uninstall = "path = NULL",
    miniconda_update = "path = NULL",
    py_install = "packages, envname = NULL, method = 'auto', conda = 'auto',
      python_version = NULL, pip = FALSE, ..., pip_ignore_installed = ignore_installed,
      ignore_installed = FALSE",
    uv_run_tool = "tool, args = character(), ..., from = NULL, with = NULL,
      python_version = NULL, exclude_newer = NULL",
    virtualenv_create = "envname = NULL, python = NULL, ..., version = NULL, packages = 'numpy',
      requirements = NULL, force = FALSE, module = NULL, system_site_packages = FALSE,
      pip_version = NULL, setuptools_version = NULL, extra = NULL",
    virtualenv_exists = "envname = NULL",
    virtualenv_install = "envname = NULL, packages = NULL, ignore_installed = FALSE,
      pip_options = character(), requirements = NULL, ..., python_version = NULL",
    virtualenv_list = "",
    virtualenv_python = "envname = NULL",
    virtualenv_remove = "envname = NULL, packages = NULL, confirm = interactive()",
    virtualenv_root = "",
    virtualenv_starter = "version = NULL, all = FALSE"
  )
)

# Binds the functions of the table in `env`, and returns their names.
bind_environment_functions <- function(env) {
  for (kind in names(environment_functions)) {
    rows <- environment_functions[[kind]]
    for (name in names(rows)) {
      fn <- new_function(rows[[name]], NULL, env)
      wanted <- if ("packages" %in% names(formals(fn))) quote(packages)
      body(fn) <- as.call(c(as.name(paste0("answer_", kind)), name, wanted))
      assign(name, fn, envir = env)
    }
  }
  unlist(lapply(environment_functions, names), use.names = FALSE)
}

answer_stays <- function(name, packages = NULL) {
  if (!python_started()) {
    given <- as.list(parent.frame())
    return(invisible(choose_before_start(name, given, packages)))
  }
  given <- if (r_hosts()) as.list(parent.frame()) else list()
  stays(name, given, packages)
}

stays <- function(name, given, packages) {
  config <- py_config()
  if (r_hosts() && names_running(name, given)) {
    return(invisible())
  }
  lacking <- as_strings(config_module()$lacking(as.list(as.character(packages))))
  another <- if (r_hosts()) "restart R." else "start pyclass-bridge from its environment."
  text <- paste0(
    name, "(): ", hosts_here(), ", so Python ", config$version, " (", config$python, ") stays",
    if (length(lacking)) {
      paste0("; it lacks packages: ", pip_command(lacking), " in a shell installs them.")
    } else {
      paste0("; for another one, ", another)
    }
  )
  if (r_hosts() && isTRUE(given$required)) {
    stop(text, call. = FALSE)
  }
  message(text)
  invisible()
}

hosts_here <- function() {
  if (r_hosts()) "Python runs in this R already" else "Python hosts R here"
}

answer_refused <- function(name, packages = NULL) {
  packages <- if (!missing(packages)) packages
  if (name == "py_install" && r_hosts() && installs_into_managed(packages)) {
    return(invisible())
  }
  before <- if (r_hosts()) "R hosts Python here" else "Python hosts R here"
  stop(
    name, "(): ", before, ", so environments are made and changed in a shell, before the ",
    "script runs; ", pip_command(packages), " installs into the one that ",
    if (python_started()) "runs this." else "would be started.",
    call. = FALSE
  )
}

pip_command <- function(packages, program = py_exe() %||% "python3") {
  packages <- if (length(packages)) as.character(packages) else "PACKAGE"
  quoted <- ifelse(grepl("[^[:alnum:]._-]", packages), paste0("'", packages, "'"), packages)
  paste0("`", program, " -m pip install ", paste(quoted, collapse = " "), "`")
}

# Before the first start, where R hosts ------------------------------------------------------------

# The functions that choose: which argument names the environment, and what finds it.
choosers <- list(
  use_python = list("python", identity),
  use_virtualenv = list("virtualenv", function(name) named_environment(name, virtualenv_folders())),
  use_condaenv = list("condaenv", function(name) named_environment(name, conda_folders())),
  use_miniconda = list("condaenv", function(name) named_environment(name, conda_folders()))
)

choose_before_start <- function(name, given, packages) {
  if (name == "py_require") {
    return(require_packages(as.character(packages), given$action))
  }
  path <- chosen_by(name, given)
  if (is.null(path)) {
    message(name, "(): the Python that R starts is chosen by use_python() or use_virtualenv().")
  } else if (file.exists(as_program(path))) {
    host$chosen <- path
  } else {
    text <- paste0(name, "(): ", start_sentence("program_missing", program = path))
    if (isTRUE(given$required)) stop(text, call. = FALSE)
    message(text)
  }
  NULL
}

chosen_by <- function(name, given) {
  chooser <- choosers[[name]]
  value <- if (!is.null(chooser)) given[[chooser[[1L]]]]
  if (!is.null(value)) chooser[[2L]](as.character(value))
}

# Does a call name the Python that runs?
names_running <- function(name, given) {
  path <- chosen_by(name, given)
  !is.null(path) && identical(as_program(path), host$python$program)
}

require_packages <- function(packages, action) {
  host$required <- switch(action %||% "add",
    remove = setdiff(host$required, packages), set = packages, union(host$required, packages)
  )
  NULL
}

# An environment given by its path, or by its name in one of the folders.
named_environment <- function(name, folders) {
  if (grepl("/", name, fixed = TRUE)) {
    return(name)
  }
  paths <- file.path(folders, name)
  c(paths[dir.exists(paths)], paths)[[1L]]
}

virtualenv_folders <- function() {
  named <- lapply(c("WORKON_HOME", "RETICULATE_VIRTUALENV_ROOT"), set_in_environment)
  path.expand(c(unlist(named), "~/.virtualenvs"))
}

conda_folders <- function() {
  program <- set_in_environment("CONDA_EXE")
  roots <- c(if (!is.null(program)) dirname(dirname(program)), "~/miniconda3", "~/miniforge3")
  path.expand(file.path(roots, "envs"))
}

# TRUE if the Python that runs, or would be started, is that of install_python_side(), which then has
# the packages.
installs_into_managed <- function(packages) {
  python <- host$python %||% choose_python()
  managed <- identical(python$rule, "install_python_side()")
  if (managed && length(packages)) {
    install_packages(python$program, as.character(packages))
  }
  managed && length(packages) > 0L
}

#' Keras is installed with this package
#'
#' Nothing is installed by this function: a message says which Keras there is. Where Keras or its
#' backend is not installed, it is an error that names the command to install it. Where R is the host,
#' [install_python_side()] installs it.
#'
#' @param envname,python_version,gpu,restart_session Taken for compatibility, without effect.
#' @param ... Nothing.
#' @param extra_packages Names of packages; those that are not installed are named in the message.
#' @param backend String, the backend that is to be there.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' install_keras()
#' }
install_keras <- function(envname = "r-keras", ..., extra_packages = NULL, python_version = NULL,
                          backend = NULL, gpu = NA, restart_session = TRUE) {
  import("pyclass_bridge.start.doctor")$check_keras(backend)
  lacking <- as_strings(config_module()$lacking(as.list(as.character(extra_packages))))
  message(
    "install_keras(): Keras ", py_config()$keras_version,
    " is installed in the Python that ", if (r_hosts()) "R has started" else "hosts R",
    if (length(lacking)) paste0("; ", pip_command(lacking), " in a shell installs the rest"), "."
  )
}
