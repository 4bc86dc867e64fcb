# Python typed line by line: repl_python() at a terminal or from a script. The other half is
# for_r/repl.py. It shows what Python's own prompt shows.

#' Python's prompt in R
#'
#' `repl_python()` reads Python at the terminal until `exit` or the end of the input; names are
#' those of Python's main module. With `input` it runs that instead. An exception of Python is
#' printed, and what follows goes on, as at Python's prompt.
#'
#' @param module String, a module whose names the code finds first; default: the main module.
#' @param quiet TRUE prints no greeting.
#' @param input Python code, one string or several lines.
#' @return NULL, invisibly.
#' @examples
#' \dontrun{
#' repl_python(input = c("n = 6", "n * 7"))
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
