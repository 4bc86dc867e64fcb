# help(), `?`, py_help() and the printing of wrappers. The other half is help/pages.py. The package
# is not installed, so R's own help does not find it: topics of this package are shown from here,
# all others go on to utils.

#' Help
#'
#' Works as R's own `help()` and `?` do, and knows this package too: the functions that are made
#' from Keras, with Keras' text in R's words; those that are written in R; classes that are written
#' in R; and objects of Python. What belongs to other packages goes on to R's own functions.
#'
#' In a terminal the page is shown in the pager, elsewhere it is printed.
#'
#' @param topic,e1 A name, a string, a name of a package such as `keras3::layer_dense`, or code for
#'   an object of Python, such as `keras$layers$Dense`.
#' @param package A package, as a name or a string.
#' @param e2 A topic; `e1` is then the sort of help, as R has it.
#' @param ... Further arguments of R's `help()`.
#' @return NULL, invisibly, for what is this package's, else what R's own functions return.
#' @examples
#' \dontrun{
#' help("op_argmax")
#' ?layer_dense
#' ?keras$layers$Dense
#' help(package = "pyclassbridge")
#' }
help <- function(topic, package = NULL, ...) {
  from <- substitute(package)
  from <- if (is.symbol(from)) as.character(from) else package
  if (missing(topic)) {
    text <- if (is_our_package(from) && py_available(initialize = TRUE)) index_text()
  } else {
    text <- help_text(substitute(topic), from, parent.frame())
  }
  if (is.null(text)) pass_on(quote(utils::help), sys.call(), parent.frame()) else show_text(text)
}

#' @rdname help
`?` <- function(e1, e2) {
  text <- if (missing(e2)) help_text(substitute(e1), NULL, parent.frame())
  if (is.null(text)) pass_on(quote(utils::`?`), sys.call(), parent.frame()) else show_text(text)
}

#' Show Python's help
#'
#' What Python's own `help()` prints. A function that is made from Keras, such as `layer_dense`, has
#' a page in R's words, which is shown for it instead.
#'
#' @param object A Python object, such as a function, class or module, or the name of one as a
#'   string; a name without help is a `python.builtin.ImportError`.
#' @return NULL, invisibly; the text is printed.
#' @examples
#' \dontrun{
#' py_help(import("math")$sqrt)
#' }
py_help <- function(object) {
  wrapped <- attr(object, "keras_name", exact = TRUE)
  text <- if (is.null(wrapped)) paste0(help_module()$help_text(object), "\n") else our_text(wrapped)
  show_text(text)
}

pass_on <- function(to, call, env) {
  call[[1L]] <- to
  eval(call, env)
}

help_module <- function() {
  if (is.null(surface$help)) {
    surface$help <- import("pyclass_bridge.help.pages")
  }
  surface$help
}

# Topics -------------------------------------------------------------------------------------------

# The page of the topic `expr`, NULL if it is not a topic of this package.
help_text <- function(expr, package, env) {
  # Without a Python, R's own help is there.
  if (!python_started() && !py_available(initialize = TRUE)) {
    return(NULL)
  }
  if (is.character(expr) || is.symbol(expr)) {
    topic_text(as.character(expr), package, env)
  } else if (!is.call(expr) || !is.null(package)) {
    NULL
  } else if (call_head(expr) %in% c("::", ":::")) {
    topic_text(as.character(expr[[3L]]), as.character(expr[[2L]]), env)
  } else if (call_head(expr) %in% c("$", "[[")) {
    value <- tryCatch(eval(expr, env), error = function(e) NULL)
    if (is_py_object(value)) object_text(value, paste(deparse(expr), collapse = ""))
  } else if (call_head(expr) == "(") {
    name <- eval(expr[[2L]], env)
    if (is.character(name) && length(name) == 1L) topic_text(name, package, env)
  }
}

topic_text <- function(name, package, env) {
  if (length(name) != 1L) {
    return(NULL)
  }
  if (!is.null(package)) {
    return(if (is_our_package(package)) our_text(name))
  }
  value <- users_value(name, env)
  if (is_py_object(value)) {
    object_text(value, name)
  } else if (is_first_ours(name)) {
    our_text(name)
  }
}

