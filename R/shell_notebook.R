# R's usual graphics device in a notebook: it writes pages as PNG files into a directory. The other
# half is shell/notebook.py, which shows them.

# `opened` counts the devices, whose pages keep their order by it; `page` has the arguments of png()
# that a cell gives.
page_device <- new.env(parent = emptyenv())
page_device$opened <- 0L

set_page_device <- function(directory) {
  if (is_usual_device() && capabilities("png")) {
    page_device$directory <- directory
    options(device = open_page_device)
  }
  invisible()
}

open_page_device <- function(...) {
  page_device$opened <- page_device$opened + 1L
  usual <- list(width = 7, height = 5, units = "in", res = 96)
  page <- if (is.null(page_device$page)) usual else page_device$page
  file <- file.path(page_device$directory, sprintf("%06d_%%04d.png", page_device$opened))
  do.call(grDevices::png, c(list(file), page))
}

# Sets, or without arguments takes back, the arguments of png(). FALSE: they would have no effect,
# since the device is another one.
set_page <- function(...) {
  is_used <- identical(getOption("device"), open_page_device)
  page <- if (is_used && ...length()) list(...)
  if (!is.null(page$bg)) {
    grDevices::col2rgb(page$bg) # which says what is wrong before the code runs
  }
  page_device$page <- page
  is_used
}

# The device writes its last page when it is closed. Each is known by its file, since R gives the
# number of a device that the user has closed to the next one.
close_page_device <- function() {
  for (number in rev(grDevices::dev.list())) {
    file <- attr(.Devices[[number]], "filepath")
    if (!is.null(file) && identical(dirname(file), page_device$directory)) {
      grDevices::dev.off(number)
    }
  }
  invisible()
}
