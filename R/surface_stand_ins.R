# Where stand-ins lie: in a library of the session, or in one that the user names. Packages that
# import keras3 are installed and run over them, in either host. It has no other half in Python.
#
# A stand-in is known by a field of its DESCRIPTION, so a real package is never replaced or removed.

stand_in_field <- "StandInBy"

#' Packages that stand in for keras3, reticulate and others
#'
#' Writes small packages named keras3, keras, reticulate, tensorflow and tfdatasets into a library.
#' They export the functions of this package, whether R hosts Python or Python hosts R. So scripts
#' with `library(keras3)` run in `Rscript`, and packages with `Imports: keras3` can be installed and
#' used. This package itself must be installed in a library that R knows.
#'
#' In `pyclass-bridge run` and its like, stand-ins are there already, for new processes of R, too.
#'
#' @param action String. `"list"` says what is there; `"install"` writes the packages, in the place of
#'   stand-ins of another version; `"remove"` removes them. A real package is left alone: where the
#'   library has one of these names, `"install"` is an error, and nothing is written.
#' @param lib String, the path of the library. `"install"` and `"remove"` need it; `"install"` makes
#'   the directory if there is none. `"list"` looks into all libraries of `.libPaths()` without it.
#' @return `"list"` a data frame with the columns `package`, `version`, `by` (the version of this
#'   package that wrote it) and `lib`; the others the paths of the packages, invisibly.
#' @examples
#' lib <- file.path(tempdir(), "over-keras3")
#' stand_ins("install", lib)
#' stand_ins("list", lib)$package
#' library(keras3, lib.loc = lib)
#' stand_ins("remove", lib)
stand_ins <- function(action = c("list", "install", "remove"), lib = NULL) {
  if (missing(action)) action <- "list"
  choices <- eval(formals()$action)
  if (!is.character(action) || length(action) != 1L || !action %in% choices) {
    stop_stand_ins("`action` must be ", paste0('"', choices, '"', collapse = " or "), ".")
  }
  if (!is.null(lib) && (!is.character(lib) || length(lib) != 1L || is.na(lib) || !nzchar(lib))) {
    stop_stand_ins("`lib` must be the path of one library.")
  }
  if (is.null(lib) && action != "list") {
    stop_stand_ins(
      "`lib` is missing: name the library, as in stand_ins(\"", action, "\", .libPaths()[1])."
    )
  }
  switch(action,
    list = found_stand_ins(lib %||% .libPaths()),
    install = invisible(install_stand_ins(path.expand(lib))),
    remove = invisible(remove_stand_ins(path.expand(lib)))
  )
}

stop_stand_ins <- function(...) stop("stand_ins(): ", ..., call. = FALSE)

# The directories of libraries that have the names, whatever is in them.
places_of_stand_ins <- function(libs) {
  paths <- file.path(rep(libs, each = length(stand_in_versions)), names(stand_in_versions))
  paths[file.exists(paths)]
}

# The version of this package that wrote it; "" of a real package.
writer_of <- function(path) {
  file <- file.path(path, "DESCRIPTION")
  by <- if (file.exists(file)) read.dcf(file, stand_in_field)[1L, 1L] else NA
  if (is.na(by)) "" else by[[1L]]
}

is_stand_in <- function(path) nzchar(writer_of(path))

found_stand_ins <- function(libs) {
  paths <- Filter(is_stand_in, places_of_stand_ins(libs))
  version <- function(path) read.dcf(file.path(path, "DESCRIPTION"), "Version")[[1L]]
  data.frame(
    package = basename(paths), version = vapply(paths, version, ""),
    by = vapply(paths, writer_of, ""), lib = dirname(paths), row.names = NULL
  )
}

