# What the definitions of an R file would raise, told without running it: the checks of
# classes_checks.R and callbacks_checks.R on what toolbox_definitions.R finds in the code.
# What only running the code would tell is not reported. Of a definition it is the first error, as
# when it runs.
# The bases are stand-ins: Python classes that have the names of the real ones. Only when it matters
# what the real one has is it imported.
# Python half: toolbox/check.py.

# list(line, message, note) of each finding, in the order of the lines.
check_code_file <- function(path) {
  file <- read_code_file(path)
  file$lines_of <- vapply(file$statements, `[[`, 0, "line")
  file$counts <- new.env(parent = emptyenv())
  expressions <- parse_code(path)
  refs <- attr(expressions, "srcref")
  found <- list()
  for (i in seq_along(expressions)) {
    for (call in class_calls(expressions[[i]], refs[[i]][[7L]], file)) {
      found <- c(found, check_call(call))
    }
  }
  found[order(vapply(found, `[[`, 0, "line"))]
}

# The calls in `code` that make classes: list(code, line, bound, head, ordinal, file). `bound` is
# the name that is assigned, `ordinal` counts the calls of `head`; `file` knows only names that
# functions round the call have not taken.
class_calls <- function(code, line, file, bound = NULL) {
  if (!is.call(code)) {
    return(list())
  }
  own <- class_call(code, line, file, bound)
  if (called_name(code) == "function") {
    ref <- if (length(code) > 3L) code[[4L]]
    if (inherits(ref, "srcref")) line <- ref[[7L]]
    taken <- c(names(code[[2L]]), assigned_names(code[[3L]]))
    file$assigned <- file$assigned[!names(file$assigned) %in% taken]
    file$taken <- c(file$taken, taken)
    file$inside <- TRUE
  }
  refs <- attr(code, "srcref")
  parts <- as.list(code)
  if (called_name(code) == "function") {
    parts <- c(as.list(code[[2L]]), code[[3L]])
  }
  value <- assignment_of(code)$code
  inner <- lapply(seq_along(parts), function(i) {
    if (!is_empty(parts[i])) {
      at <- if (i <= length(refs)) refs[[i]][[7L]] else line
      name <- if (identical(parts[[i]], value)) assignment_of(code)$name
      class_calls(parts[[i]], at, file, name)
    }
  })
  c(own, unlist(inner, recursive = FALSE))
}

class_call <- function(code, line, file, bound) {
  head <- called_name(code)
  if (head %in% class_makers) {
    ordinal <- file$counts[[head]] <- (file$counts[[head]] %||% 0L) + 1L
    if (!is.null(class_form(code, file))) {
      list(list(
        code = code, line = line, bound = bound, head = head, ordinal = ordinal, file = file
      ))
    }
  }
}

assigned_names <- function(code) {
  calls <- calls_of(code, c("<-", "=", "assign", "%py_class%", "for"))
  unlist(lapply(calls, function(call) {
    if (called_name(call) == "for") as.character(call[[2L]]) else assignment_of(call)$name
  }))
}

check_call <- function(call) {
  notes <- character()
  error <- tryCatch(
    {
      notes <- check_static(call$code, call$line, call$file, call$bound)
      NULL
    },
    py_class_definition_error = function(e) e
  )
  found <- lapply(notes, function(text) {
    list(line = line_in_call(call, NULL), message = trimws(text), note = TRUE)
  })
  if (!is.null(error)) {
    message <- conditionMessage(error)
    line <- line_in_call(call, error$member, grepl("is defined twice", message, fixed = TRUE))
    found <- c(found, list(list(line = line, message = message, note = FALSE)))
  }
  found
}

# Raises what the definition would raise; the messages that it would show are the value.
check_static <- function(code, line, file, bound) {
  form <- class_form(code, file)
  check_form(code, form, file)
  definition <- static_definition(code, file, line)
  if (is.null(definition)) {
    return(character())
  }
  if (is.null(definition$name)) {
    definition$name <- if (is_string(bound) && is_python_name(bound)) bound else "Unnamed"
  }
  check_static_bases(definition, file)
  check_with_bases(definition, file)
}

# ---- what a form checks before it has a definition -----------------------------------------------

check_form <- function(code, form, file) {
  if (form == "%py_class%") {
    return(check_py_class_code(code))
  }
  given <- named_arguments(code, form)
  if (is.null(given)) {
    return(check_given_once(code))
  }
  shown <- if (form == "PyClass") "PyClass()" else paste0(form, "()")
  if (form == "CallbackSet") {
    check_given_id(given)
    name <- if (is_string(given$id)) set_class_name(given$id) else "Unnamed"
  } else {
    if (form == "R6") shown <- "r_to_py(<R6 class generator>)"
    name <- check_given_name(given, form, shown)
  }
  if (!form %in% c("PyClass", "R6")) {
    first <- if (form == "CallbackSet") "id" else "classname"
    check_full_names(name, names(code), c(first, keras_kinds[[form]]$args))
  }
  check_given_lists(name, given, file)
  doc <- static_value(given$doc, file)
  if (form != "R6" && !is.null(doc) && !is_unknown(doc)) {
    given_doc(name, doc, NULL, if (form == "PyClass") "defs" else "public")
  }
  if (form == "CallbackSet" && !is.null(literal_of(given$weight))) {
    check_set_weight(name, literal_of(given$weight)[[1L]])
  }
}

