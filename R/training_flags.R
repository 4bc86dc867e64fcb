# flags(): the parameters of a training script, from defaults, a file and the command line. The
# file is simple YAML, names with values in sections or without, and is read here.
# Python half: none.

#' Parameters of a training script
#'
#' `flags()` gives each flag its default, then the value from the file, if there is one, then the
#' value from the command line: `pyclass-bridge run train.R --units 64 --dropout=0.2`. A dash in a
#' name becomes an underscore; a logical flag needs no value. Other arguments are left to the
#' script.
#'
#' A value of the wrong type, and a line of the file that is not `name: value`, are errors.
#'
#' @param name String, the name of the flag.
#' @param default Its value if neither the file nor the command line gives one.
#' @param description String, the purpose of the flag.
#' @param ... Flags.
#' @param config String, the section of the file that is read, after its section `default`.
#' @param file The path of a file with lines `name: value`, which may be indented below the name of
#'   a section; `inherits: other` in a section adds the values of the section `other`.
#' @param arguments The arguments of the command line.
#' @return `flags()` returns a list of the values by name; the other functions return a flag.
#' @examples
#' \dontrun{
#' FLAGS <- flags(
#'   flag_integer("units", 32L, "units of the hidden layer"),
#'   flag_numeric("dropout", 0.4),
#'   flag_boolean("augment", FALSE),
#'   flag_string("activation", "relu")
#' )
#' layer_dense(units = FLAGS$units, activation = FLAGS$activation)
#' }
flags <- function(..., config = Sys.getenv("R_CONFIG_ACTIVE", unset = "default"),
                  file = "flags.yml", arguments = commandArgs(TRUE)) {
  known <- dots_list(...)
  if (!all(vapply(known, inherits, NA, "keras_flag"))) {
    stop("flags(): arguments without a name must be flags, such as flag_numeric().", call. = FALSE)
  }
  names(known) <- vapply(known, `[[`, "", "name")
  given <- if (file.exists(file)) read_flags(file, config) else list()
  given <- utils::modifyList(given, command_flags(arguments, known))
  lapply(known, function(flag) {
    text <- given[[flag$name]]
    if (is.null(text)) flag$default else flag_value(flag, text)
  })
}

new_flag <- function(type) {
  force(type)
  function(name, default, description = NULL) {
    flag <- list(name = name, type = type, description = description)
    flag["default"] <- list(if (is.null(default)) NULL else flag_value(flag, default))
    structure(flag, class = "keras_flag")
  }
}

#' @rdname flags
flag_numeric <- new_flag("numeric")

#' @rdname flags
flag_integer <- new_flag("integer")

#' @rdname flags
flag_boolean <- new_flag("boolean")

#' @rdname flags
flag_string <- new_flag("string")

# The value of a flag from a value of R or from text.
flag_value <- function(flag, x) {
  value <- suppressWarnings(switch(flag$type,
    numeric = as.numeric(x),
    integer = if (isTRUE(as.numeric(x) == trunc(as.numeric(x)))) as.integer(x) else NA,
    boolean = as.logical(sub("^(yes|on)$", "TRUE", sub("^(no|off)$", "FALSE", x))),
    string = as.character(x)
  ))
  if (length(value) != 1L || is.na(value)) {
    kinds <- c(
      numeric = "a number", integer = "a whole number", boolean = "TRUE or FALSE",
      string = "one string"
    )
    stop(
      "The flag `", flag$name, "` takes ", kinds[[flag$type]], ", not ", deparse1(x), ".",
      call. = FALSE
    )
  }
  value
}

# Texts by name, from `--name value`, `--name=value`, and `--name` for a logical flag.
command_flags <- function(arguments, known) {
  given <- list()
  for (i in grep("^--.", arguments)) {
    name <- gsub("-", "_", sub("=.*", "", substring(arguments[[i]], 3L)), fixed = TRUE)
    if (is.null(known[[name]])) {
      next
    }
    following <- if (i < length(arguments)) arguments[[i + 1L]] else "--"
    given[[name]] <- if (grepl("=", arguments[[i]], fixed = TRUE)) {
      sub("[^=]*=", "", arguments[[i]])
    } else if (!startsWith(following, "--")) {
      following
    } else if (known[[name]]$type == "boolean") {
      "TRUE"
    } else {
      stop("The flag `", name, "` has no value after ", arguments[[i]], ".", call. = FALSE)
    }
  }
  given
}

# Texts by name, of the section `default` and of `config` (and what that inherits), or of a file
# without sections.
read_flags <- function(file, config) {
  sections <- flag_sections(file)
  given <- utils::modifyList(as.list(sections$` `), as.list(sections$default))
  chain <- character()
  while (!is.null(config) && config %in% names(sections) && !config %in% chain) {
    chain <- c(config, chain)
    config <- sections[[config]]$inherits
  }
  for (section in chain) {
    given <- utils::modifyList(given, sections[[section]])
  }
  given
}

flag_sections <- function(file) {
  sections <- list()
  section <- " "
  lines <- sub("[[:space:]]+$", "", sub("(^|[[:space:]])#.*", "", readLines(file, warn = FALSE)))
  for (line in lines[nzchar(lines) & lines != "---"]) {
    part <- regmatches(line, regexec("^( *)([^:]+):(?: +(.*))?$", line, perl = TRUE))[[1L]]
    if (!length(part)) {
      stop("In ", file, " the line `", line, "` is not `name: value`.", call. = FALSE)
    }
    if (!nzchar(part[[2L]])) {
      section <- if (nzchar(part[[4L]])) " " else part[[3L]]
    }
    if (nzchar(part[[4L]])) {
      sections[[section]][[part[[3L]]]] <- gsub("^([\"'])(.*)\\1$", "\\2", part[[4L]])
    } else if (is.null(sections[[section]])) {
      sections[[section]] <- list()
    }
  }
  sections
}

#' The directory of a training run
#'
#' The directory into which a script writes its results. Runs have no directories of their own here,
#' so it is the working directory.
#'
#' @return A path.
#' @examples
#' \dontrun{
#' file.path(run_dir(), "model.keras")
#' }
run_dir <- function() {
  getwd()
}
