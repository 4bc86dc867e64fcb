# Stand-ins for keras3, reticulate and others, so that scripts for these packages run unchanged: what
# they hand out when they are loaded, and what is said of them. They have no other half in Python. Each
# is an installed package (R/surface_stand_ins.R) that exports the functions of this namespace; so R's
# own library(), `::` and packageVersion() work.

# The packages, with the version whose functions each stand-in offers.
stand_in_versions <- c(
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

# Exports the functions of this namespace from `stand_in`, the namespace of a stand-in that loads.
fill_stand_in <- function(name, stand_in) {
  ns <- topenv()
  tell_stand_in(name)
  own <- stand_in_exports(name)
  exports <- getNamespaceExports(ns)
  if (name == "reticulate") {
    # A package may import all of reticulate and of tensorflow, which have no name in common.
    exports <- setdiff(exports, ls(stand_in_exports("tensorflow")))
  }
  hand_out(exports, ns, stand_in)
  hand_out(ls(own, all.names = TRUE), own, stand_in)
  # If this variable exists, library() does not warn of masked names, which are the same functions.
  stand_in$.conflicts.OK <- TRUE
  namespaceExport(stand_in, unique(c(
    exports, ls(own, all.names = TRUE), ".conflicts.OK"
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
    others <- setdiff(names(stand_in_versions), name)
    packageStartupMessage(
      "pyclassbridge stands in for ", name, " (and for ", paste(others, collapse = ", "), ").",
      if (!r_hosts()) " The option --no-stand-in turns this off."
    )
  }
}

# The remedy for the error that a package with a stand-in is not installed; NULL for others.
stand_in_remedy <- function(cond) {
  package <- if (inherits(cond, "packageNotFoundError")) unclass(cond)[["package"]]
  if (is.character(package) && package %in% names(stand_in_versions)) {
    paste0(
      "pyclassbridge can stand in for ", package, ": use ",
      if (r_hosts()) {
        "pyclassbridge::stand_ins(\"install\", lib)"
      } else {
        paste0(
          "`pyclass-bridge run`, in Python source(path, stand_in=True), or in Jupyter ",
          "`%R --stand-in`"
        )
      },
      if (package != "tfdatasets") "; its functions also work without library() and `::`"
    )
  }
}
