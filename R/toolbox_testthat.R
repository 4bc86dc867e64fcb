# Tests of testthat, one by one: which a file has, and what one of them says. Code between the tests
# runs before the first test that comes after it; helper and setup files run before those of their
# directory, as testthat has it.
# Assumes testthat (and withr, which it needs) only when a test runs.
# Python half: toolbox/testthat.py, by which pytest collects and runs them.

# The environments of the directories and files whose tests are under way.
test_runs <- new.env(parent = emptyenv())
test_runs$directories <- list()
test_runs$files <- list()

test_callers <- c("test_that", "describe", "it", "testthat_parameterized")

# list(name, line, at) of each test of a file: `at` is the place of its expression. An expression
# that makes tests in a loop is one test; a file without tests that has code is one, too.
test_items <- function(path) {
  expressions <- parse_code(path)
  refs <- attr(expressions, "srcref")
  items <- list()
  for (i in seq_along(expressions)) {
    code <- expressions[[i]]
    if (has_test(code)) {
      items <- c(items, list(list(name = test_name(code), line = refs[[i]][[7L]], at = i)))
    }
  }
  if (!length(items) && length(expressions)) {
    items <- list(list(name = NULL, line = 1L, at = length(expressions) + 1L))
  }
  items
}

# Does it call test_that() when it is evaluated? A function that does so when it is called does not.
has_test <- function(code) {
  if (!is.call(code) || called_name(code) == "function") {
    return(FALSE)
  }
  if (called_name(code) %in% test_callers) {
    return(TRUE)
  }
  parts <- as.list(code)
  any(vapply(seq_along(parts), function(i) !is_empty(parts[i]) && has_test(parts[[i]]), NA))
}

# The description, if it is written there.
test_name <- function(code) {
  if (called_name(code) %in% test_callers && length(code) > 1L) {
    desc <- as.list(code)$desc %||% code[[2L]]
    if (is_string(desc) && nzchar(desc)) desc
  }
}

# Runs the test at a place: list(kind, text, message, file, line) of each result that is no success,
# with `count`, the number of all.
run_test_item <- function(path, at) {
  if (!requireNamespace("testthat", quietly = TRUE)) {
    return(list(count = 1L, results = list(list(
      kind = "error", message = no_testthat, text = no_testthat, file = NULL, line = NULL
    ))))
  }
  suppressPackageStartupMessages(library(testthat))
  local_test_settings(dirname(path))
  run <- file_run(path)
  reporter <- testthat::SilentReporter$new()
  run_code_before(run, at)
  if (!is.null(run$stopped)) {
    return(list(count = 1L, results = list(run$stopped)))
  }
  stopped <- NULL
  if (at <= length(run$expressions)) {
    stopped <- caught_result(run, at, with_snapshots(
      reporter, path, eval(run$expressions[at], run$env)
    ))
  }
  results <- reporter$expectations()
  other <- Filter(function(x) !inherits(x, "expectation_success"), results)
  place <- attr(run$expressions, "srcref")[[min(at, length(run$expressions))]]
  told <- lapply(other, result_facts, path, place)
  list(
    count = length(results) + (at > length(run$expressions)),
    results = c(if (!is.null(stopped)) list(stopped), told)
  )
}

no_testthat <- paste0(
  "The tests need the R package testthat, which this R has not: ",
  "Rscript -e 'install.packages(\"testthat\")'"
)

# Directory, edition and options as testthat sets them, until the function that calls this ends.
local_test_settings <- function(directory, frame = parent.frame()) {
  # With the name of a package it would look for an installed one.
  testthat::local_test_directory(directory, .env = frame)
  # As where developers run tests: those that skip on CRAN, such as snapshots, run.
  withr::local_envvar(
    TESTTHAT_PKG = package_of_tests(directory)$name, NOT_CRAN = Sys.getenv("NOT_CRAN", "true"),
    .local_envir = frame
  )
  withr::local_options(cli.num_colors = 1L, crayon.enabled = FALSE, .local_envir = frame)
}

with_snapshots <- function(reporter, path, code) {
  snapshots <- tryCatch(
    {
      made <- testthat::local_snapshotter("_snaps", .env = environment())
      made$start_file(basename(path))
      made
    },
    error = function(e) NULL
  )
  reporters <- Filter(Negate(is.null), list(reporter, snapshots))
  both <- testthat::MultiReporter$new(reporters = reporters)
  testthat::with_reporter(both, code, start_end_reporter = FALSE)
}

# ---- files and directories under way -------------------------------------------------------------

file_run <- function(path) {
  if (is.null(test_runs$files[[path]])) {
    expressions <- parse_code(path)
    refs <- attr(expressions, "srcref")
    if (length(refs)) attr(refs[[1L]], "srcfile")$filename <- basename(path)
    run <- new.env(parent = emptyenv())
    run$expressions <- expressions
    run$env <- new.env(parent = directory_env(dirname(path)))
    run$done <- 0L
    run$path <- path
    test_runs$files[[path]] <- run
  }
  test_runs$files[[path]]
}

