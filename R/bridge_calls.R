# Calls as text: which calls stand on R's stack when an error happens, where in a file they are, and
# how an error with its call is printed. The other half is bridge/condition.py.

# The user's call of a condition; NULL at the top level of a file or a text, and if a user's method
# fails.
users_call <- function(cond) {
  call <- tryCatch(conditionCall(cond), error = function(e) NULL)
  if (!identical(call, quote(eval(expressions[i], env)))) call
}

# An error as R prints it: the message has its own line if the first line would be too long.
printed_error <- function(message, call) {
  if (is.null(call)) {
    return(paste0("Error: ", message))
  }
  head <- shown_call(call)[[1L]]
  first <- strsplit(message, "\n", fixed = TRUE)[[1L]][1L]
  long <- 14L + nchar(head, "w") + nchar(first, "w") > 77L
  paste0("Error in ", head, " : ", if (isTRUE(long)) "\n  ", message)
}

# Drops the frames of the handlers, at the end (those from the function `last` on), and of the
# evaluator: they are not the user's.
described_calls <- function(calls, last = NULL) {
  calls <- as.list(calls)
  heads <- vapply(calls, call_head, "")
  last <- match(TRUE, heads %in% c(handler_heads, last))
  failed <- NULL
  if (!is.na(last)) {
    failed <- failed_statement(calls[[last]])
    calls <- calls[seq_len(last - 1L)]
    heads <- heads[seq_len(last - 1L)]
  }
  anonymous_end <- length(calls) - match(FALSE, rev(heads == ""), nomatch = 1L) + 1L
  calls <- calls[seq_len(anonymous_end)]
  heads <- heads[seq_len(anonymous_end)]
  shown <- !heads %in% evaluator_calls
  described <- unname(lapply(calls[shown], described_call))
  if (is.null(failed) || is_at(described[length(described)], failed)) {
    return(described)
  }
  c(described, list(failed))
}

# The statement that an error of R itself has left, such as a name that is not found at the top level
# of a file: no call is at its place, but R calls its handler from there.
failed_statement <- function(handler_call) {
  ref <- attr(handler_call, "srcref")
  place <- srcref_place(ref)
  if (call_head(handler_call) == ".handleSimpleError" && !is.null(place$file)) {
    c(list(text = shortened(as.character(ref))), place)
  }
}

# Is the last of the described calls, if there is one, in the same line?
is_at <- function(last, failed) {
  length(last) && identical(last[[1L]][c("file", "line")], failed[c("file", "line")])
}

handler_heads <- c(
  ".handleSimpleError", "record_condition", "stop_python", "stop_again", "refuse_quit"
)

evaluator_calls <- c(
  "console_run", "run_cell", "value_of_line", "run_code", "withVisible", "eval", "evaluate_text",
  "source_env"
)

# The called name; "" if the call has the function itself, as R's calls of handlers do.
call_head <- function(call) {
  head <- if (is.call(call)) call[[1L]]
  if (is.symbol(head)) {
    as.character(head)
  } else if (is.call(head)) {
    "(call)"
  } else if (identical(head, stop_python)) {
    "stop_python"
  } else {
    ""
  }
}

described_call <- function(call) {
  ref <- attr(call, "srcref")
  attributes(call) <- NULL
  place <- srcref_place(ref)
  c(list(text = shortened(shown_call(call))), place)
}

# The lines of a call as text. The core's calls hold values: a Python object among them is shown by
# its class, as `<Sequential>`, a long vector or an array by type and size, as `<double 48x1>`.
shown_call <- function(call) {
  text <- deparse(with_short_values(call), width.cutoff = 500L)
  gsub("`(<[^`]+>)`", "\\1", text)
}

with_short_values <- function(x) {
  if (is_py_object(x)) {
    as.name(paste0("<", sub("^.*[.]", "", class(x)[[1L]]), ">"))
  } else if (is.atomic(x) && (length(x) > 6L || !is.null(dim(x)))) {
    size <- if (is.null(dim(x))) length(x) else dim(x)
    as.name(paste0("<", typeof(x), " ", paste(size, collapse = "x"), ">"))
  } else if (is.double(x) && !is.object(x)) {
    signif(x, 7L)
  } else if (is.object(x)) {
    x
  } else if (is.list(x) && !length(x)) {
    quote(list())
  } else if (is.call(x) || is.list(x)) {
    for (i in seq_along(x)) {
      if (!identical(x[[i]], quote(expr = )) && !is.null(x[[i]])) {
        x[[i]] <- with_short_values(x[[i]])
      }
    }
    x
  } else {
    x
  }
}

srcref_place <- function(ref) {
  if (is.null(ref)) {
    return(list(file = NULL, line = NULL))
  }
  file <- attr(ref, "srcfile")$filename
  if (is.null(file) || !nzchar(file)) {
    return(list(file = NULL, line = NULL))
  }
  list(file = file, line = as.integer(ref)[[1L]])
}

# The file and line of the innermost call that has them.
innermost_place <- function(calls) {
  for (call in rev(as.list(calls))) {
    place <- srcref_place(attr(call, "srcref"))
    if (!is.null(place$file)) {
      return(place)
    }
  }
}

calls_as_text <- function() {
  lapply(sys.calls(), function(call) shortened(shown_call(call)))
}
