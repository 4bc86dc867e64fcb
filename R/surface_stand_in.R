# Stand-ins for keras3, reticulate and others, so that scripts for these packages run unchanged.
# They have no other half in Python. Each is an installed package, in a library of the session, and
# exports the functions of this namespace; so R's own library(), `::` and packageVersion() work.

# The packages, with the version whose functions each stand-in offers.
stand_ins <- c(
  keras3 = "1.5.1", keras = "2.16.0", reticulate = "1.46.0", tensorflow = "2.20.0",
  tfdatasets = "2.18.0"
)

# An environment of what a stand-in exports beyond the exports of this namespace, which does not
# export these names itself: some, such as train() and contains(), are also well-known functions of
# other packages.
stand_in_exports <- function(name) {
  switch(name,
    keras3 = ,
    keras = keras2_functions(),
    tensorflow = list2env(tensorflow_exports()),
    tfdatasets = list2env(tfdatasets_exports()),
    emptyenv()
  )
}

stand_in_state <- new.env(parent = emptyenv())

# Makes the library of the stand-ins the first in .libPaths(). Python calls this before it runs a
# script.
use_stand_ins <- function() {
  library_dir <- file.path(tempdir(), "pyclassbridge-stand-ins")
  if (!library_dir %in% .libPaths()) {
    # A tfdatasets that is installed works with the stand-ins of what it imports.
    installed <- nzchar(system.file(package = "tfdatasets"))
    for (name in setdiff(names(stand_ins), if (installed) "tfdatasets")) {
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
  hand_out(getNamespaceExports(ns), ns, stand_in)
  own <- stand_in_exports(name)
  hand_out(ls(own, all.names = TRUE), own, stand_in)
  # If this variable exists, library() does not warn of masked names, which are the same functions.
  stand_in$.conflicts.OK <- TRUE
  namespaceExport(stand_in, unique(c(
    getNamespaceExports(ns), ls(own, all.names = TRUE), ".conflicts.OK"
  )))
}

hand_out <- function(names, from, to) {
  for (name in names) {
    if (bindingIsActive(name, from)) {
      bind_again(name, from, to)
    } else {
      assign(name, get(name, envir = from), envir = to)
    }
  }
}

# Functions of these rows, whose only answer is an error of one sentence: `groups` is a list of
# list(answer, functions), `functions` their arguments by name.
refused_functions <- function(groups) {
  unlist(lapply(groups, function(group) {
    lapply_names(group$functions, function(name) {
      text <- paste0(name, "(): ", group$answer, ".")
      new_function(group$functions[[name]], bquote(stop(.(text), call. = FALSE)), topenv())
    })
  }), recursive = FALSE)
}

lapply_names <- function(x, f) {
  structure(lapply(names(x), f), names = names(x))
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
  package <- if (inherits(cond, "packageNotFoundError")) unclass(cond)[["package"]]
  if (is.character(package) && package %in% names(stand_ins)) {
    paste0(
      "pyclassbridge can stand in for ", package, ": use `pyclass-bridge run`, or in Python ",
      "source(path, stand_in=True)",
      if (package != "tfdatasets") "; its functions also work without library() and `::`"
    )
  }
}
