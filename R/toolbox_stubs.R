# What a stub says of an R file, as plain data: the functions, classes and values that source()
# would give, with what their code tells about types. None of it is run.
# Python half: toolbox/stubs.py, which writes the stub, and toolbox/types.py.

# The entries of a file in the order of their last definition: see function_entry() and so on.
stub_entries <- function(path) {
  file <- read_code_file(path)
  entries <- list()
  for (statement in file$statements) {
    removed <- removed_names(statement$code)
    entries[removed] <- NULL
    name <- statement$name
    if (is.null(name) || startsWith(name, ".")) next
    known <- entries[[name]]
    entry <- stub_entry(statement, file, known)
    entries[[name]] <- NULL
    entries[[name]] <- entry
  }
  unname(entries)
}

removed_names <- function(code) {
  given <- if (called_name(code) == "rm") as.list(code)[-1L]
  as.character(Filter(is.symbol, given))
}

# `known` is what an earlier statement has made of the name.
stub_entry <- function(statement, file, known) {
  name <- statement$name
  code <- statement$code
  if (is.null(code)) {
    # names(x) <- value changes a value; a function or class is still one.
    keeps <- !is.null(known) && known$kind != "value"
    return(if (keeps) known else value_entry(name, "Any"))
  }
  entry <- entry_of(name, code, file, statement$line)
  if (statement$may && !is.null(known) && !identical(known, entry)) {
    return(value_entry(name, "Any"))
  }
  entry
}

entry_of <- function(name, code, file, line) {
  comment <- comment_above(file$lines, line)
  value <- static_value(if (is.symbol(code)) quote(f()) else code, file)
  if (is.function(value)) {
    return(c(list(kind = "function", name = name), function_facts(value, comment)))
  }
  if (called_name(code) == "r_to_py" && length(code) == 2L) {
    code <- looked_up(code[[2L]], file)
  }
  definition <- static_definition(code, file, line)
  if (!is.null(definition)) {
    return(class_entry(name, definition, file, comment))
  }
  if (is.symbol(code) && is_defined(code, file)) {
    return(list(kind = "alias", name = name, of = as.character(code)))
  }
  value_entry(name, type_of_code(code))
}

# Is it a function or a class of the file?
is_defined <- function(symbol, file) {
  code <- looked_up(symbol, file)
  !is.symbol(code) && !startsWith(as.character(symbol), ".") &&
    (is.function(static_value(code, file)) || !is.null(class_form(code, file)))
}

value_entry <- function(name, type) list(kind = "value", name = name, type = type)

# `own` is the string at the beginning of the body, `comment` the roxygen comment above.
function_facts <- function(fn, comment = NULL) {
  plain <- unmarked(fn)
  list(
    formals = spec_formals(plain), own = body_doc(plain),
    comment = comment %||% comment_of_function(plain), is_async = is_async(fn),
    choices = as_dict(matched_choices(plain))
  )
}

# The choices of each argument that the body matches: match.arg(method) of method = c("a", "b").
matched_choices <- function(fn) {
  choices <- list()
  if (!any(c("match.arg", "arg_match", "arg_match0") %in% all.names(body(fn)))) {
    return(choices)
  }
  for (call in calls_of(body(fn), c("match.arg", "arg_match", "arg_match0"))) {
    several <- any(c("several.ok", "multiple") %in% names(call)) || length(call) > 3L
    arg <- if (length(call) > 1L) call[[2L]]
    if (several || !is.symbol(arg) || !as.character(arg) %in% names(formals(fn))) next
    from <- if (length(call) == 3L) call[[3L]] else formals(fn)[[as.character(arg)]]
    strings <- strings_of(from)
    if (length(strings)) choices[[as.character(arg)]] <- as.list(strings)
  }
  choices
}

strings_of <- function(code) {
  if (is_string(code)) {
    return(code)
  }
  parts <- if (called_name(code) == "c") as.list(code)[-1L]
  if (length(parts) && all(vapply(parts, is_string, NA))) as.character(parts)
}

# The calls of functions of these names in code.
calls_of <- function(code, names) {
  if (!is.call(code)) {
    return(list())
  }
  own <- if (called_name(code) %in% names) list(code)
  parts <- as.list(code)
  inner <- lapply(seq_along(parts), function(i) {
    if (!is_empty(parts[i])) calls_of(parts[[i]], names)
  })
  c(own, unlist(inner, recursive = FALSE))
}

# ---- classes -------------------------------------------------------------------------------------

