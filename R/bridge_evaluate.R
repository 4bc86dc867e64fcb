# Functions that Python calls on the R values it holds, and the evaluation of files and text.
# Each is small and has one caller in pyclass_bridge/; results cross by the table of values.
# Python half: bridge/evaluate.py, bridge/source.py and bridge/function.py.

# `given` says by which name the function was given, if that is asked for.
describe_function <- function(fn, asks_name = FALSE) {
  if (is_saved_class(fn)) {
    return(list(stands_for = attr(fn, "py_class_of", exact = TRUE)()))
  }
  at <- sys.nframe() - 1L
  given <- if (asks_name) name_in_call(fn, at)
  if (is.primitive(fn)) {
    known <- args(fn)
    return(list(
      formals = spec_formals(if (is.null(known)) function(...) NULL else known), doc = NULL,
      is_async = FALSE, given = given, place = function_place(fn)
    ))
  }
  list(
    formals = spec_formals(fn), doc = function_doc(fn), is_async = is_async(fn), given = given,
    place = function_place(fn), lost = function_lost_state(fn)
  )
}

# What becomes of a value with a class in a call of Python: what the user's own r_to_py() method
# gives, as a Python object; else the name of a rule of values/request.py; NULL without a rule.
classed_value <- function(x) {
  if (is.null(user_method(x))) {
    return(known_class(x, call_classes))
  }
  value <- r_to_py(x)
  if (is_py_object(value)) value else py_proxy(value, TRUE)
}

# Code -------------------------------------------------------------------------------------------

# The expressions of a file or a text with their source references; a parse error names file, line
# and column. A raw vector is the bytes of the file, which is not read then. R's table of the tokens
# is left out: its time grows with the square of the comments.
parse_code <- function(file, text, what = "file") {
  old <- options(keep.parse.data = FALSE)
  on.exit(options(old))
  is_file <- missing(text) || is.raw(text)
  tryCatch(
    if (is_file) {
      bytes <- if (missing(text)) bytes_of(file) else text
      refuse_nul_in(file, bytes)
      parse_lines(file, lines_of(bytes), file.mtime(file), TRUE)
    } else {
      refuse_no_text(text)
      parse_lines(file, text)
    },
    error = function(e) {
      message <- parse_error_text(conditionMessage(e), file, if (is_file) lines_of(bytes))
      stop(structure(
        class = c("pyclassbridge_parse_error", "error", "condition"),
        list(message = paste0("the ", what, " does not parse: ", message), call = NULL)
      ))
    }
  )
}

parse_lines <- function(file, lines, ...) {
  copy <- srcfilecopy(file, lines, ...)
  parse(text = lines, keep.source = TRUE, srcfile = copy, encoding = "UTF-8")
}

bytes_of <- function(file) {
  size <- file.size(file)
  readBin(file, "raw", if (is.na(size)) 0 else size)
}

# The lines as R reads them from a file, whose line ends may be those of any system.
lines_of <- function(bytes) {
  connection <- rawConnection(bytes)
  on.exit(close(connection))
  readLines(connection, warn = FALSE)
}

# What R says, with the name of the file, which R leaves out of some messages; `lines` are those of
# a file.
parse_error_text <- function(message, file, lines) {
  message <- sub("^<text>", file, message)
  if (startsWith(message, paste0(file, ":"))) {
    return(message)
  }
  line <- if (!is.null(lines)) match(FALSE, validUTF8(lines))
  if (!is.null(line) && !is.na(line)) {
    return(paste0(file, ":", line, ": the bytes are no text in UTF-8: save the file as UTF-8."))
  }
  paste0(file, ": ", message)
}

# R's parser leaves out the rest of a line after a NUL byte, and says nothing.
refuse_nul_in <- function(file, bytes) {
  at <- grepRaw(as.raw(0L), bytes, fixed = TRUE)
  if (length(at)) {
    line <- 1L + sum(bytes[seq_len(at)] == as.raw(10L))
    stop(
      file, ":", line, ": there is a NUL byte, so it is no text in UTF-8: save the file as UTF-8, ",
      "or load another copy of it."
    )
  }
}

