# What Python asks where R hosts it: R's console, and the end of the process. The other half is
# bridge/host.py.

is_interactive <- function() interactive()

# Can a line of the console be drawn over again, such as a progress bar? Not in a file, a pipe, one of
# R's sinks or a document.
draws_lines <- function(is_error) {
  if (!interactive() || isTRUE(getOption("knitr.in.progress"))) {
    return(FALSE)
  }
  sunk <- if (is_error) sink.number("message") != 2L else sink.number() > 0L
  !sunk && (isatty(if (is_error) stderr() else stdout()) || in_ide())
}

# The consoles of RStudio and Positron are no terminals, but show what one shows.
in_ide <- function() {
  identical(Sys.getenv("RSTUDIO"), "1") || nzchar(Sys.getenv("POSITRON"))
}

read_line <- function() readline("")

# Calls `end` with the number of this process when R ends it.
end_with_r <- function(end) {
  process <- Sys.getpid()
  host$end <- function() end(process)
  reg.finalizer(host, function(host) host$end(), onexit = TRUE)
  invisible()
}

# The core calls this when q() is called on another thread than R's own.
refuse_thread_quit <- function() {
  stop_quit("q() would end R in a thread of Python's, while its own thread goes on", 0L)
}
