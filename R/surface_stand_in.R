# Stand-ins for keras3, reticulate and others, so that scripts for these packages run unchanged.
# They have no other half in Python. Each is an installed package, in a library of the session, and
# exports the functions of this namespace; so R's own library(), `::` and packageVersion() work.

# The packages, with the version whose functions each stand-in offers.
stand_ins <- c(keras3 = "1.5.1", keras = "2.16.0", reticulate = "1.46.0", tensorflow = "2.20.0")

stand_in_state <- new.env(parent = emptyenv())

# Makes the library of the stand-ins the first in .libPaths(). Python calls this before it runs a
# script.
use_stand_ins <- function() {
  library_dir <- file.path(tempdir(), "pyclassbridge-stand-ins")
  if (!library_dir %in% .libPaths()) {
    for (name in names(stand_ins)) {
      write_stand_in(name, stand_ins[[name]], file.path(library_dir, name))
    }
    .libPaths(c(library_dir, .libPaths()))
  }
  invisible()
}

# Writes into `dir` the files of a package that is installed for this R.
write_stand_in <- function(name, version, dir) {
  dir.create(file.path(dir, "R"), recursive = TRUE, showWarnings = FALSE)
  dir.create(file.path(dir, "Meta"), showWarnings = FALSE)
  description <- c(
    Package = name, Version = version, Title = paste("pyclassbridge in the place of", name),
    Description = "Hands out the exports of pyclassbridge.", License = "see pyclassbridge",
    Built = paste0("R ", getRversion(), "; ; ", Sys.Date(), "; ", .Platform$OS.type)
  )
  write.dcf(rbind(description), file.path(dir, "DESCRIPTION"))
  built <- list(
    R = getRversion(), Platform = "", Date = format(Sys.Date()), OStype = .Platform$OS.type
  )
  info <- list(
    DESCRIPTION = description, Built = built, Rdepends = list(), Rdepends2 = list(),
    Depends = list(), Suggests = list(), Imports = list(), LinkingTo = list()
  )
  saveRDS(structure(info, class = "packageDescription2"), file.path(dir, "Meta", "package.rds"))
  file.create(file.path(dir, "NAMESPACE"))
  code <- ".onLoad <- function(libname, pkgname) pyclassbridge:::fill_stand_in(pkgname, topenv())"
  writeLines(code, file.path(dir, "R", name))
}

# Exports the functions of this namespace from `stand_in`, the namespace of a stand-in that loads.
fill_stand_in <- function(name, stand_in) {
  ns <- topenv()
  tell_stand_in(name)
  exports <- getNamespaceExports(ns)
  for (export in exports) {
    if (bindingIsActive(export, ns)) {
      bind_again(export, ns, stand_in)
    } else {
      assign(export, get(export, envir = ns), envir = stand_in)
    }
  }
  # If this variable exists, library() does not warn of masked names, which are the same functions.
  stand_in$.conflicts.OK <- TRUE
  namespaceExport(stand_in, c(exports, ".conflicts.OK"))
}

bind_again <- function(name, from, to) {
  force(name)
  makeActiveBinding(name, function() get(name, envir = from), to)
}

tell_stand_in <- function(name) {
  if (is.null(stand_in_state$told)) {
    stand_in_state$told <- TRUE
    others <- setdiff(names(stand_ins), name)
    packageStartupMessage(
      "pyclassbridge stands in for ", name, " (and for ", paste(others, collapse = ", "),
      "). The option --no-stand-in turns this off."
    )
  }
}

# The remedy for the error that a package with a stand-in is not installed; NULL for others.
stand_in_remedy <- function(cond) {
  if (inherits(cond, "packageNotFoundError") && cond$package %in% names(stand_ins)) {
    paste0(
      "pyclassbridge can stand in for ", cond$package, ": use `pyclass-bridge run`, or in Python ",
      "source(path, stand_in=True); its functions also work without library() and `::`"
    )
  }
}
