# The checks of a class definition: each raises one error that names class, member, what was
# given and the remedy (their texts are tests/snapshots/definition_errors.txt).
# Pure R. Assumes a definition as classes_spec.R describes it.
# Python half: none. What passes here can be built.

abort_class <- function(class, ..., member = NULL) {
  message <- paste0(if (!is.null(class)) paste0("Class `", class, "`: "), ...)
  condition <- list(message = message, call = NULL, class_name = class, member = member)
  class(condition) <- c("py_class_definition_error", "error", "condition")
  stop(condition)
}

# ---- the name and the lists of members ----

# `name` may be missing in the user's call of `form`.
check_class_name <- function(name, form) {
  if (missing(name)) {
    abort_class(NULL, form, ": `classname` is missing. Give one string such as \"EarlyStop\".")
  }
  if (!is_string(name)) {
    abort_class(
      NULL, form, ": `classname` must be one string such as \"EarlyStop\", not ",
      describe_value(name), "."
    )
  }
  if (!is_python_name(name)) {
    abort_class(
      NULL, form, ": \"", name, "\" is not a valid name for a Python class. Use letters, digits ",
      "and `_`", if (nzchar(name)) paste0(", as in \"", suggest_name(name), "\""), "."
    )
  }
}

suggest_name <- function(name) {
  name <- python_name(name)
  if (is_python_name(name)) name else paste0("C", name)
}

# `what` is the argument that holds the members: "public", "private", "defs", "...".
check_member_list <- function(class, members, what) {
  if (!is.list(members) || is.object(members)) {
    abort_class(
      class, "`", what, "` must be a named list, not ", describe_value(members), ". Write `",
      what, " = list(name = ...)`."
    )
  }
  unnamed <- which(!has_name(members))
  if (length(unnamed)) {
    first <- unnamed[[1L]]
    abort_class(
      class, "member ", first, " of `", what, "` has no name (", describe_value(members[[first]]),
      "). Write `name = ` before it."
    )
  }
}

has_name <- function(x) {
  names <- names(x)
  if (is.null(names)) rep(FALSE, length(x)) else !is.na(names) & nzchar(names)
}

check_member_names <- function(def) {
  public <- names(def$public)
  private <- names(def$private)
  for (name in intersect(c("self", "super", "private", "__class__"), c(public, private))) {
    abort_class(
      def$name, "`", name, "` is reserved: inside methods it is always the bridge's own `", name,
      "`. Choose another name for the member.", member = name
    )
  }
  for (name in c(public[duplicated(public)], private[duplicated(private)])) {
    abort_class(
      def$name, "`", name, "` is defined twice. Keep one of the two.", member = name
    )
  }
  for (name in intersect(public, private)) {
    abort_class(
      def$name, "`", name, "` is both public and private. Keep one of the two, or rename one.",
      member = name
    )
  }
  check_aliases(def, public)
}

# Refuses a method that is defined under both its R name and its Python name.
check_aliases <- function(def, public) {
  aliases <- member_aliases(def$checks)
  for (name in names(aliases)) {
    if (all(c(name, aliases[[name]]) %in% public)) {
      abort_class(
        def$name, "`", name, "` and `", aliases[[name]], "` are the same method, and both are ",
        "defined. Keep one of the two.", member = name
      )
    }
  }
}

# ---- one member ----

must_be_function <- function(def, name) {
  name %in% c("initialize", "__init__", "finalize", "__del__", "__call__", "from_config") ||
    name %in% names(def$checks$calls)
}

check_value_member <- function(def, name, value) {
  if (must_be_function(def, name) && !is_py_object(value)) {
    abort_class(
      def$name, "`", name, "` must be a function, not ", describe_value(value), ".",
      member = name
    )
  }
  choices <- def$checks$choices[[name]]
  if (!is.null(choices) && !(is_string(value) && value %in% choices)) {
    abort_class(
      def$name, "`", name, "` must be ", quoted(choices, " or "), ", not ",
      describe_value(value), ".", member = name
    )
  }
}

check_function_member <- function(def, name, fn, mark) {
  if (is.primitive(fn)) {
    abort_class(
      def$name, "`", name, "` is a primitive function of R, which can't be a method. Wrap it: `",
      name, " = function(...) ", sub("^.*\"(.*)\".*$", "\\1", deparse_line(fn)), "(...)`.",
      member = name
    )
  }
  lifecycle <- name %in% c("initialize", "__init__", "finalize", "__del__")
  if (nzchar(mark) && (lifecycle || mark == "active" && must_be_function(def, name))) {
    kinds <- c(
      active = "an active binding", staticmethod = "a static method", classmethod = "a class method"
    )
    abort_class(
      def$name, "`", name, "` can't be ", kinds[[mark]], ". Give the plain function.",
      member = name
    )
  }
}

check_formals <- function(def, name, fn) {
  given <- setdiff(names(formals(fn)), "...")
  mapped <- python_name(given)
  for (double in mapped[duplicated(mapped)]) {
    abort_class(
      def$name, "`", name, "`: the arguments ", ticked(given[mapped == double]),
      " have the same name in Python (`", double, "`). Rename one.", member = name
    )
  }
}

