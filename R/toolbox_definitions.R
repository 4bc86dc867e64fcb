# The definitions of an R file, found in its code, none of which is run: what `stubs` and `check`
# read. A function is made of its code, and a constant is itself; whatever else a member or an
# argument is, is unknown, and so is code that is not there as code, such as `public = members`.
# Python half: none; toolbox_stubs.R and toolbox_check.R ask for what is found.

# What stands for a value that only running its code would tell.
unknown_value <- function(code) structure(list(code = code), class = "pyclassbridge_unknown")

is_unknown <- function(x) inherits(x, "pyclassbridge_unknown")

# list(path, lines, statements, assigned (name -> code), taken): `taken` are names that mean
# something else here, such as arguments.
read_code_file <- function(path) {
  expressions <- parse_code(path)
  refs <- attr(expressions, "srcref")
  lines <- if (length(refs)) attr(refs[[1L]], "srcfile")$lines else character()
  statements <- flat_statements(as.list(expressions), refs)
  list(
    path = path, lines = lines, statements = statements, assigned = assigned_once(statements),
    taken = character()
  )
}

# Each statement that runs when the file does, with its line; those of `{`, of if() and of loops
# `may` run. list(name, code, line, may): `name` is what it assigns to, else NULL.
flat_statements <- function(code, refs, line = 1L, may = FALSE) {
  out <- list()
  for (i in seq_along(code)) {
    if (is_empty(code[i])) next
    at <- if (i <= length(refs)) refs[[i]][[7L]] else line
    out <- c(out, flat_statement(code[[i]], at, may))
  }
  out
}

quiet_calls <- c(
  "(", "suppressMessages", "suppressWarnings", "suppressPackageStartupMessages", "invisible"
)

flat_statement <- function(code, line, may) {
  head <- called_name(code)
  if (head == "{") {
    return(flat_statements(as.list(code)[-1L], attr(code, "srcref")[-1L], line, may))
  }
  if (head %in% quiet_calls && length(code) == 2L) {
    return(flat_statement(code[[2L]], line, may))
  }
  if (head %in% c("if", "for", "while", "repeat")) {
    parts <- as.list(code)[-1L]
    parts <- switch(head, `if` = parts[-1L], `for` = parts[3L], `while` = parts[2L], parts)
    loop <- if (head == "for") list(one_statement(as.character(code[[2L]]), NULL, line, TRUE))
    return(c(loop, flat_statements(parts, NULL, line, TRUE)))
  }
  assigned <- assignment_of(code)
  if (is.null(assigned)) {
    return(list(one_statement(NULL, code, line, may)))
  }
  # a <- b <- value
  chained <- !identical(assigned$code, code) && !is.null(assignment_of(assigned$code))
  inner <- if (chained) flat_statement(assigned$code, line, may)
  if (length(inner)) {
    assigned$code <- inner[[length(inner)]]$code
  }
  c(inner, list(one_statement(assigned$name, assigned$code, line, may)))
}

one_statement <- function(name, code, line, may) {
  list(name = name, code = code, line = line, may = may)
}

# list(name, code) of `name <- code`, `assign("name", code)` and `Name(Base) %py_class% { }`; the
# code is NULL where the value is not what stands there: `names(name) <- code`.
assignment_of <- function(code) {
  head <- called_name(code)
  if (head %in% c("<-", "=") && length(code) == 3L) {
    target <- code[[2L]]
    if (is.symbol(target) || is_string(target)) {
      return(list(name = as.character(target), code = code[[3L]]))
    }
    while (is.call(target) && length(target) > 1L) target <- target[[2L]]
    return(if (is.symbol(target)) list(name = as.character(target), code = NULL))
  }
  if (head == "assign" && length(code) == 3L && is_string(code[[2L]])) {
    return(list(name = code[[2L]], code = code[[3L]]))
  }
  if (head %in% c("delayedAssign", "makeActiveBinding") && is_string(code[[2L]])) {
    return(list(name = code[[2L]], code = NULL))
  }
  if (head == "%<-active%") {
    return(list(name = as.character(code[[2L]]), code = NULL))
  }
  if (head == "%py_class%" && length(code) == 3L) {
    name <- code[[2L]]
    if (is.call(name)) name <- name[[1L]]
    if (is.symbol(name)) list(name = as.character(name), code = code)
  }
}

# The code of each name that a file assigns once, and in any case.
assigned_once <- function(statements) {
  statements <- Filter(function(x) !is.null(x$name), statements)
  names <- vapply(statements, `[[`, "", "name")
  sure <- !vapply(statements, function(x) x$may || is.null(x$code), NA)
  once <- sure & !names %in% names[duplicated(names)]
  structure(lapply(statements[once], `[[`, "code"), names = names[once])
}

