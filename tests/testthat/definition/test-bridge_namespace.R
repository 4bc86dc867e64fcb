# The namespace that pyclass_bridge/bridge/namespace.R makes is one as loadNamespace() would make it.

ns <- asNamespace("pyclassbridge")

test_that("R's own ways to reach a package find it", {
  expect_true(isNamespace(ns))
  expect_true(isNamespaceLoaded("pyclassbridge"))
  expect_true("package:pyclassbridge" %in% search())
  expect_true(suppressWarnings(require(pyclassbridge, quietly = TRUE)))
  expect_silent(library(pyclassbridge))
  expect_true(requireNamespace("pyclassbridge", quietly = TRUE))
  expect_identical(pyclassbridge::Metric, ns$Metric)
  expect_identical(environmentName(ns), "pyclassbridge")
  expect_identical(environmentName(topenv(environment(ns$make_factory))), "pyclassbridge")
  version <- read.dcf("../../../DESCRIPTION", "Version")[[1L]]
  expect_identical(as.character(utils::packageVersion("pyclassbridge")), version)
  expect_true(any(grepl("pyclassbridge", utils::capture.output(utils::sessionInfo()))))
})

test_that("exports exist, and nothing else is attached", {
  exports <- getNamespaceExports(ns)
  expect_true(all(vapply(exports, exists, NA, envir = ns, inherits = FALSE)))
  expect_setequal(ls("package:pyclassbridge", all.names = TRUE), exports)
})

test_that("S3 methods dispatch from anywhere, also for generics of a package", {
  generics <- ns[[".__NAMESPACE__."]]$S3methods
  expect_true(all(vapply(generics[, 3L], exists, NA, envir = ns, inherits = FALSE)))
  expect_false(is.null(utils::getS3method("print", "python.builtin.object", optional = TRUE)))
  expect_false(is.null(utils::getS3method("r_to_py", "R6ClassGenerator", optional = TRUE)))
})

test_that("it is sealed, and is made once", {
  expect_true(environmentIsLocked(ns))
  source("../../../pyclass_bridge/bridge/namespace.R", local = TRUE)
  expect_error(make_namespace("../../.."), "exists already", fixed = TRUE)
})

# A package's directory, which has another name than the package.
write_package <- function(name, code) {
  dir <- tempfile()
  dir.create(file.path(dir, "R"), recursive = TRUE)
  writeLines(c(paste("Package:", name), "Version: 1.0"), file.path(dir, "DESCRIPTION"))
  writeLines(
    c("# note", "export(f, \"%g%\")", "S3method(knitr::knit_print, x)", "S3method(print, y, f)"),
    file.path(dir, "NAMESPACE")
  )
  writeLines(code, file.path(dir, "R", "a.R"))
  dir
}

test_that("NAMESPACE is read as R reads it, whatever the directory is called", {
  source("../../../pyclass_bridge/bridge/namespace.R", local = TRUE)
  dir <- write_package("smallbridge", "f <- `%g%` <- knit_print.x <- function(x, ...) 'shown'")
  made <- make_namespace(dir)
  on.exit(unloadNamespace("smallbridge"))
  expect_setequal(getNamespaceExports(made), c("f", "%g%"))
  expect_identical(
    unname(made[[".__NAMESPACE__."]]$S3methods),
    rbind(c("knit_print", "x", "knit_print.x", "knitr"), c("print", "y", "f", NA))
  )
  expect_identical(print(structure(1, class = "y")), "shown")
})

test_that("a namespace that fails to load is gone", {
  source("../../../pyclass_bridge/bridge/namespace.R", local = TRUE)
  expect_error(make_namespace(write_package("brokenbridge", "stop('no')")), "no")
  expect_false(isNamespaceLoaded("brokenbridge"))
})