check_active <- function(def, name, fn) {
  if (length(formals(fn)) > 1L) {
    abort_class(
      def$name, "the active binding `", name, "` takes ", length(formals(fn)), " arguments (",
      ticked(names(formals(fn))), "). Write `function()` to read only, or `function(value)` to ",
      "read and assign.", member = name
    )
  }
}

# ---- methods that Keras calls ----

# `usage` is what Keras passes to a method by position (see keras_kinds).
check_arity <- function(def, member) {
  name <- if (member$given == "__call__") "call" else member$given
  usage <- def$checks$calls[[name]]
  if (is.null(usage)) {
    return(invisible())
  }
  check_stage(def, member)
  check_order(def, member, usage)
  if ("sample_weight = NULL" %in% usage$args) {
    check_sample_weight(def, member)
  }
  accepts <- positional_range(member$fn)
  if (length(accepts$unreachable)) {
    abort_class(
      def$name, "`", member$given, "` needs ", ticked(accepts$unreachable), " by name, but ",
      def$checks$library, " passes its arguments by position. Write `function(",
      paste(usage$args, collapse = ", "), ")`.", member = member$given
    )
  }
  if (accepts$most >= usage$least && accepts$least <= usage$most) {
    return(invisible())
  }
  too_few <- accepts$most < usage$least
  names <- names(formals(member$fn))
  n <- if (too_few) accepts$most else accepts$least
  abort_class(
    def$name, "`", member$given, "` ", if (too_few) "takes " else "needs ",
    counted(n, "argument"), if (length(names)) paste0(" (", ticked(names), ")"),
    ", but it is called with ", if (usage$most > usage$least) "at least ",
    if (usage$least == 0) "none" else usage$least, ". Write `function(",
    paste(usage$args, collapse = ", "), ")`.", member = member$given
  )
}

check_order <- function(def, member, usage) {
  if (!is.null(usage$index) && identical(first_formal(member$fn), "logs")) {
    abort_class(
      def$name, "`", member$given, "` has `logs` as its first argument, but ",
      def$checks$library, " passes `", usage$index, "` first. Write `function(",
      paste(usage$args, collapse = ", "), ")`.", member = member$given
    )
  }
}

# A metric may also be called without fit(), so this is a message, not an error.
check_sample_weight <- function(def, member) {
  given <- names(formals(member$fn))
  if (member$given == "update_state" && length(given) == 2L &&
    !any(c("...", "sample_weight") %in% given)) {
    message(
      "Class `", def$name, "`: `update_state` has no argument `sample_weight`, which fit() passes ",
      "by name. Write `function(", paste(given, collapse = ", "), ", sample_weight = NULL)`."
    )
  }
}

# Refuses hooks in `private`, which are never called, and a list of members `active`, as R6 has it.
check_places <- function(def) {
  hooks <- intersect(names(def$private), names(def$checks$calls))
  if (length(def$checks$hooks) && length(hooks)) {
    abort_class(
      def$name, "`", hooks[[1L]], "` is private, so it is never called. Make it public.",
      member = hooks[[1L]]
    )
  }
  active <- def$public[["active"]]
  if (is.list(active) && length(active) && all(vapply(active, is.function, NA))) {
    first <- names(active)[[1L]]
    abort_class(
      def$name, "`active` is a list of functions. Give each active binding as a member: `", first,
      " = active_property(function(value) ...)`.", member = "active"
    )
  }
}

# Refuses a public name that looks like a misspelt method of Keras.
check_misspelt <- function(def, name) {
  check_lifecycle_name(def, name)
  if (is.null(def$checks) || name %in% names(def$checks$calls)) {
    return(invisible())
  }
  if (length(def$checks$hooks)) check_hook(def, name) else check_method_name(def, name)
}

# A user's base may have more hooks than Keras.
base_has <- function(def, name) {
  for (base in def$bases) {
    if (for_r$has_attr(base, name)) {
      return(TRUE)
    }
  }
  FALSE
}

# Refuses a misspelt `initialize` in a class of any kind.
check_lifecycle_name <- function(def, name) {
  misspelt <- name %in% c("init", "__init", "constructor") ||
    startsWith(name, "in") && !is.null(nearest_name(name, "initialize", 2L))
  defined <- c("initialize", "__init__") %in% names(def$public)
  if (misspelt && !any(defined) && !base_has(def, name)) {
    abort_class(
      def$name, "`", name, "` is not the method that makes an instance. Did you mean `initialize`?",
      member = name
    )
  }
}

# A name near a method that Keras calls is an error only while that method is missing.
check_method_name <- function(def, name) {
  wanted <- setdiff(names(def$checks$calls), names(def$public))
  if ("call" %in% wanted && name %in% c("calls", "cals", "cal", "Call", "call_")) {
    abort_class(
      def$name, "`", name, "` is not a method that Keras calls. Did you mean `call`?",
      member = name
    )
  }
  nearest <- nearest_name(name, wanted[nchar(wanted) > 4L], if (nchar(name) > 7L) 2L else 1L)
  if (!is.null(nearest) && !base_has(def, name)) {
    abort_class(
      def$name, "`", name, "` is not a method that ", def$checks$library, " calls. Did you mean `",
      nearest, "`?",
      member = name
    )
  }
}
