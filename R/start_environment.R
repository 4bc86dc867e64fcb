# The functions of reticulate that choose, make and change Python environments. The other halves are
# for_r/config.py and start/doctor.py, which know what is installed. Python hosts R and runs before
# R, so each function answers with one sentence: those that ask to use an environment with a
# message, and the script goes on; those that ask for a value or an installation with an error. Both
# are made, and exported, from one table: a row is a name and its arguments.

#' Python environments
#'
#' Python hosts R: a script runs in the environment that started it, as in `myenv/bin/pyclass-bridge
#' run script.R`. So functions that ask to use an environment (`use_python()`,
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
  config <- py_config()
  lacking <- as_strings(config_module()$lacking(as.list(as.character(packages))))
  message(
    name, "(): Python hosts R here, so Python ", config$version, " (", config$python, ") stays",
    if (length(lacking)) {
      paste0("; it lacks packages: ", pip_command(lacking), " in a shell installs them.")
    } else {
      "; for another one, start pyclass-bridge from its environment."
    }
  )
  invisible()
}

answer_refused <- function(name, packages = NULL) {
  stop(
    name, "(): Python hosts R here, so environments are made and changed in a shell, before the ",
    "script runs; ", pip_command(if (missing(packages)) NULL else packages),
    " installs into the one that runs this.",
    call. = FALSE
  )
}

pip_command <- function(packages) {
  packages <- if (length(packages)) as.character(packages) else "PACKAGE"
  quoted <- ifelse(grepl("[^[:alnum:]._-]", packages), paste0("'", packages, "'"), packages)
  paste0("`", py_exe(), " -m pip install ", paste(quoted, collapse = " "), "`")
}

#' Keras is installed with this package
#'
#' Nothing is installed from R: a message says which Keras there is. Where Keras or its backend is
#' not installed, it is an error that names the command to install it.
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
    " is installed in the Python that hosts R",
    if (length(lacking)) paste0("; ", pip_command(lacking), " in a shell installs the rest"), "."
  )
}
