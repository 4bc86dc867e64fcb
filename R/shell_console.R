# What `pyclass-bridge console` asks R: whether the input is complete, its evaluation as at R's own
# prompt, traceback(), warnings(), completion. The other half is shell/console.py.

# Is this parse error one that further input could remove? R's message is in the user's language.
is_incomplete <- function(text) {
  message <- tryCatch(
    {
      parse(text = text, keep.source = FALSE)
      return(FALSE)
    },
    error = conditionMessage
  )
  ends <- c(gettext("unexpected end of input", domain = "R"), "unexpected end of input")
  any(vapply(ends, grepl, NA, message, fixed = TRUE)) ||
    grepl("INCOMPLETE_STRING", message, fixed = TRUE)
}

console_run <- function(text) {
  expressions <- tryCatch(
    parse(text = text, keep.source = TRUE, encoding = "UTF-8"),
    error = function(e) stop(as_prompt_says(conditionMessage(e)), call. = FALSE)
  )
  run_code(expressions, globalenv(), set_last_value)
}

# parse() shows numbered lines up to the error; R's prompt shows the lines in quotes.
as_prompt_says <- function(message) {
  lines <- strsplit(sub("^<text>:[0-9]+:[0-9]+: ", "", message), "\n", fixed = TRUE)[[1L]]
  code <- sub("^[0-9]+: ?", "", grep("^[0-9]+: ?", lines[-1L], value = TRUE))
  if (!length(code)) {
    return(lines[[1L]])
  }
  paste0(lines[[1L]], if (length(code) > 1L) " in:\n" else " in ", "\"",
    paste(code, collapse = "\n"), "\"")
}

set_last_value <- function(value) {
  unlockBinding(".Last.value", baseenv())
  assign(".Last.value", value, envir = baseenv())
}

# `calls` has the outermost first, as text; traceback() wants the innermost first.
console_failed <- function(calls) {
  set_in_base(".Traceback", rev(as.list(calls)))
}

# For warnings(): texts, and their calls as text or NULL.
console_warned <- function(messages, calls) {
  calls <- lapply(calls, function(call) {
    # A long call is cut, and then it is text that does not parse.
    if (!is.null(call)) tryCatch(str2lang(call), error = function(e) as.name(call))
  })
  set_in_base("last.warning", structure(calls, names = as_strings(messages)))
}

# R's own prompt sets these variables of base in C. Base's bindings are locked, but active bindings
# can be made; each time again, since R's C code replaces their functions. If R has made the variable
# before, as after an error that no handler has seen, it can be unlocked.
set_in_base <- function(name, value) {
  force(value)
  base <- baseenv()
  if (exists(name, base, inherits = FALSE) && !bindingIsActive(name, base)) {
    unlockBinding(name, base)
    assign(name, value, envir = base)
  } else {
    makeActiveBinding(name, function() value, base)
  }
}

r_version <- function() format(getRversion())

console_prompts <- function() {
  list(prompt = getOption("prompt"), continue = getOption("continue"))
}

# Completion ---------------------------------------------------------------------------------------

# The completions of the text between `start` and the cursor, which is after `end` characters of
# `line`. If arguments of the call complete it, they are the only completions.
console_completions <- function(line, end) {
  utils <- asNamespace("utils")
  before <- utils::rc.options(funarg.suffix = " = ")
  on.exit(utils::rc.options(before))
  line <- gsub("\n", " ", line, fixed = TRUE)
  utils$.assignLinebuffer(line)
  utils$.assignEnd(end)
  token <- utils$.guessTokenFromLine()
  start <- utils$.CompletionEnv[["start"]]
  utils$.completeToken()
  found <- utils$.retrieveCompletions()
  if (startsWith(token, "?")) {
    found <- c(found, sprintf("?%s", utils$normalCompletions(substring(token, 2L), FALSE)))
  } else if (!utils$isInsideQuotes()) {
    arguments <- c(arguments_of_code(substr(line, 1L, start), token), found[endsWith(found, " = ")])
    called <- utils$.CompletionEnv[["fguess"]]
    found <- if (length(arguments)) arguments else bracketed(found, called)
  }
  list(start = start, found = as.list(unique(found[nzchar(found) & found != token])))
}

# Functions get a `(`, except where a function is given as an argument.
bracketed <- function(names, called) {
  names <- grep("<-$", names, value = TRUE, invert = TRUE)
  if (any(called %in% c("help", "args", "formals", "example", "py_help", "do.call", "lapply"))) {
    return(names)
  }
  is_function <- vapply(names, names_function, NA)
  paste0(names, ifelse(is_function, "(", ""), recycle0 = TRUE)
}

# The wrappers are known to be functions, and looking at their values would import Keras.
names_function <- function(name) {
  plain <- sub("^(pyclassbridge|keras3?)::", "", name)
  is_surface_name(plain) || (grepl("^[[:alpha:].][[:alnum:]._]*$", name) &&
    exists(name, envir = globalenv(), mode = "function"))
}

# The arguments of the function that is called before the cursor by code such as
# `keras$layers$Dense(`; R itself completes those of a function that is called by its name.
arguments_of_code <- function(before, text) {
  code <- open_call(before)
  value <- if (nzchar(code)) tryCatch(eval(str2lang(code), globalenv()), error = function(e) NULL)
  if (!is.function(value)) {
    return(character())
  }
  is_python <- is_py_object(value) && is.null(attr(value, "r_class", exact = TRUE))
  arguments <- if (is_python) help_module()$parameters(value) else names(formals(args(value)))
  arguments <- setdiff(as_strings(arguments), "...")
  sprintf("%s = ", arguments[startsWith(arguments, text)])
}

# The code with a `$` or `::` before the last bracket that is open at the end of `text`.
open_call <- function(text) {
  characters <- strsplit(text, "")[[1L]]
  depth <- rev(cumsum(rev((characters == "(") - (characters == ")"))))
  is_open <- which(characters == "(" & depth == 1L)
  if (!length(is_open)) {
    return("")
  }
  head <- substr(text, 1L, max(is_open) - 1L)
  found <- regmatches(head, regexpr("[[:alpha:].][[:alnum:]._]*([$]|::)[[:alnum:]._$:]+$", head))
  if (length(found)) found else ""
}
