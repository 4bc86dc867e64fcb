# R's usual graphics device: without one of the user's, plots go to a PDF file in a directory for
# temporary files, which is announced, rather than to Rplots.pdf in the working directory. The other
# half is shell/device.py. In a notebook R/shell_notebook.R takes this device's place.

# `directory` is that of the process `pid`; `number` and `file` are of the last device.
plots <- new.env(parent = emptyenv())

# R's own is pdf(), unless the user's profile or R_DEFAULT_DEVICE says otherwise.
use_temporary_device <- function() {
  if (identical(getOption("device"), grDevices::pdf)) {
    options(device = temporary_device)
  }
  invisible()
}

is_usual_device <- function() identical(getOption("device"), temporary_device)

# R calls it without arguments, dev.new() with those of its own that are here, too.
temporary_device <- function(width, height, pointsize, family, title, bg, fg, paper) {
  call <- match.call()
  is_first <- !identical(plots$pid, Sys.getpid())
  if (is_first) {
    plots$directory <- new_directory()
    plots$pid <- Sys.getpid()
  }
  plots$file <- next_file(plots$directory)
  call[[1L]] <- grDevices::pdf
  call$file <- plots$file
  eval(call, parent.frame())
  plots$number <- grDevices::dev.cur()
  if (is_first) {
    cat(
      "pyclass_bridge: no graphics device is open, so R draws into ", plots$file, ", which is ",
      "complete after dev.off() or at the end. Open one before, such as png(\"plot.png\"), to ",
      "choose the file.\n", sep = "", file = stderr()
    )
  }
  invisible()
}

# Only this user can read it, and it outlives R, unlike tempdir().
new_directory <- function() {
  for (attempt in 1:100) {
    directory <- tempfile("pyclass_bridge_plots_", dirname(tempdir()))
    if (dir.create(directory, showWarnings = FALSE, mode = "0700")) {
      return(directory)
    }
  }
  stop("no directory for plots can be made in ", dirname(tempdir()), ".", call. = FALSE)
}

# As R numbers the files of dev.new().
next_file <- function(directory) {
  number <- ""
  while (file.exists(file <- file.path(directory, paste0("Rplots", number, ".pdf")))) {
    number <- if (identical(number, "")) 1L else number + 1L
  }
  file
}

# The file of the temporary device that is open, or NULL.
open_plot_file <- function() {
  if (!is.null(plots$number) && plots$number %in% grDevices::dev.list()) plots$file
}

close_plot_file <- function() {
  grDevices::dev.off(plots$number)
  plots$number <- NULL
  invisible()
}
