# The lines of a call that makes a class, and of a member in it, told by the tokens of the file:
# code has no lines of its own inside of a statement. They are looked for only when there is
# something to tell, since R's table of tokens takes long for a large file.
# Python half: none; toolbox_check.R asks.

# The line of `call` (list(head, ordinal, line, file): the nth call of a function of this name), or
# that of the member in it. `last` asks for the last of several.
line_in_call <- function(call, member, last = FALSE) {
  tokens <- tokens_of(call$file$path)
  range <- lines_of_call(tokens, call$head, call$ordinal)
  if (is.null(range)) {
    return(call$line)
  }
  lines <- if (!is.null(member)) lines_of_member(tokens, member, range)
  if (!length(lines)) range[[1L]] else if (last) max(lines) else min(lines)
}

tokens_of <- function(path) {
  old <- options(keep.parse.data = TRUE)
  on.exit(options(old))
  code <- tryCatch(
    parse(path, keep.source = TRUE, encoding = "UTF-8"),
    error = function(e) NULL
  )
  if (!is.null(code)) utils::getParseData(code)
}

# The first and the last line, or NULL.
lines_of_call <- function(tokens, head, ordinal) {
  if (is.null(tokens)) {
    return(NULL)
  }
  is_infix <- startsWith(head, "%")
  kind <- if (is_infix) "SPECIAL" else "SYMBOL_FUNCTION_CALL"
  heads <- tokens[tokens$token == kind & gsub("`", "", tokens$text) == head, ]
  heads <- heads[order(heads$line1, heads$col1), ]
  if (ordinal > nrow(heads)) {
    return(NULL)
  }
  expr <- tokens[tokens$id == heads$parent[[ordinal]], ]
  if (!is_infix) {
    # That was the name, or package::name.
    expr <- tokens[tokens$id == expr$parent, ]
  }
  if (nrow(expr) == 1L) c(expr$line1, expr$line2)
}

# The lines on which a name is given a value.
lines_of_member <- function(tokens, member, range) {
  tokens <- tokens[tokens$terminal & tokens$token != "COMMENT", ]
  tokens <- tokens[order(tokens$line1, tokens$col1), ]
  inside <- which(tokens$line1 >= range[[1L]] & tokens$line1 <= range[[2L]])
  given <- tokens$token[inside + 1L] %in% c("EQ_SUB", "LEFT_ASSIGN", "EQ_ASSIGN", "SPECIAL")
  named <- gsub("^[`\"']|[`\"']$", "", tokens$text[inside]) == member
  tokens$line1[inside[given & named]]
}