# The packages are complete before the first is moved to its place.
install_stand_ins <- function(lib) {
  real <- Filter(Negate(is_stand_in), places_of_stand_ins(lib))
  if (length(real)) {
    stop_stand_ins(
      "the library ", lib, " has the package ", paste(basename(real), collapse = ", "),
      " itself, which is not replaced: name another library",
      ", or remove the package with remove.packages(\"", basename(real[[1L]]), "\", \"", lib, "\")."
    )
  }
  if (!dir.exists(lib)) {
    if (file.exists(lib) || !dir.create(lib, recursive = TRUE, showWarnings = FALSE)) {
      stop_stand_ins("the directory ", lib, " can't be made.")
    }
    message("stand_ins(): made the library ", lib, ".")
  }
  if (file.access(lib, 2L) != 0L) {
    stop_stand_ins("the library ", lib, " can't be written to: name another one.")
  }
  made <- tempfile("stand-ins-", lib)
  on.exit(unlink(made, recursive = TRUE))
  for (name in names(stand_in_versions)) {
    write_stand_in(name, stand_in_versions[[name]], file.path(made, name))
  }
  targets <- file.path(lib, names(stand_in_versions))
  unlink(targets, recursive = TRUE)
  moved <- file.rename(file.path(made, names(stand_in_versions)), targets)
  if (!all(moved)) {
    unlink(targets, recursive = TRUE)
    stop_stand_ins("the packages can't be written into ", lib, ".")
  }
  message(
    "stand_ins(): ", paste(names(stand_in_versions), collapse = ", "), " in ", lib,
    " are pyclassbridge; stand_ins(\"remove\", \"", lib, "\") removes them.",
    if (!normalizePath(lib) %in% .libPaths()) {
      paste0(" R finds them after .libPaths(c(\"", lib, "\", .libPaths())).")
    }
  )
  targets
}

remove_stand_ins <- function(lib) {
  paths <- Filter(is_stand_in, places_of_stand_ins(lib))
  unlink(paths, recursive = TRUE)
  said <- if (length(paths)) paste("removed", paste(basename(paths), collapse = ", ")) else "none is"
  message("stand_ins(): ", said, if (length(paths)) " from " else " in ", lib, ".")
  paths
}

# Makes a library of stand-ins for this session and for new processes of R, before libraries that have
# one of these packages. Python calls this before it runs a script, and gets R_LIBS.
use_stand_ins <- function() {
  library_dir <- file.path(tempdir(), "pyclassbridge-stand-ins")
  if (!normalizePath(library_dir, mustWork = FALSE) %in% .libPaths()) {
    # A tfdatasets that is installed works with the stand-ins of what it imports.
    installed <- nzchar(system.file(package = "tfdatasets"))
    for (name in setdiff(names(stand_in_versions), if (installed) "tfdatasets")) {
      write_stand_in(name, stand_in_versions[[name]], file.path(library_dir, name))
    }
    add_library(library_dir, function(lib) length(places_of_stand_ins(lib)) > 0L)
  }
  invisible(Sys.getenv("R_LIBS"))
}

write_stand_in <- function(name, version, dir) {
  fields <- c(
    Package = name, Version = version, Title = paste("pyclassbridge in the place of", name),
    Description = "Hands out the exports of pyclassbridge.", License = "see pyclassbridge",
    own_version()
  )
  names(fields)[[length(fields)]] <- stand_in_field
  write_package(dir, fields, deparse(stand_in_code))
}

# The library of a stand-in need not be one of .libPaths().
stand_in_code <- quote(.onLoad <- function(libname, pkgname) {
  libraries <- c(.libPaths(), libname)
  ours <- tryCatch(loadNamespace("pyclassbridge", lib.loc = libraries), error = function(e) {
    stop(
      pkgname, " in ", libname, " is a stand-in that needs pyclassbridge: ", conditionMessage(e),
      ". Install pyclassbridge, or remove the directory ", file.path(libname, pkgname), ".",
      call. = FALSE
    )
  })
  ours$fill_stand_in(pkgname, topenv())
})
