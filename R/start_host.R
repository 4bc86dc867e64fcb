# R hosts Python: the first use of the core starts it. The other half is start/hosted.py.
# Where Python hosts R, the core's symbols are in the namespace before this file is read. Where R
# hosts, each of them is a promise, whose value is what Python gives at its start. R/start_python.R
# says which Python that is. A start that fails leaves R as it was, and the next use tries again.

host <- new.env(parent = emptyenv())
host$is_r <- FALSE
host$symbols <- NULL
host$chosen <- NULL # the path that use_python() and its like have chosen for the start
host$required <- character() # the packages that py_require() has asked for before it
host$python <- NULL # the facts of the Python that runs (examine_python())

# What the core and Python define in the namespace.
host_names <- c(
  "core_call", "core_call_dots", "core_caught", "core_code_hash", "core_convert_flag",
  "core_get_attr", "core_handle", "core_is_proxy", "core_keep_gil", "core_place", "core_proxy",
  "core_quiet", "core_set_attr", "core_set_self", "core_signalled", "core_sleep", "core_to_r",
  "for_r", "for_r_proxies"
)

# Called while the namespace is loaded. The names that are there are those of a Python that hosts R.
# Python has no end before the process, so a namespace that is loaded again has what was kept.
promise_symbols <- function(ns) {
  promised <- setdiff(host_names, ls(ns, all.names = TRUE))
  # A test of definitions has neither the core nor the shim.
  host$is_r <- length(promised) > 0L && exists("keep_symbols", envir = ns, inherits = TRUE)
  for (name in promised) promise_symbol(name, ns)
  if (host$is_r) {
    host$symbols <- .Call(keep_symbols, NULL)
    host$python <- host$symbols$python
    bind_question(ns)
  }
}

promise_symbol <- function(symbol, ns) {
  force(symbol)
  delayedAssign(symbol, host_symbol(symbol), assign.env = ns)
}

# `x %*% y` asks whether x is Python's, and must not start Python for R's own objects.
bind_question <- function(ns) {
  question <- if (is.null(host$symbols)) no_proxy else host$symbols$core_is_proxy
  rebind("core_is_proxy", question, ns)
}

rebind <- function(name, value, ns) {
  if (bindingIsLocked(name, ns)) {
    unlockBinding(name, ns)
    on.exit(lockBinding(name, ns))
  }
  assign(name, value, envir = ns)
}

host_symbol <- function(name) {
  if (is.null(host$symbols)) {
    # R warns of a promise that is evaluated again after an error.
    on.exit(if (is.null(host$symbols)) promise_again(topenv()))
    start_host()
  }
  host$symbols[[name]]
}

promise_again <- function(ns) {
  bind_question(ns)
  for (name in setdiff(host_names, "core_is_proxy")) {
    unlockBinding(name, ns)
    promise_symbol(name, ns)
    lockBinding(name, ns)
  }
}

# Is R the host here, whether or not Python has been started?
r_hosts <- function() host$is_r

# Has Python been started? Always, where it is the host.
python_started <- function() !host$is_r || !is.null(host$symbols)

# Python gives the core's symbols.
take_symbols <- function(env) {
  host$symbols <- env
  bind_question(topenv())
}

start_host <- function() {
  refuse_saving()
  python <- chosen_python()
  host$python <- python
  check_running(python)
  install_required(python)
  set_r_home()
  # rpy2 asks for this variable, too.
  mark <- paste0("PID=", Sys.getpid(), ":NAME=\"pyclassbridge\"")
  Sys.setenv(R_SESSION_INITIALIZED = mark)
  Sys.setenv(LD_LIBRARY_PATH = libraries_of_user()) # for processes that Python starts
  places <- paste(python$prefix, dirname(python$folder), mark, Sys.getenv("R_HOME"), sep = "\n")
  program <- python$executable %||% python$program # which may be a script
  utf8 <- is_in_utf8_mode(python)
  wrong <- .Call(start_python, python$library, program, host_code, places, utf8)
  if (nzchar(wrong)) {
    host$symbols <- host$python <- NULL
    bind_question(topenv())
    kind <- if (wrong == "locked") "reticulate_locks" else "not_started"
    stop_start(kind, program = python$program, reason = wrong)
  }
  host$symbols$python <- python
  .Call(keep_symbols, host$symbols)
  share_python(python$program)
  name_python(python$program)
}

# Python code that imports the package, and says as `error` what is wrong.
host_code <- "
import importlib.util, os, sys
if not getattr(sys, 'argv', None):
    sys.argv = ['']
error = ''
prefix, parent, mark, home = places.split('\\n')
# A Python that runs already has read the environment before.
os.environ.update(R_SESSION_INITIALIZED=mark, R_HOME=home)
if os.path.realpath(sys.prefix) != os.path.realpath(prefix):
    error = f'this R runs the Python of {sys.prefix} already, and a process has one; restart R'
else:
    try:
        importlib.invalidate_caches()
        if importlib.util.find_spec('pyclass_bridge') is None: # reticulate reads no .pth files
            sys.path.append(parent)
        import pyclass_bridge
        from pyclass_bridge.start.quiet import quiet_tensorflow
        quiet_tensorflow()
    except BaseException as exception:
        name = type(exception).__name__
        error = str(exception) if name == 'BrokenSetup' else f'{name}: {exception}'
"

# Would this Python take UTF-8, whatever R's locale is?
is_in_utf8_mode <- function(python) {
  identical(python$utf8_mode, "1") ||
    identical(python$encoding, "utf-8") && !isTRUE(l10n_info()[["UTF-8"]])
}

# R_HOME may have been changed since R has started, and Python finds R's files by it.
set_r_home <- function() {
  home <- normalizePath(dirname(.Library))
  if (!identical(normalizePath(Sys.getenv("R_HOME"), mustWork = FALSE), home)) {
    Sys.setenv(R_HOME = home)
  }
}

# library() says nothing of the few functions of R that this package covers: they do what R's do, and
# more for Python's objects.
.onAttach <- function(libname, pkgname) {
  if (r_hosts()) assign(".conflicts.OK", TRUE, envir = as.environment(paste0("package:", pkgname)))
}