# A Python str that R's strings can't hold stays a Python object.
refuse_no_text <- function(text) {
  if (!is.character(text)) {
    stop(
      "it has a character that R's text can't have: a NUL, or one half of a pair (a surrogate); ",
      "take it out of the code."
    )
  }
}

# Prints visible values, as Rscript does; calls `done` with each value first.
run_code <- function(expressions, env, done = NULL) {
  for (i in seq_along(expressions)) {
    result <- withVisible(eval(expressions[i], env))
    if (!is.null(done)) {
      done(result$value)
    }
    if (result$visible) {
      print(result$value)
    }
  }
  invisible()
}

evaluate_text <- function(text, name, env) {
  value <- NULL
  expressions <- parse_code(name, text)
  for (i in seq_along(expressions)) {
    value <- eval(expressions[i], env)
  }
  value
}

# A new environment for the definitions of a file. It says what Python calls the file's module, where
# the text was and its hash (bridge/source.py).
file_env <- function(path, module, hash) {
  env <- new.env(parent = globalenv())
  env$.pyclassbridge_module <- module
  env$.pyclassbridge_file <- path
  env$.pyclassbridge_hash <- hash
  env
}

# The record of the file whose environment `env` is, or lies below: list(module, file, hash, env);
# NULL for other environments.
file_record <- function(env) {
  while (!identical(env, emptyenv())) {
    if (is_string(env$.pyclassbridge_hash)) {
      return(list(
        module = env$.pyclassbridge_module, file = env$.pyclassbridge_file,
        hash = env$.pyclassbridge_hash, env = env
      ))
    }
    env <- parent.env(env)
  }
}

# Evaluates the bytes of a file in its environment.
source_env <- function(path, bytes, env) {
  expressions <- parse_code(path, bytes)
  for (i in seq_along(expressions)) {
    eval(expressions[i], env)
  }
  register_conversions(env)
  env
}

set_arguments <- function(file, args) {
  ns <- baseenv()
  given <- c(commandArgs()[[1L]], paste0("--file=", file), "--args", as.character(unlist(args)))
  replacement <- function(trailingOnly = FALSE) {
    if (trailingOnly) given[-(1:3)] else given
  }
  locked <- bindingIsLocked("commandArgs", ns)
  if (locked) unlockBinding("commandArgs", ns)
  assign("commandArgs", replacement, envir = ns)
  if (locked) lockBinding("commandArgs", ns)
  invisible()
}

# Class specs ------------------------------------------------------------------------------------

# A named list, even if it is empty.
as_dict <- function(x) {
  structure(as.list(x), names = as.character(names(x)))
}

# The class environment of a spec, in which its private members are kept for the instances.
class_env_of <- function(spec, class_ref) {
  env <- new_class_env(spec$parent_env, spec$name, class_ref)
  closures <- function(members) {
    structure(lapply(members, `[[`, "fn"), names = vapply(members, `[[`, "", "name"))
  }
  set_private_members(
    env, closures(spec$private_methods), closures(spec$private_active), spec$private_fields
  )
  env
}

# The same for a method that keeps the environment it was made in, which becomes the parent.
class_env_around <- function(class_env, spec, closure, class_ref) {
  env <- new_class_env(environment(closure), spec$name, class_ref)
  env$.private <- class_env$.private
  env
}

# Environments that Python asks for --------------------------------------------------------------

environment_with <- function(...) list2env(list(...), parent = globalenv())

defined_in <- function(env) as.list(ls(env, sorted = TRUE))

definition_of <- function(env, name) get(name, envir = env, inherits = FALSE)

is_plain_function <- function(env, name) {
  value <- definition_of(env, name)
  is.function(value) && !is_py_object(value)
}

quit_status <- function(cond) cond$status

# The formals and the body of every callable Python object in R; the core sets `.proxy`. None, and
# a value that an R method has returned invisibly, are returned invisibly. Compiled here, since R
# would compile each of these closures anew at its second call.
callable_template <- compiler::cmpfun(function(...) {
  value <- .External2(core_call_dots, .proxy, substitute(c(...)))
  if (is.null(value) || core_quiet) {
    invisible(value)
  } else {
    value
  }
})
