# Python typed line by line: repl_python() at a terminal or from a script, and eng_python(), the
# engine of knitr. The other half is for_r/repl.py. Both show what Python's own prompt shows.

#' Python's prompt in R, and Python chunks of knitr
#'
#' `repl_python()` reads Python at the terminal until `exit` or the end of the input; names are
#' those of Python's main module. With `input` it runs that instead. An exception of Python is
#' printed, and what follows goes on, as at Python's prompt; in a chunk of knitr it is an error
#' unless the chunk has the option `error = TRUE`.
#'
#' @param module String, a module whose names the code finds first; default: the main module.
#' @param quiet TRUE prints no greeting.
#' @param input Python code, one string or several lines.
#' @param options The options of a chunk, as knitr gives them.
#' @return `repl_python()` NULL, invisibly; `eng_python()` what knitr takes as output of the chunk.
#' @examples
#' \dontrun{
#' repl_python(input = c("n = 6", "n * 7"))
#' knitr::knit_engines$set(python = eng_python)
#' }
repl_python <- function(module = NULL, quiet = getOption("reticulate.repl.quiet", default = FALSE),
                        input = NULL) {
  scope <- if (!is.null(module)) import(module, convert = FALSE)
  if (is.null(input)) {
    for_r$interact(scope, if (isTRUE(quiet)) "" else "Python here; exit gives R back.")
  } else {
    cat(for_r$run_lines(one_text(input), scope)$output)
  }
  invisible(NULL)
}

#' @rdname repl_python
eng_python <- function(options) {
  if (!requireNamespace("knitr", quietly = TRUE)) {
    stop("eng_python() needs the R package knitr: install.packages(\"knitr\").", call. = FALSE)
  }
  output <- ""
  if (!isFALSE(options$eval)) {
    ran <- for_r$run_lines(one_text(options$code))
    if (!is.null(ran$error) && !isTRUE(options$error)) {
      stop(ran$error, call. = FALSE)
    }
    output <- ran$output
  }
  knitr::engine_output(options, options$code, output)
}
