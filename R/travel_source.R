# The text of functions and classes that travel, so that R and Python show their source where they
# arrive. It has no other half in Python.
#
# A source reference points into an environment with the lines of the file, which travel as one text.

source_piece <- function(file, found) {
  name <- paste(file$filename)
  known <- found$sources[[name]]
  if (is.null(known)) {
    lines <- tryCatch(getSrcLines(file, 1L, .Machine$integer.max), error = function(e) character())
    is_file <- nzchar(name) && !startsWith(name, "<")
    path <- if (is_file) file_path(name, paste(file$wd)) else name
    known <- add_piece(found, "source", list(path, paste(as_text(lines), collapse = "\n")))
    found$sources[[name]] <- known
  }
  known
}

file_path <- function(name, directory) {
  is_absolute <- grepl("^([/\\\\~]|[A-Za-z]:)", name)
  if (is_absolute || !nzchar(directory)) name else file.path(directory, name)
}

source_of_piece <- function(piece) {
  piece <- py_to_r(piece)
  srcfilecopy(piece[[1L]], strsplit(piece[[2L]], "\n", fixed = TRUE)[[1L]])
}
