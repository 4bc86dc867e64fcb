# R's usual graphics device in a notebook: it writes pages as PNG files into a directory. The other
# half is shell/notebook.py, which shows them.

page_device <- new.env(parent = emptyenv())
page_device$number <- NULL

set_page_device <- function(directory) {
  if (is_usual_device() && capabilities("png")) {
    options(device = function(...) {
      grDevices::png(
        file.path(directory, "%04d.png"),
        width = 7, height = 5, units = "in", res = 96
      )
      page_device$number <- grDevices::dev.cur()
    })
  }
  invisible()
}

# The device writes its last page when it is closed.
close_page_device <- function() {
  number <- page_device$number
  page_device$number <- NULL
  if (!is.null(number) && number %in% grDevices::dev.list()) {
    grDevices::dev.off(number)
  }
  invisible()
}
