# R's usual device in a notebook, for pyclass_bridge/shell/notebook.py: pages as PNG files of a directory.

page_device <- new.env(parent = emptyenv())
page_device$number <- NULL

set_page_device <- function(directory) {
  if (capabilities("png")) {
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

# Closed, the device has written its last page.
close_page_device <- function() {
  number <- page_device$number
  page_device$number <- NULL
  if (!is.null(number) && number %in% grDevices::dev.list()) {
    grDevices::dev.off(number)
  }
  invisible()
}