class_entry <- function(name, definition, file, comment) {
  kind <- static_kind(definition, file)
  public <- definition$public
  doc <- public[["__doc__"]]
  public[["__doc__"]] <- NULL
  functions <- vapply(public, is.function, NA)
  active <- vapply(public, function(x) is.function(x) && member_mark(x) == "active", NA)
  methods <- public[functions & !active]
  list(
    kind = "class", name = name, own = definition$doc %||% (if (is_string(doc)) doc),
    comment = comment, bases = lapply(definition$bases, base_facts, file),
    methods = unname(Map(method_facts, names(methods), methods, list(kind))),
    properties = unname(Map(property_facts, names(public)[active], public[active])),
    attributes = attribute_types(public[!functions], public, definition$private),
    hooks = as_dict(lapply(kind$hooks, function(usage) usage$index)), open = definition$open
  )
}

# The row of a definition, as far as its bases tell without Keras.
static_kind <- function(definition, file, depth = 20L) {
  if (definition$kind != "py_class") {
    return(keras_kinds[[definition$kind]])
  }
  for (base in definition$bases) {
    base <- looked_up(base, file)
    for (kind in keras_kinds) {
      if (identical(base, kind$base)) return(kind)
    }
    above <- if (depth > 0L) static_definition(base, file, 1L)
    kind <- if (!is.null(above)) static_kind(above, file, depth - 1L)
    if (!is.null(kind)) return(kind)
  }
}

method_facts <- function(name, fn, kind) {
  mark <- member_mark(fn)
  decorator <- if (nzchar(mark)) mark else unname(own_decorators[name])
  decorator <- if (is.na(decorator)) "" else decorator
  receiver <- switch(decorator, staticmethod = NA, classmethod = "cls", "self")
  if (identical(first_formal(fn), receiver)) {
    fn <- drop_first_formal(fn)
  }
  c(
    list(name = python_member_name(name, kind), decorator = decorator),
    function_facts(fn)
  )
}

property_facts <- function(name, fn) {
  if (identical(first_formal(fn), "self")) {
    fn <- drop_first_formal(fn)
  }
  c(list(name = name, assigned = length(formals(fn)) > 0L), function_facts(fn))
}

# list(name, type) of each field and of what methods assign to `self`.
attribute_types <- function(fields, public, private) {
  types <- list()
  for (name in names(fields)) {
    types[[name]] <- type_of_value(fields[[name]])
  }
  functions <- Filter(is.function, c(public, private))
  assigned <- unlist(lapply(unname(functions), function(fn) self_assignments(body(fn))),
    recursive = FALSE
  )
  # What is made of an attribute itself comes last: self$n <- self$n + 1 is of the type of self$n.
  of_self <- vapply(assigned, function(one) "self" %in% all.names(one$code), NA)
  once <- arguments_kept(public, assigned, names(fields))
  for (one in c(assigned[!of_self], assigned[of_self])) {
    if (one$name %in% names(public) && is.function(public[[one$name]])) next
    type <- type_of_code(one$code, one$name, types[[one$name]])
    known <- types[[one$name]]
    types[[one$name]] <- if (is.null(known)) type else joined_type(known, type)
  }
  unname(lapply(names(types), function(name) {
    list(name = name, type = types[[name]], argument = once[[name]])
  }))
}

# attribute -> argument, for attributes that keep an argument of `initialize` and nothing else.
arguments_kept <- function(public, assigned, fields) {
  made <- Filter(is.function, public[names(public) %in% c("initialize", "__init__")])
  names <- vapply(assigned, `[[`, "", "name")
  kept <- list()
  for (one in assigned[!names %in% c(names[duplicated(names)], fields)]) {
    of_initialize <- length(made) && is.symbol(one$code) &&
      any(vapply(self_assignments(body(made[[1L]])), identical, NA, one))
    argument <- if (of_initialize) as.character(one$code)
    if (of_initialize && argument %in% names(formals(made[[1L]]))) kept[[one$name]] <- argument
  }
  kept
}

self_assignments <- function(body) {
  out <- list()
  for (call in calls_of(body, c("<-", "=", "<<-"))) {
    target <- if (length(call) == 3L) call[[2L]]
    if (called_name(target) %in% c("$", "[[") && identical(target[[2L]], quote(self)) &&
      (is.symbol(target[[3L]]) || is_string(target[[3L]]))) {
      out <- c(out, list(list(name = as.character(target[[3L]]), code = call[[3L]])))
    } else if (is.call(target) && called_name(target) != "$") {
      out <- c(out, self_changes(target))
    }
  }
  out
}

# names(self$x) <- value changes self$x.
self_changes <- function(target) {
  while (is.call(target) && length(target) > 1L && !identical(target[[2L]], quote(self))) {
    target <- target[[2L]]
  }
  if (called_name(target) == "$" && is.symbol(target[[3L]])) {
    list(list(name = as.character(target[[3L]]), code = quote(changed())))
  }
}

# ---- types ---------------------------------------------------------------------------------------

joined_type <- function(a, b) {
  if (identical(a, b)) {
    a
  } else if (all(c(a, b) %in% c("int", "float"))) {
    "float"
  } else {
    "Any"
  }
}

