# What keeps R from starting Python, or from making an environment for it: one sentence each, with
# what mends it. The other half is start/broken_setup.py, for what Python finds out.

start_sentences <- list(
  no_python = paste(
    "No Python with pyclass_bridge was found: run `pyclassbridge::install_python_side()`, which",
    "makes one, or set PYCLASS_BRIDGE_PYTHON to one that has it.{candidates}"
  ),
  program_missing = "{program} does not exist: give the path of a Python, or of its environment.",
  no_program = paste(
    "{program} is no Python that runs (it said: {said}): give the path of another one."
  ),
  python_too_old = paste(
    "{program} is Python {version}, and pyclass_bridge needs {oldest} to {newest}: run",
    "`pyclassbridge::install_python_side()` with a newer one on the PATH, or as its `python`."
  ),
  python_too_new = paste(
    "{program} is Python {version}, and pyclass_bridge is made for {oldest} to {newest}: run",
    "`pyclassbridge::install_python_side(python = \"python{newest}\")`."
  ),
  other_python = paste(
    "{program} is Python of the kind {implementation}, and R can start CPython only: give the path",
    "of another one."
  ),
  no_libpython_debian = paste(
    "{program} has no shared library, which R opens: run `apt-get install libpython{series}`."
  ),
  no_libpython = paste(
    "{program} was built without a shared library, which R opens: take another Python, such as the",
    "system's by `pyclassbridge::install_python_side(python = \"/usr/bin/python3\")`, or build it",
    "again with --enable-shared (pyenv: `PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install",
    "{version}`)."
  ),
  no_package = "{program} has no package pyclass_bridge: run {mend}.",
  other_version = paste(
    "{program} has pyclass_bridge {package}, and this R package is version {own}: run {mend}."
  ),
  no_core = paste(
    "The compiled part of pyclass_bridge is missing in {folder}, which {program} uses: run {mend}."
  ),
  no_dependency = paste(
    "{program} has pyclass_bridge without {module}, which it needs: run {mend}."
  ),
  core_for_other_r = paste(
    "The pyclass_bridge of {program} was built for R {core}, and this is R {own}: run {mend}."
  ),
  reticulate_runs = paste(
    "reticulate has started {running} in this R, and {rule} names {program}: a process has one",
    "Python, so restart R, and leave out one of the two."
  ),
  reticulate_locks = paste(
    "reticulate has started Python ({program}) in this R and keeps its lock, so that nothing else can",
    "use it: restart R and use something of pyclassbridge before reticulate."
  ),
  not_started = "Python ({program}) could not be started: {reason}",
  no_base = paste(
    "No Python was found of which an environment can be made: install Python {oldest} to {newest}",
    "(on Debian and Ubuntu `apt-get install python3 python3-venv python3-dev`), or give its path as",
    "`python`.{candidates}"
  ),
  no_tools_debian = paste(
    "{program} lacks {lacking}, which making an environment needs: run `apt-get install",
    "python{series}-venv python{series}-dev`."
  ),
  no_tools = paste(
    "{program} lacks {lacking}, which making an environment needs: install them, or give another",
    "Python as `python`."
  ),
  no_archive = paste(
    "This pyclassbridge has not been installed by R, so it lacks the sources of its Python half",
    "({file}): run `R CMD INSTALL` on the sources."
  ),
  install_failed = paste(
    "{what} failed with status {status}; the lines above say why. {kept}When that is mended, run",
    "`pyclassbridge::install_python_side()` again."
  ),
  other_host = "{name}() is for R as the host, and here Python hosts R: use pip in a shell."
)

start_sentence <- function(kind, ...) {
  facts <- list(..., oldest = python_versions[[1L]], newest = python_versions[[2L]])
  text <- start_sentences[[kind]]
  for (name in names(facts)) {
    text <- gsub(paste0("{", name, "}"), facts[[name]] %||% "", text, fixed = TRUE)
  }
  text
}

# An error whose class tells it from those of Python code.
stop_start <- function(kind, ..., text = start_sentence(kind, ...)) {
  stop(structure(
    class = c("pyclassbridge_start", "error", "condition"), list(message = text, call = NULL)
  ))
}
