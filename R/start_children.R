# New processes of R that a session starts (callr, workers of parallel and future, Rscript) find this
# package and use the same Python. The other half is start/children.py. Where R hosts, they find the
# package as this R did. Where Python hosts, no library has it, so the session makes a library with a
# package whose code is these sources and whose shared library is the shim that came with the Python
# package: such a process is an R that hosts Python.

# Makes the library; `files` are the paths that start/children.py knows. Returns R_LIBS, for Python.
serve_children <- function(files) {
  library_dir <- file.path(tempdir(), "pyclassbridge-library")
  fields <- read.dcf(file.path(files$sources, "DESCRIPTION"))[1L, ]
  code <- bquote(local({
    files <- list.files(.(file.path(files$sources, "R")), "[.]R$", full.names = TRUE)
    for (file in sort(files, method = "radix")) {
      for (code in parse(file, keep.source = FALSE, encoding = "UTF-8")) eval(code, topenv())
    }
  }))
  dir <- file.path(library_dir, fields[["Package"]])
  write_package(dir, fields, deparse(code))
  # A package with compiled code says for which internals of R that is.
  saveRDS(list(internalsID = .Internal(internalsID())), file.path(dir, "Meta", "features.rds"))
  file.copy(file.path(files$sources, "NAMESPACE"), dir, overwrite = TRUE)
  link <- function(to, ...) {
    dir.create(dirname(file.path(dir, ...)), recursive = TRUE)
    file.symlink(to, file.path(dir, ...))
  }
  link(files$shim, "libs", .Platform$r_arch, paste0("pyclassbridge", .Platform$dynlib.ext))
  link(files$probe, "python", "probe.py")
  add_library(library_dir, has_other_version)
}

has_other_version <- function(library_dir) {
  file <- file.path(library_dir, "pyclassbridge", "DESCRIPTION")
  file.exists(file) && read.dcf(file, "Version")[[1L]] != own_version()
}

# Adds a library for this process and for new ones. It is the last one, because install.packages()
# writes into the first; it must be the first where `is_before()` says so of another library. Returns
# R_LIBS.
add_library <- function(library_dir, is_before) {
  others <- setdiff(.libPaths(), normalizePath(library_dir))
  others <- others[!is_of_another_session(others)]
  order <- function(others) {
    if (any(vapply(others, is_before, NA))) c(library_dir, others) else c(others, library_dir)
  }
  .libPaths(order(others))
  # A child may be an R of another version, whose own packages come from its own library.
  without_own <- setdiff(others, .Library)
  kept <- order(if (length(without_own)) without_own else others)
  libraries <- paste(kept, collapse = .Platform$path.sep)
  Sys.setenv(R_LIBS = libraries)
  libraries
}

# A Python that another session has started inherits its libraries in R_LIBS; it makes its own.
is_of_another_session <- function(libraries) {
  made <- basename(libraries) %in% c("pyclassbridge-library", "pyclassbridge-stand-ins")
  made & dirname(libraries) != normalizePath(tempdir())
}

# Writes into `dir` the files of a package that is installed for this R: the fields of DESCRIPTION, a
# NAMESPACE without directives, and the code.
write_package <- function(dir, fields, code) {
  unlink(dir, recursive = TRUE)
  dir.create(file.path(dir, "R"), recursive = TRUE)
  dir.create(file.path(dir, "Meta"))
  built <- list(
    R = getRversion(), Platform = "", Date = format(Sys.Date()), OStype = .Platform$OS.type
  )
  fields <- c(fields, Built = paste0("R ", built$R, "; ; ", built$Date, "; ", built$OStype))
  lines <- paste0(names(fields), ": ", gsub("\n", "\n  ", fields, fixed = TRUE))
  writeLines(lines, file.path(dir, "DESCRIPTION")) # write.dcf() takes longer than all the rest
  info <- list(
    DESCRIPTION = fields, Built = built, Rdepends = list(), Rdepends2 = list(), Depends = list(),
    Suggests = list(), Imports = list(), LinkingTo = list()
  )
  saveRDS(structure(info, class = "packageDescription2"), file.path(dir, "Meta", "package.rds"))
  file.create(file.path(dir, "NAMESPACE"))
  writeLines(code, file.path(dir, "R", fields[["Package"]]))
}

# A Python that R has started is that of its children, too, unless the user has named one.
name_python <- function(program) {
  if (!nzchar(Sys.getenv("PYCLASS_BRIDGE_PYTHON"))) {
    Sys.setenv(PYCLASS_BRIDGE_PYTHON = program)
  }
}