# The name of the function that code calls, also of `pkg::name()`; "" if it calls none by name.
called_name <- function(code) {
  head <- if (is.call(code)) code[[1L]]
  if (is.call(head) && length(head) == 3L && as.character(head[[1L]])[[1L]] %in% c("::", ":::")) {
    head <- head[[3L]]
  }
  if (is.symbol(head)) as.character(head) else ""
}

# The code that a symbol stands for, if the file says so.
looked_up <- function(code, file, depth = 20L) {
  while (is.symbol(code) && as.character(code) %in% names(file$assigned) && depth > 0L) {
    code <- file$assigned[[as.character(code)]]
    depth <- depth - 1L
  }
  code
}

# ---- forms ---------------------------------------------------------------------------------------

constructor_names <- c(
  setdiff(names(keras_kinds), "CallbackSet"), "new_callback_class", "new_metric_class",
  "new_layer_class", "new_loss_class", "new_model_class", "new_learning_rate_schedule_class"
)

# The functions that make classes.
class_makers <- c(constructor_names, "callback_set", "PyClass", "R6Class", "%py_class%")

# "Callback" (a row of keras_kinds), "PyClass", "R6" or "%py_class%"; NULL if the code makes no
# class, or by a function that the file has defined itself.
class_form <- function(code, file) {
  head <- called_name(code)
  if (!nzchar(head) || head %in% c(names(file$assigned), file$taken)) {
    return(NULL)
  }
  if (head %in% constructor_names) {
    kind <- sub("^new_(.*)_class$", "\\1", head)
    return(if (kind == head) head else gsub("(^|_)([a-z])", "\\U\\2", kind, perl = TRUE))
  }
  switch(head,
    callback_set = "CallbackSet",
    PyClass = "PyClass",
    R6Class = "R6",
    `%py_class%` = "%py_class%"
  )
}

# A definition as the code shows it, or NULL: name (NULL if unknown), form, kind, doc, bases (code),
# keywords, public and private (functions, constants, unknown values), line, `open` (it may have
# members that the code does not show), `convert`.
static_definition <- function(code, file, line) {
  form <- class_form(code, file)
  if (is.null(form)) {
    return(NULL)
  }
  reader <- switch(form,
    PyClass = read_py_class_call,
    R6 = read_r6_call,
    `%py_class%` = read_py_class_body,
    read_constructor_call
  )
  found <- reader(code, file, form)
  if (is.null(found)) {
    return(NULL)
  }
  defaults <- list(
    name = NULL, form = form, kind = "py_class", doc = NULL, bases = list(), keywords = list(),
    public = list(), private = list(), open = FALSE, own_env = FALSE, code = code, line = line
  )
  defaults[names(found)] <- found
  defaults
}

# The arguments of a call, matched to `fn`; NULL if they don't match, or if there are `...` or `!!!`
# among them. `open` says that there are.
matched_arguments <- function(call, fn) {
  given <- as.list(call)[-1L]
  empty <- vapply(seq_along(given), function(i) is_empty(given[i]), NA)
  given <- given[!empty]
  names(given) <- if (length(given)) names(as.list(call)[-1L])[!empty] %||% rep("", length(given))
  hidden <- vapply(given, function(x) is_splice(x) || identical(x, quote(...)), NA)
  given <- lapply(given[!hidden], function(x) x)
  for (i in seq_along(given)) {
    if (called_name(given[[i]]) == ":=" && length(given[[i]]) == 3L) {
      names(given)[[i]] <- as.character(given[[i]][[2L]])[[1L]]
      given[[i]] <- given[[i]][[3L]]
    }
  }
  call <- as.call(c(as.name("f"), given))
  matched <- tryCatch(match.call(fn, call, expand.dots = FALSE), error = function(e) NULL)
  if (!is.null(matched)) {
    c(as.list(matched)[-1L], list(.open = any(hidden)))
  }
}

read_constructor_call <- function(code, file, form) {
  fn <- if (form == "CallbackSet") callback_set else get(form, mode = "function")
  given <- matched_arguments(code, fn)
  if (is.null(given)) {
    return(NULL)
  }
  recommended <- drop_nulls(given[intersect(keras_kinds[[form]]$args, names(given))])
  public <- listed_members(given$public, file)
  private <- listed_members(given$private, file)
  active <- listed_members(given$active, file)
  name <- if (is_string(given[[1L]]) && form != "CallbackSet") given[[1L]]
  if (form == "CallbackSet") {
    recommended$weight <- given$weight
    if (is_string(given$id)) name <- set_class_name(given$id)
  }
  list(
    name = name, kind = form, doc = if (is_string(given$doc)) given$doc,
    bases = if (is.null(given$inherit)) list(keras_kinds[[form]]$base) else bases_in(given$inherit),
    public = c(
      static_members(c(recommended, drop_nulls(given$...)), file), public$members,
      lapply(active$members, as_active)
    ),
    private = private$members, given = names(code),
    open = given$.open || public$open || private$open || active$open
  )
}

