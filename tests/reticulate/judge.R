# Runs the snippets of a file and writes down what each gives, with the package that is attached as
# reticulate: reticulate itself, the judge of conversions, or the stand-in of this package.
#
#     Rscript judge.R snippets.R answers.txt
#
# A snippet begins with a line "#- title"; lines "#! reason" after it say why this package differs
# on purpose. Each snippet is evaluated in an environment of its own, in which `np` and `pd` are
# NumPy and pandas, `kind(x)` is the text of what Python gets for `x`, and `py(code)` what R gets
# for a Python expression. The value of its last expression is written as R code.

read_snippets <- function(file) {
  lines <- readLines(file, encoding = "UTF-8")
  starts <- grep("^#- ", lines)
  ends <- c(starts[-1L] - 1L, length(lines))
  snippets <- Map(function(from, to) lines[seq.int(from + 1L, to)], starts, ends)
  stats::setNames(snippets, sub("^#- ", "", lines[starts]))
}

# What a value is, as R code; a Python object, also inside of lists, is its class and its repr().
described <- function(value) {
  lines <- deparse(
    without_python(value),
    control = c("keepInteger", "showAttributes", "niceNames", "digits17"), width.cutoff = 90L
  )
  paste(lines, collapse = "\n")
}

without_python <- function(x) {
  if (inherits(x, "python.builtin.object")) {
    return(as.name(paste0("<", class(x)[[1L]], " ", py_repr(x), ">")))
  }
  # reticulate keeps the index of a pandas object here, as a Python object.
  attr(x, "pandas.index") <- NULL
  if (is.list(x)) {
    x[] <- lapply(x, without_python)
  } else if (is.environment(x)) {
    x <- as.name("<environment>")
  } else if (is.function(x)) {
    x <- as.name("<function>")
  }
  x
}

answer <- function(lines, shared) {
  warned <- character()
  value <- tryCatch(
    withCallingHandlers(
      described(eval(parse(text = lines, keep.source = FALSE), new.env(parent = shared))),
      warning = function(w) {
        warned <<- "with a warning"
        invokeRestart("muffleWarning")
      }
    ),
    error = function(e) "an error"
  )
  paste(c(value, warned), collapse = "\n")
}

shared_names <- function() {
  shared <- new.env(parent = globalenv())
  shared$np <- import("numpy", convert = FALSE)
  shared$pd <- import("pandas", convert = FALSE)
  main <- py_run_string(paste(
    "import collections, datetime, decimal, enum, fractions, pathlib, re, types, uuid",
    "import numpy as np, pandas as pd",
    "def kind(x):",
    "    name = type(x).__qualname__",
    "    if type(x).__module__ != 'builtins':",
    "        name = type(x).__module__.split('.')[0] + '.' + name",
    "    return name + ' ' + repr(x)",
    sep = "\n"
  ))
  shared$main <- main
  shared$kind <- function(x) main$kind(x)
  shared$py <- function(code) py_eval(code)
  shared
}

main <- function(snippets_file, answers_file) {
  snippets <- read_snippets(snippets_file)
  shared <- shared_names()
  answers <- vapply(snippets, answer, "", shared)
  writeLines(paste0("#- ", names(answers), "\n", answers, "\n"), answers_file, useBytes = TRUE)
}

if (length(commandArgs(TRUE)) == 2L) {
  library(reticulate)
  do.call(main, as.list(commandArgs(TRUE)))
}