# The Python type, as a stub writes it, of what crosses; "Any" if nothing tells. A field that is
# NULL gets its value later.
type_of_value <- function(value) {
  if (is_unknown(value)) value <- value$code
  if (is.null(value)) "Any" else type_of_code(value)
}

type_of_code <- function(code, own = NULL, type = NULL) {
  constant <- literal_of(code)
  if (!is.null(constant)) {
    return(type_of_constant(constant[[1L]]))
  }
  if (!is.call(code)) {
    return("Any")
  }
  head <- called_name(code)
  parts <- as.list(code)[-1L]
  if (head %in% c("+", "-", "*") && identical(type, "float") && is_number_of(parts, own)) {
    return("float")
  }
  switch(head,
    `(` = type_of_code(parts[[1L]], own, type),
    c = vector_type(parts),
    `:` = range_type(parts),
    list = if (!length(parts) || is.null(names(parts))) {
      "list[Any]"
    } else if (all(nzchar(names(parts)))) "dict[str, Any]" else "Any",
    "Any"
  )
}

# Are all numbers or `self$own`?
is_number_of <- function(parts, own) {
  self <- call("$", quote(self), as.name(own %||% ""))
  all(vapply(parts, function(part) {
    identical(part, self) || is.numeric(part) ||
      is.call(part) && called_name(part) %in% c("+", "-", "*", "(") &&
        is_number_of(as.list(part)[-1L], own)
  }, NA))
}

type_of_constant <- function(x) {
  if (is.null(x)) {
    return("None")
  }
  if (is.na(x) && !is.nan(x)) {
    return("Any")
  }
  switch(typeof(x),
    logical = "bool",
    integer = "int",
    double = "float",
    character = "str",
    complex = "complex",
    "Any"
  )
}

vector_type <- function(parts) {
  constants <- lapply(parts, literal_of)
  if (!length(parts) || !is.null(names(parts)) || any(vapply(constants, is.null, NA))) {
    return("Any")
  }
  types <- vapply(constants, function(x) type_of_constant(x[[1L]]), "")
  if (any(types == "None" | types == "Any")) {
    return("Any")
  }
  highest <- max(match(types, c("bool", "int", "float", "complex", "str")))
  type <- c("bool", "int", "float", "complex", "str")[[highest]]
  if (length(parts) == 1L) type else paste0("list[", type, "]")
}

range_type <- function(parts) {
  ends <- lapply(parts, literal_of)
  if (length(ends) != 2L || any(vapply(ends, function(x) !is.numeric(x[[1L]]), NA))) {
    return("Any")
  }
  ends <- unlist(ends)
  whole <- all(ends == round(ends)) && all(abs(ends) < .Machine$integer.max)
  if (!whole) "Any" else if (ends[[1L]] == ends[[2L]]) "int" else "list[int]"
}

# ---- bases ---------------------------------------------------------------------------------------

# What a base is in Python: list(of = "file", name), list(of = "module", module, path), or
# list(of = "unknown").
base_facts <- function(code, file) {
  if (is.symbol(code) && is_defined(code, file)) {
    return(list(of = "file", name = as.character(code)))
  }
  path <- module_path(code, file)
  if (!is.null(path) && length(path$path)) {
    return(list(of = "module", module = path$module, path = as.list(path$path)))
  }
  if (identical(code, keras_kinds$CallbackSet$base)) {
    return(list(
      of = "module", module = "pyclass_bridge.callbacks.set", path = list("CallbackSet")
    ))
  }
  if (is.symbol(code) && startsWith(as.character(code), "callback_")) {
    return(list(of = "wrapper", name = as.character(code)))
  }
  list(of = "unknown")
}

# list(module, path) of `keras$callbacks$Callback` and of `import("m")$a`.
module_path <- function(code, file, depth = 20L) {
  if (depth == 0L) {
    return(NULL)
  }
  if (called_name(code) == "$" && (is.symbol(code[[3L]]) || is_string(code[[3L]]))) {
    above <- module_path(code[[2L]], file, depth - 1L)
    if (!is.null(above)) above$path <- c(above$path, as.character(code[[3L]]))
    return(above)
  }
  if (called_name(code) == "import" && length(code) > 1L && is_string(code[[2L]])) {
    return(list(module = code[[2L]], path = character()))
  }
  if (is.symbol(code)) {
    name <- as.character(code)
    if (name %in% names(file$assigned)) {
      return(module_path(file$assigned[[name]], file, depth - 1L))
    }
    module <- c(keras = "keras", tf = "tensorflow")[name]
    if (!is.na(module)) list(module = unname(module), path = character())
  }
}

# The class that a wrapper such as callback_early_stopping makes instances of, or NULL.
wrapped_class <- function(name) {
  class_of <- attr(get0(name, mode = "function"), "py_class_of", exact = TRUE)
  if (is.function(class_of)) class_of()
}
