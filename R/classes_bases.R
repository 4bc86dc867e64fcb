# The Python class for what a user gives as a base: a class, a factory, an R6 generator, a wrapper
# such as callback_early_stopping. Anything else is an error that names it.
# A wrapper of the Keras surface carries the attribute "py_class_of": a function of no arguments
# that returns its Python class.
# Python half: none; for_r/classes.py has the functions that look at a base.

is_py_class <- function(x) {
  is_py_object(x) && inherits(x, "python.builtin.type")
}

# `label` is the base as the user wrote it.
resolve_base <- function(class, value, label) {
  wrapped <- attr(value, "py_class_of", exact = TRUE)
  if (is.function(wrapped)) {
    value <- wrapped()
  }
  if (inherits(value, "R6ClassGenerator")) {
    value <- r_to_py(value)
  }
  if (!is_py_class(value) && !stands_for_class(value)) {
    abort_base(class, value, label)
  }
  value
}

# `Generic[T]` is not a class, but Python accepts it as a base.
stands_for_class <- function(x) {
  is_py_object(x) && for_r$has_attr(x, "__mro_entries__")
}

abort_base <- function(class, value, label) {
  given <- describe_value(value)
  remedy <- if (is_string(value)) {
    "Give the class itself, without quotes."
  } else if (is_py_object(value) && inherits(value, "python.builtin.module")) {
    "Give a class of that module."
  } else if (is_py_object(value) && !is.function(value) || inherits(value, "R6")) {
    "Give the class itself: did you write `()` after its name?"
  } else if (is.list(value)) {
    "Give the classes one by one."
  } else {
    "A base is a Python class, a class written in R, or a wrapper such as callback_early_stopping."
  }
  abort_class(class, "its base `", label, "` is ", given, ", not a class. ", remedy)
}

# The value of a base given as code. `A(A) %py_class% { }` inherits from itself unless the name
# holds a Python class, which the R class then replaces.
eval_base <- function(class, expr, env) {
  if (identical(expr, as.name(class))) {
    known <- get0(class, envir = env)
    if (!is_py_object(known) || identical(attr(known, "r_class", exact = TRUE), class)) {
      abort_class(class, "it inherits from itself. Give its base another name.")
    }
  }
  if (is.symbol(expr) && !exists(as.character(expr), envir = env)) {
    abort_class(
      class, "its base `", as.character(expr), "` does not exist. Define it before this class, ",
      "or correct its name."
    )
  }
  eval(expr, env)
}

check_bases <- function(class, bases, labels) {
  double <- labels[duplicated(labels)]
  if (length(double)) {
    abort_class(class, "its base `", double[[1L]], "` is given twice. Keep one of the two.")
  }
  bases
}

check_metaclass <- function(class, keywords) {
  metaclass <- keywords$metaclass
  if ("metaclass" %in% names(keywords) && !(is_py_object(metaclass) && is.function(metaclass))) {
    abort_class(class, "its `metaclass` is ", describe_value(metaclass), ", not a Python class.")
  }
}

# `named` is the full name of a class; comparing names imports no library.
derives_from <- function(bases, named) {
  for (base in bases) {
    if (for_r$issubclass_named(base, named)) {
      return(TRUE)
    }
  }
  FALSE
}

# The row of `kinds` that classes with these bases belong to, or NULL.
kind_of <- function(bases, kinds = c(keras_kinds, synalinks_kinds)) {
  for (kind in kinds) {
    if (derives_from(bases, kind$named)) {
      return(kind)
    }
  }
  NULL
}
