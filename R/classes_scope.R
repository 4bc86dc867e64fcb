# The scope of methods: the class environment, `super`, and `private`.
#   mask {self, super, private} (made by the core for each call) -> class environment -> parent_env
# It holds the class and the instance weakly, so that no cycle crosses the languages.
# Python half: for_r/super.py (`super`) and bridge/private.py (`private`).

# The environment of a class, or of a method with `own_env`. `class_ref` is a Python callable that
# returns the class.
new_class_env <- function(parent, name, class_ref) {
  env <- new.env(parent = parent)
  env$.class_ref <- class_ref
  current_class <- function() class_ref()
  makeActiveBinding("__class__", current_class, env)
  makeActiveBinding(name, current_class, env)
  env
}

# The private members of a class, kept in its environment until an instance needs them.
set_private_members <- function(env, methods, active, fields) {
  env$.private <- list(methods = methods, active = active, fields = fields)
  invisible()
}

# `super` ---------------------------------------------------------------------------------------

# The core makes `super` from the formals and the body of this function, in an environment {self}
# whose parent is the class environment: `super$m()`, `super()$m()` and `super(Class, self)$m()` all
# work. The mask holds `super`, and `super` does not see the mask, so R counts one holder of each.
super_template <- function(type, object = self) {
  if (missing(type)) {
    base::get("super", envir = base::parent.frame())
  } else {
    pyclassbridge::py_super(type, object)
  }
}

#' The superclass of a given class
#'
#' `super(Class, self)` in a method calls this function; other code calls it directly. A `type` that
#' is not a class, or an `object` that is not an instance of it, is a `python.builtin.TypeError`.
#'
#' @param type A Python class.
#' @param object An instance of it, or a class derived from it.
#' @return An object whose `$` gives the members that come after `type`, bound to `object`.
#' @examples
#' \dontrun{
#' Named %py_class% {
#'   label <- function() "named"
#' }
#' Aged(Named) %py_class% {
#'   label <- function() "aged"
#' }
#' py_super(Aged, Aged())$label()
#' }
py_super <- function(type, object) {
  for_r_of(object)$super_object(type, object)
}

`$.python.builtin.super` <- function(x, name) {
  receiver <- receiver_of(environment(x))
  class_ref <- get(".class_ref", envir = environment(x))
  for_r_of(receiver)$super_attr(class_ref, receiver, name, is_private(environment(x)))
}

`[[.python.builtin.super` <- `$.python.builtin.super`

# In private functions `self` is an active binding, whose values R >= 4.6 counts as shared for ever.
# So Python gets the callable that returns the instance.
is_private <- function(scope) {
  !is.null(scope$.instance)
}

receiver_of <- function(scope) {
  if (is_private(scope)) scope$.instance else if (is.null(scope$cls)) scope$self else scope$cls
}

# R then assigns the result to a new variable `super` of the method.
`$<-.python.builtin.super` <- function(x, name, value) {
  class_ref <- get(".class_ref", envir = environment(x))
  receiver <- receiver_of(environment(x))
  for_r$super_assign(class_ref, receiver, name, value, is_private(environment(x)))
  x
}

`[[<-.python.builtin.super` <- `$<-.python.builtin.super`

print.python.builtin.super <- function(x, ...) {
  cat("<super of ", class_label(get(".class_ref", envir = environment(x))()), ">\n", sep = "")
  invisible(x)
}

class_label <- function(class) {
  for_r$class_label(class)
}

# `private` -------------------------------------------------------------------------------------

# The environment of one instance: members of its R classes, base first, so that a derived class
# overrides. `instance` is a Python callable that returns the instance while it lives.
new_private <- function(instance, ...) {
  # It tells whose environment this is (R/travel_pack.R); names are not looked up there.
  owner <- list2env(list(.instance = instance), parent = emptyenv())
  private <- new.env(parent = owner)
  for (class_env in list(...)) {
    add_private_members(private, class_env, instance)
  }
  private
}

add_private_members <- function(private, class_env, instance) {
  members <- class_env$.private
  scope <- new.env(parent = class_env)
  makeActiveBinding("self", function() instance(), scope)
  scope$.instance <- instance
  scope$private <- private
  scope$super <- structure(
    as.function(c(formals(super_template), body(super_template)), envir = scope),
    class = "python.builtin.super"
  )
  for (name in intersect(unlist(lapply(members, names)), names(private))) {
    rm(list = name, envir = private)
  }
  list2env(members$fields, private)
  for (name in names(members$methods)) {
    private[[name]] <- with_env(members$methods[[name]], scope)
  }
  for (name in names(members$active)) {
    makeActiveBinding(name, with_env(members$active[[name]], scope), private)
  }
}

# Copies the private environment of an instance to that of its copy. The copy keeps its own methods,
# except those that were replaced on the instance.
copy_private <- function(from, to) {
  for (name in ls(from, all.names = TRUE)) {
    if (!bindingIsActive(name, from) && !is_private_method(from[[name]], to[[name]])) {
      assign(name, from[[name]], envir = to)
    }
  }
  gone <- setdiff(ls(to, all.names = TRUE), ls(from, all.names = TRUE))
  rm(list = gone, envir = to)
}

# Is a value of a private environment the method that the class has, in the environment that
# add_private_members() gave it?
is_private_method <- function(value, defined) {
  is.function(value) && is.function(defined) && identical(body(value), body(defined)) &&
    identical(formals(value), formals(defined)) &&
    exists(".instance", envir = environment(value), inherits = FALSE)
}

# For instances that can't keep an environment: an empty, locked one.
no_private <- function() {
  private <- new.env(parent = emptyenv())
  lockEnvironment(private)
  private
}

with_env <- function(fn, env) {
  environment(fn) <- env
  fn
}

# What of the private environment of an instance travels (classes/pickles.py): its values, and the
# functions that were put there on the instance; active bindings are made again. The attribute `all` has
# the names of all that it has. `...` are the environments of the classes.
private_state <- function(private, ...) {
  defined <- unlist(lapply(list(...), function(env) env$.private$methods), recursive = FALSE)
  names <- ls(private, all.names = TRUE)
  values <- mget(names[!vapply(names, bindingIsActive, NA, private)], envir = private)
  own <- vapply(names(values), function(name) is_private_method(values[[name]], defined[[name]]), NA)
  structure(values[!own], all = names)
}

set_private_state <- function(private, state) {
  list2env(state, private)
  rm(list = setdiff(ls(private, all.names = TRUE), attr(state, "all")), envir = private)
}