# The arguments by name, or NULL if something of the call is not to be seen.
named_arguments <- function(code, form) {
  fn <- switch(form,
    PyClass = PyClass,
    R6 = r6_arguments,
    CallbackSet = callback_set,
    get(form, mode = "function")
  )
  given <- matched_arguments(code, fn)
  if (is.null(given) || given$.open) NULL else given
}

# R itself refuses an argument that is given twice, before the form has any.
check_given_once <- function(code) {
  for (name in names(code)[duplicated(names(code)) & has_name(code)]) {
    class <- literal_of(code$classname %||% code$id %||% code[[2L]])[[1L]]
    abort_class(
      if (is_string(class)) class else "Unnamed", "`", name, "` is defined twice. Keep one of the two.",
      member = name
    )
  }
}

check_given_name <- function(given, form, shown) {
  if (is.null(given$classname)) {
    # R6 has classes without a name, which are none of Python.
    if (!"classname" %in% names(given) && form != "R6") check_class_name(form = shown)
    return("Unnamed")
  }
  constant <- literal_of(given$classname)
  if (is.null(constant)) {
    strings <- strings_of(given$classname)
    if (length(strings)) check_class_name(strings, shown)
    return("Unnamed")
  }
  check_class_name(constant[[1L]], shown)
  constant[[1L]]
}

check_given_id <- function(given) {
  if (!"id" %in% names(given)) {
    check_set_id()
  }
  constant <- literal_of(given$id)
  if (!is.null(constant)) check_set_id(constant[[1L]])
}

check_given_lists <- function(name, given, file) {
  if (length(given$...)) {
    check_member_list(name, shown_members(given$..., file), "...")
  }
  for (what in intersect(c("defs", "public", "private", "active"), names(given))) {
    code <- looked_up(given[[what]], file)
    if (called_name(code) == "list") {
      members <- shown_members(as.list(code)[-1L], file)
      if (what == "active" && !is.null(given$id)) {
        check_active_list(name, Filter(Negate(is.language), members))
      }
      check_member_list(name, members, what)
    } else if (!is.null(literal_of(code)) && !is.null(code)) {
      check_member_list(name, literal_of(code)[[1L]], what)
    }
  }
}

# Members for texts of errors: what is unknown is shown as its code.
shown_members <- function(codes, file) {
  hidden <- vapply(codes, function(x) is_splice(x) || identical(x, quote(...)), NA)
  lapply(codes[!hidden], function(code) {
    value <- static_value(code, file)
    if (is_unknown(value)) value$code else value
  })
}

check_py_class_code <- function(code) {
  head <- read_class_head(code[[2L]])
  check_class_name(head$name, "%py_class%")
  check_class_body(head$name, code[[3L]])
  constants <- Filter(Negate(is.null), lapply(head$keywords, literal_of))
  head$keywords <- lapply(constants, `[[`, 1L)
  class_options(head, baseenv())
  check_metaclass(head$name, head$keywords)
  labels <- vapply(head$bases, deparse_line, "")
  check_bases(head$name, head$bases, labels)
  statements <- as.list(code[[3L]])[-1L]
  check_statements(head$name, statements)
  if (any(vapply(statements, function(x) identical(assigned_target(x), quote(private)), NA))) {
    abort_private(head$name)
  }
}

# ---- bases ---------------------------------------------------------------------------------------

# Bases that are no classes by their code: constants, and classes that come later in the file.
check_static_bases <- function(definition, file) {
  for (base in definition$bases) {
    constant <- literal_of(base)
    if (!is.null(constant) && !is.null(base)) {
      resolve_base(definition$name, constant[[1L]], deparse_line(base))
    }
    if (is.symbol(base) && !isTRUE(file$inside) && is_later(as.character(base), definition, file)) {
      abort_class(
        definition$name, "its base `", as.character(base), "` does not exist. Define it before ",
        "this class, or correct its name."
      )
    }
  }
}

# Does the file assign this name, and only after the definition? A name that is there anyway is not
# asked for.
is_later <- function(name, definition, file) {
  names <- vapply(file$statements, function(x) x$name %||% "", "")
  first <- file$lines_of[names == name]
  attaches <- vapply(file$statements, function(x) {
    called_name(x$code) %in% c("library", "require", "source", "attach", "load", "list2env")
  }, NA)
  others <- any(attaches & file$lines_of < definition$line)
  length(first) > 0L && min(first) > definition$line && !others && !exists(name) &&
    definition$form %in% c("%py_class%", names(keras_kinds), "PyClass", "PyClass()") &&
    !"delay_load" %in% names(as.list(definition$code[[2L]]))
}