# The value that the user has bound to `name`; packages are not searched.
users_value <- function(name, env) {
  while (!identical(env, topenv()) && !identical(env, emptyenv())) {
    if (exists(name, envir = env, inherits = FALSE)) {
      return(get(name, envir = env, inherits = FALSE))
    }
    if (identical(env, globalenv())) {
      return(NULL)
    }
    env <- parent.env(env)
  }
}

# Is the first package of the search path that has `name` this one, or one that it stands in for?
is_first_ours <- function(name) {
  for (place in search()[-1L]) {
    if (exists(name, where = place, inherits = FALSE)) {
      return(place == "pyclassbridge:newer_keras" || is_our_package(sub("^package:", "", place)))
    }
  }
  FALSE
}

is_our_package <- function(package) {
  if (!is.character(package) || length(package) != 1L) {
    return(FALSE)
  }
  if (package %in% names(stand_in_versions)) {
    path <- system.file(package = package)
    return(!nzchar(path) || is_stand_in(path))
  }
  package == getPackageName(topenv())
}

# Pages --------------------------------------------------------------------------------------------

our_text <- function(name) {
  if (name %in% c(names(dataset_functions), dataset_own)) {
    name <- "tfdatasets"
  }
  names <- help_module()$roxygen_names(name)
  if (!is.null(names)) {
    names <- as_strings(names)
    functions <- Filter(is.function, mget(names, envir = topenv(), ifnotfound = list(NULL)))
    help_module()$roxygen_page(name, as_dict(lapply(functions, formals_code)), page_width())
  } else if (is_surface_name(name)) {
    # The names of a newer Keras are known once Keras is imported.
    surface_module()
    fn <- get(name, envir = if (name %in% surface$known) topenv() else surface$newer)
    help_module()$surface_page(name, formals_code(fn), page_width())
  }
}

is_surface_name <- function(name) {
  name %in% surface$known || exists(name, envir = surface$newer, inherits = FALSE)
}

# The page of a Python class or function; Python's own help for any other object.
object_text <- function(x, label) {
  if (help_module()$has_page(x)) {
    formals <- if (!is.null(attr(x, "r_class", exact = TRUE))) formals_code(x)
    help_module()$object_page(x, label, formals, page_width())
  } else {
    paste0(help_module()$help_text(x), "\n")
  }
}

index_text <- function() {
  families <- lengths(strsplit(trimws(surface_families), "[[:space:]]+"))
  help_module()$index_page(as_dict(as.list(families)), page_width())
}

page_width <- function() {
  min(getOption("width"), 120L)
}

# The formals of a function as code, each with its default, in a list (which is a list in Python).
formals_code <- function(fn) {
  arguments <- formals(args(fn))
  lapply(seq_along(arguments), function(i) {
    name <- deparse(as.name(names(arguments)[[i]]), backtick = TRUE)
    if (is_empty(arguments[i])) {
      name
    } else {
      default <- paste(deparse(arguments[[i]], width.cutoff = 500L), collapse = " ")
      paste(name, "=", default)
    }
  })
}

# The pager ----------------------------------------------------------------------------------------

# Where R is the host, its front end decides how a page is shown, by the option "pager".
show_text <- function(text) {
  if (sink.number() == 0L && r_hosts() && interactive()) {
    file <- tempfile(fileext = ".txt")
    writeLines(sub("\n$", "", text), file)
    file.show(file, title = "Help", delete.file = TRUE)
  } else if (sink.number() == 0L && help_module()$is_terminal()) {
    help_module()$show_in_pager(text)
  } else {
    cat(text)
  }
  invisible(NULL)
}

# R's option "pager", for R's own pages and file.show(): rpy2's does not page.
show_files <- function(files, header, title, delete.file) {
  for (file in files) {
    text <- paste0(paste(readLines(file, warn = FALSE), collapse = "\n"), "\n")
    show_text(if (help_module()$is_terminal()) text else help_module()$without_overstrikes(text))
  }
  if (delete.file) {
    unlink(files)
  }
}

# A wrapper prints its formals and what it wraps.
print.keras_wrapper <- function(x, ...) {
  name <- attr(x, "keras_name", exact = TRUE)
  lines <- deparse(args(x))
  lines <- lines[-length(lines)]
  cat(sub("^function [(]", paste0(name, "("), lines), sep = "\n")
  cat(help_module()$wrapper_line(name), "\n", sep = "")
  invisible(x)
}
