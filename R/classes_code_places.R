# Places in R code: a place is a variable or a part of one, such as `private$n`, `self$a$b`, `x[[1]]`.
# Its *key* is its code in one form, so that `private[["n"]]` has the key of `private$n`. The code is
# read, never run: for classes_state_changes.R. There is no other half in Python.

# list(key, whole, indices). `whole` is FALSE for a part that only running the code would tell, by its
# `indices`: the key is then that of what it is a part of, "" of code that is no place.
place_of_code <- function(code) {
  if (is.symbol(code) || is_string(code)) {
    return(list(key = as.character(code), whole = TRUE, indices = list()))
  }
  if (!is.call(code) || length(code) < 2L) {
    return(list(key = "", whole = FALSE, indices = list()))
  }
  place <- place_of_code(code[[2L]])
  rest <- as.list(code)[-(1:2)]
  rest <- rest[!vapply(seq_along(rest), function(i) is_empty(rest[i]), NA)]
  element <- if (length(rest) == 1L && length(code) == 3L) element_of(call_head(code), rest[[1L]])
  if (place$whole && !is.null(element) && !is_string(code[[2L]])) {
    return(list(key = paste0(place$key, element), whole = TRUE, indices = list()))
  }
  list(key = place$key, whole = FALSE, indices = c(place$indices, unname(rest)))
}

element_of <- function(head, index) {
  if (head %in% c("$", "@") || head == "[[" && is_string(index)) {
    if (is.symbol(index) || is_string(index)) paste0("$", as.character(index))
  } else if (head %in% c("[[", "[") && is.numeric(index)) {
    paste0("[[", index, "]]")
  }
}

place_root <- function(key) sub("(?:[$]|\\[\\[).*", "", key, perl = TRUE)

place_member <- function(key) {
  if (grepl("$", key, fixed = TRUE)) sub("(?:[$]|\\[\\[).*", "", sub("^[^$]*[$]", "", key), perl = TRUE)
}

# Is the place, or one that it is a part of, among `keys`?
is_covered <- function(key, keys) any(is_part(key, keys))

# Is the place, a part of it, or one that it is a part of, among `keys`?
is_touched <- function(key, keys) any(is_part(key, keys), is_part(keys, key))

is_part <- function(key, of) {
  key == of | startsWith(key, paste0(of, "$")) | startsWith(key, paste0(of, "[["))
}