# Checks the definition with bases of which nothing is known but their names. If something is found
# that bases with more attributes would allow, the real ones decide.
check_with_bases <- function(definition, file) {
  any_base <- for_r_proxies$any_class()
  least <- stand_ins_for(definition, file)
  strict <- checked(definition, if (definition$open) c(least, any_base) else least)
  if (is.null(strict$error) && !length(strict$notes)) {
    return(strict$notes)
  }
  lenient <- checked(definition, c(least, any_base))
  if (!same_findings(strict, lenient)) {
    real <- stand_ins_for(definition, file, real = TRUE)
    lenient <- checked(definition, if (definition$open) c(real, any_base) else real)
  }
  if (!is.null(lenient$error)) {
    stop(lenient$error)
  }
  lenient$notes
}

same_findings <- function(a, b) {
  identical(conditionMessage(a$error %||% simpleCondition("")),
    conditionMessage(b$error %||% simpleCondition(""))) && identical(a$notes, b$notes)
}

# list(error, notes) of the checks of a definition that has these Python classes as its bases.
checked <- function(definition, bases) {
  notes <- character()
  error <- withCallingHandlers(
    tryCatch(
      {
        known <- known_definition(definition, bases)
        # Whether a method is async is up to its base.
        if (any(vapply(bases, for_r$is_unknown_class, NA))) known$public <- not_async(known$public)
        class_spec(known)
        NULL
      },
      py_class_definition_error = function(e) e
    ),
    message = function(m) {
      notes <<- c(notes, conditionMessage(m))
      invokeRestart("muffleMessage")
    }
  )
  list(error = error, notes = notes)
}

not_async <- function(members) {
  lapply(members, function(value) {
    if (is.function(value)) attr(value, "py_async") <- NULL
    value
  })
}

# The definition as class_spec() takes it; what is unknown is a Python object, which can be all.
known_definition <- function(definition, bases) {
  object <- for_r_proxies$any_object()
  known <- function(members) {
    lapply(members, function(value) {
      if (!is_unknown(value)) {
        return(value)
      }
      functions <- if (called_name(value$code) == "list") as.list(value$code)[-1L]
      all_are <- length(functions) && all(vapply(functions, called_name, "") == "function")
      if (all_are) lapply(functions, eval, globalenv()) else object
    })
  }
  public <- known(definition$public)
  for (name in names(definition$public)) {
    choices <- keras_kinds[[definition$kind]]$choices[[name]]
    if (!is.null(choices) && is_unknown(definition$public[[name]])) {
      public[[name]] <- choices[[1L]]
    }
  }
  class_definition(
    definition$name, definition$form,
    public = public, private = known(definition$private), bases = bases,
    kind = definition$kind, own_env = definition$own_env, parent_env = globalenv()
  )
}

# Python classes that stand for the bases of a definition; the `real` ones where they can be
# imported. An unknown base has every attribute.
stand_ins_for <- function(definition, file, real = FALSE, depth = 20L) {
  lapply(definition$bases, function(base) stand_in_for(base, file, real, depth))
}

stand_in_for <- function(base, file, real, depth) {
  code <- looked_up(base, file)
  above <- if (depth > 0L) static_definition(code, file, 1L)
  if (!is.null(above)) {
    bases <- stand_ins_for(above, file, real, depth - 1L)
    if (above$open) bases <- c(bases, for_r_proxies$any_class())
    async <- names(Filter(function(x) is.function(x) && is_async(x), above$public))
    members <- setdiff(names(above$public), async)
    return(for_r_proxies$stand_in_class(
      above$name %||% "Unnamed", "r", bases, as.list(members), as.list(async)
    ))
  }
  kind <- kind_of_code(code, file)
  members <- if (!is.null(kind)) (if (real) for_r$attributes_of(kind$named) else list())
  if (!is.null(members)) {
    parts <- regmatches(kind$named, regexec("^(.*)[.]([^.]+)$", kind$named))[[1L]]
    members <- as.list(members)
    return(for_r_proxies$stand_in_class(parts[[3L]], parts[[2L]], list(), members, list()))
  }
  for_r_proxies$imported_class(base_facts(base, file))
}

# The row of a base that is given as the library's own name: keras$callbacks$Callback.
kind_of_code <- function(code, file) {
  for (kind in keras_kinds) {
    if (identical(code, kind$base)) {
      return(kind)
    }
  }
  path <- module_path(code, file)
  if (identical(path$module, "synalinks") && length(path$path)) {
    synalinks_kinds[[path$path[[length(path$path)]]]]
  }
}