read_py_class_call <- function(code, file, form) {
  given <- matched_arguments(code, PyClass)
  if (is.null(given)) {
    return(NULL)
  }
  members <- listed_members(given$defs, file)
  list(
    name = if (is_string(given$classname)) given$classname, form = "PyClass()",
    doc = if (is_string(given$doc)) given$doc, bases = bases_in(given$inherit),
    public = members$members, open = members$open || given$.open, own_env = TRUE
  )
}

# The arguments of R6::R6Class(), which need not be installed.
r6_arguments <- function(classname = NULL, public = list(), private = NULL, active = NULL,
                         inherit = NULL, lock_objects, class, portable, lock_class, cloneable,
                         parent_env) NULL

read_r6_call <- function(code, file, form) {
  given <- matched_arguments(code, r6_arguments)
  if (is.null(given)) {
    return(NULL)
  }
  lists <- lapply(given[c("public", "private", "active")], listed_members, file)
  public <- lists[[1L]]$members
  private <- lists[[2L]]$members
  final <- names(private) == "finalize"
  open <- any(vapply(lists, `[[`, NA, "open"))
  list(
    name = if (is_string(given$classname)) given$classname, bases = bases_in(given$inherit),
    public = c(public, private[final], lapply(lists[[3L]]$members, as_active)),
    private = private[!final], open = open || given$.open
  )
}

read_py_class_body <- function(code, file, form) {
  head <- tryCatch(read_class_head(code[[2L]]), error = function(e) NULL)
  if (is.null(head) || !is_braces(code[[3L]])) {
    return(NULL)
  }
  statements <- as.list(code[[3L]])[-1L]
  found <- list(public = list(), private = list(), open = FALSE)
  for (i in seq_along(statements)) {
    found <- add_body_statement(found, statements[[i]], file)
  }
  doc <- if (length(statements) && is_string(statements[[1L]])) statements[[1L]]
  options <- names(head$keywords) %in% c("convert", "delay_load")
  c(found, list(
    name = head$name, bases = head$bases, keywords = head$keywords[!options], doc = doc
  ))
}

# A statement of a class body: an assignment is a member, a constant is none, and whatever else may
# make members that only running it would show.
add_body_statement <- function(found, statement, file) {
  if (!is.call(statement)) {
    return(found)
  }
  target <- assigned_target(statement)
  if (is.null(target)) {
    found$open <- TRUE
    return(found)
  }
  value <- static_value(statement[[3L]], file)
  if (called_name(statement) == "%<-active%") {
    value <- as_active(value)
  }
  if (is.symbol(target)) {
    found$public[as.character(target)] <- list(value)
  } else if (identical(target[[2L]], quote(private)) && !is.call(target[[3L]])) {
    found$private[as.character(target[[3L]])] <- list(value)
  } else {
    found$open <- TRUE
  }
  found
}

as_active <- function(value) {
  if (is.function(value)) structure(value, py_member = "active") else value
}

# The bases in `inherit`: the code of one, or of several in a list.
bases_in <- function(code) {
  if (is.null(code)) {
    list()
  } else if (called_name(code) == "list") {
    unname(as.list(code)[-1L])
  } else {
    list(code)
  }
}

# ---- members -------------------------------------------------------------------------------------

# list(members, open) of the code of a list: `list(a = 1)`, or a name that the file gives one to.
listed_members <- function(code, file) {
  code <- looked_up(code, file)
  if (is.null(code)) {
    return(list(members = list(), open = FALSE))
  }
  if (called_name(code) != "list") {
    return(list(members = list(), open = TRUE))
  }
  given <- as.list(code)[-1L]
  hidden <- vapply(given, function(x) identical(x, quote(...)) || is_splice(x), NA)
  list(members = static_members(given[!hidden], file), open = any(hidden))
}

static_members <- function(codes, file) {
  lapply(codes, static_value, file)
}

member_markers <- c(
  "active_property", "mark_active", "staticmethod", "classmethod", "async_method"
)

# A function (marked, if it is in one of the markers), a constant, or an unknown value.
static_value <- function(code, file) {
  code <- looked_up(code, file)
  head <- called_name(code)
  if (head == "function") {
    return(eval(code, new.env(parent = globalenv())))
  }
  if (head %in% member_markers && length(code) == 2L && !head %in% names(file$assigned)) {
    fn <- static_value(code[[2L]], file)
    return(if (is.function(fn)) get(head, mode = "function")(fn) else fn)
  }
  constant <- literal_of(code)
  if (is.null(constant)) unknown_value(code) else constant[[1L]]
}