directory_env <- function(directory) {
  if (is.null(test_runs$directories[[directory]])) {
    package <- package_of_tests(directory)
    env <- new.env(parent = if (is.null(package)) globalenv() else package_env(package))
    teardown <- new.env()
    begin_teardown(teardown)
    testthat::source_test_helpers(directory, env)
    testthat::source_test_setup(directory, env)
    test_runs$directories[[directory]] <- list(env = env, teardown = teardown)
  }
  test_runs$directories[[directory]]$env
}

# testthat::teardown_env() needs one to be there; testthat exports no function that makes it.
begin_teardown <- function(env) {
  begin <- get0("local_teardown_env", envir = asNamespace("testthat"), mode = "function")
  if (is.function(begin)) begin(env)
  env$teardown <- tryCatch(testthat::teardown_env(), error = function(e) NULL)
}

# list(name, root) of the R package whose tests/testthat/ the directory is, or NULL.
package_of_tests <- function(directory) {
  root <- dirname(dirname(directory))
  description <- file.path(root, "DESCRIPTION")
  if (basename(directory) == "testthat" && file.exists(description)) {
    name <- tryCatch(read.dcf(description, "Package")[[1L]], error = function(e) NA)
    if (!is.na(name)) list(name = name, root = root)
  }
}

package_env <- function(package) {
  name <- package$name
  if (!isNamespaceLoaded(name)) {
    if (requireNamespace("pkgload", quietly = TRUE)) {
      pkgload::load_all(package$root, quiet = TRUE)
    } else if (!requireNamespace(name, quietly = TRUE)) {
      stop(
        "these are tests of the R package ", name, ", which is not installed: ",
        "R CMD INSTALL ", package$root, call. = FALSE
      )
    }
  }
  asNamespace(name)
}

forget_test_file <- function(path) {
  test_runs$files[[path]] <- NULL
}

# Teardown files, and what withr has deferred to the end of all tests.
finish_tests <- function() {
  test_runs$files <- list()
  for (directory in names(test_runs$directories)) {
    run <- test_runs$directories[[directory]]
    test_runs$directories[[directory]] <- NULL
    finish_directory(directory, run)
  }
}

finish_directory <- function(directory, run) {
  local_test_settings(directory)
  testthat::source_test_teardown(directory, run$env)
  if (is.environment(run$teardown$teardown)) {
    withr::deferred_run(run$teardown$teardown)
  }
}

# ---- code between tests --------------------------------------------------------------------------

# Evaluates what stands before the test at `at` and is no test. An error, or a skip(), there is the
# result of all tests that come after it.
run_code_before <- function(run, at) {
  while (run$done < at - 1L && is.null(run$stopped)) {
    run$done <- run$done + 1L
    if (!has_test(run$expressions[[run$done]])) {
      run$stopped <- caught_result(run, run$done, eval(run$expressions[run$done], run$env))
    }
  }
}

# What stops the evaluation of the expression at a place: a result, or NULL.
caught_result <- function(run, at, code) {
  caught <- NULL
  withRestarts(
    tryCatch(
      {
        code
        NULL
      },
      skip = function(e) caught <<- e,
      error = function(e) caught <<- e
    ),
    continue_test = function(...) NULL
  )
  if (is.null(caught)) {
    return(NULL)
  }
  ref <- caught[["srcref"]] %||% attr(run$expressions, "srcref")[[at]]
  kind <- if (inherits(caught, "skip")) "skip" else "error"
  result_row(kind, conditionMessage(caught), NULL, ref, run$path, "(code outside of tests)")
}

# ---- results -------------------------------------------------------------------------------------

# `place` is where the test stands: of results that tell no place of their own.
result_facts <- function(result, path, place) {
  kind <- sub("^expectation_", "", class(result)[[1L]])
  text <- paste(format(result), collapse = "\n")
  result_row(kind, conditionMessage(result), text, result$srcref %||% place, path, result$test)
}

result_row <- function(kind, message, text, ref, path, test) {
  message <- paste(message, collapse = "\n")
  line <- if (inherits(ref, "srcref")) ref[[1L]]
  file <- if (inherits(ref, "srcref")) basename(attr(ref, "srcfile")$filename) else basename(path)
  type <- paste0(toupper(substr(kind, 1L, 1L)), substring(kind, 2L))
  place <- paste0("(", file, if (!is.null(line)) paste0(":", line), ")")
  list(
    kind = kind, message = message, file = file, line = line,
    text = paste0(type, " ", place, ": ", test, "\n", text %||% message)
  )
}
