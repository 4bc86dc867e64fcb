# Makes the class spec, from which Python builds the class, from a definition of any form.
# The only place where the two languages meet at definition time. Pure R, so it is tested with a
# `for_r` that records the spec. Guarantees that every check has passed before Python gets it.
# Python half: classes/spec.py, which reads the spec, and classes/builder.py.

# A definition, as the forms (%py_class%, PyClass(), Metric(), R6) give it:
#   name, form (for errors), doc, kind ("py_class" or a row of keras_kinds), bases (Python classes),
#   keywords, public, private (named lists: functions, marked functions, values), convert,
#   parent_env, own_env (methods keep the environment they were made in), statement (the source
#   reference of the one that made it)
class_definition <- function(name, form, public, private = list(), bases = list(),
                             keywords = list(), kind = "py_class", doc = NULL, convert = TRUE,
                             own_env = FALSE, parent_env, statement = statement_ref()) {
  list(
    name = name, form = form, kind = kind, doc = doc, bases = bases, keywords = keywords,
    public = public, private = private, convert = convert, own_env = own_env,
    parent_env = parent_env, statement = statement
  )
}

# The Python class of a definition, as the R function that makes instances.
build_class <- function(def) {
  spec <- class_spec(def)
  make_factory(for_r$build_class(spec_data(spec)), spec)
}

# The spec as Python gets it in one crossing: plain data, and handles of functions and fields.
spec_data <- function(spec) {
  handled <- function(members) {
    lapply(members, function(member) {
      member$place <- function_place(member$fn)
      member$fn <- as_handle(member$fn)
      member
    })
  }
  private <- c(spec$private_methods, spec$private_active, spec$private_fields)
  data <- spec[c("name", "module", "doc", "index_base", "merge_logs", "row", "convert")]
  c(data, list(
    bases = unname(spec$bases), keywords = as_dict(spec$keywords),
    methods = handled(spec$methods), active = handled(spec$active),
    fields = lapply(as_dict(spec$fields), as_handle), has_private = length(private) > 0L,
    home = spec$parent_env$.pyclassbridge_file %||% as_handle(spec$parent_env),
    handle = as_handle(spec), place = statement_place(spec$statement)
  ))
}

class_spec <- function(def) {
  check_class_name(def$name, def$form)
  def$checks <- checks_of(def)
  check_member_names(def)
  check_places(def)
  if (length(def$checks$hooks)) {
    check_callback_bases(def)
    check_state(def)
  }
  def <- take_class_doc(def)
  public <- sort_members(def, def$public)
  private <- sort_members(def, def$private)
  for (name in names(c(public$methods, public$active))) {
    check_misspelt(def, name)
  }
  for (member in public$methods) {
    check_arity(def, member)
  }
  check_async(def, public, private)
  constructor <- keras_kinds[[def$kind]]
  list(
    name = def$name, module = module_of(def$parent_env), doc = def$doc, kind = def$kind,
    bases = def$bases, keywords = def$keywords,
    index_base = if (is.null(constructor)) 0L else constructor$index_base,
    merge_logs = isTRUE(constructor$merge_logs), composes = isTRUE(constructor$composes),
    row = kind_data(def$checks), convert = def$convert, parent_env = def$parent_env,
    methods = as_spec(with_lost_state(def, public, private)), active = as_spec(public$active),
    private_methods = as_spec(private$methods), private_active = as_spec(private$active),
    fields = public$fields, private_fields = private$fields, statement = def$statement
  )
}

# The row by which a definition is checked: that of its base, if this is Synalinks' or if the form
# is not a constructor; else that of the constructor.
checks_of <- function(def) {
  if (def$kind == "py_class") {
    return(kind_of(def$bases))
  }
  other <- kind_of(def$bases, synalinks_kinds)
  if (is.null(other)) keras_kinds[[def$kind]] else other
}

# A class docstring may also be given as a member `__doc__`.
take_class_doc <- function(def) {
  doc <- def$public[["__doc__"]]
  if (is_string(doc)) {
    def$doc <- doc
    def$public[["__doc__"]] <- NULL
  }
  def
}

# list(methods, active, fields), in the order of definition. A Python callable is a value like
# any other: Python itself decides what it is on a class.
sort_members <- function(def, members) {
  sorted <- list(methods = list(), active = list(), fields = list())
  for (name in names(members)) {
    value <- members[[name]]
    if (is.function(value) && !is_py_object(value)) {
      mark <- member_mark(value)
      check_function_member(def, name, value, mark)
      group <- if (mark == "active") "active" else "methods"
      sorted[[group]][[name]] <- new_member(def, name, unmarked(value), mark, is_async(value))
    } else {
      check_value_member(def, name, value)
      sorted$fields[name] <- list(value)
    }
  }
  lapply(sorted, function(group) if (length(group)) group else list())
}

# Methods that Python or Keras calls on the class, with their decorators.
own_decorators <- c(
  from_config = "classmethod", `__init_subclass__` = "classmethod",
  `__class_getitem__` = "classmethod", `__new__` = "staticmethod"
)

# A leading `self` (of a class method: `cls`) is dropped: the scope of the method provides it.
new_member <- function(def, name, fn, mark, is_async) {
  decorator <- if (mark == "active") "" else mark
  if (decorator == "" && name %in% names(own_decorators)) {
    decorator <- own_decorators[[name]]
  }
  receiver <- switch(decorator, staticmethod = NA, classmethod = "cls", "self")
  explicit <- identical(first_formal(fn), receiver)
  if (explicit) {
    fn <- drop_first_formal(fn)
  }
  check_formals(def, name, fn)
  if (mark == "active") {
    check_active(def, name, fn)
  }
  list(
    given = name, name = python_member_name(name, def$checks), fn = fn, doc = function_doc(fn),
    decorator = decorator, is_async = is_async, own_env = def$own_env, explicit_self = explicit,
    calls_super = any(c("super", "__init__") %in% all.names(body(fn)))
  )
}

as_spec <- function(members) {
  unname(lapply(members, function(member) {
    c(member, list(formals = spec_formals(member$fn)))
  }))
}

# R name -> Python name of the methods that have both.
member_aliases <- function(checks) {
  call <- if (isTRUE(checks$callable)) c(call = "__call__")
  c(initialize = "__init__", finalize = "__del__", call)
}

python_member_name <- function(name, checks) {
  aliases <- member_aliases(checks)
  if (name %in% names(aliases)) aliases[[name]] else name
}

# The module that Python shows for a class made in `env`. For the definitions of a file, source()
# stores its name in `.pyclassbridge_module`.
module_of <- function(env) {
  named <- get0(".pyclassbridge_module", envir = env, inherits = TRUE)
  if (is_string(named)) {
    return(named)
  }
  top <- topenv(env)
  if (isNamespace(top)) paste0("r_", getNamespaceName(top)) else "r_globalenv"
}
