# Marks on the functions of a class: active bindings, static methods, class methods.
# A mark is the attribute "py_member" of the function; classes_spec.R takes it off again, so that
# Python gets the function as the user wrote it.
# Python half: none; classes_spec.R reads the marks.

#' Mark a function as an active binding
#'
#' In a class definition the function becomes a Python property. It is called without arguments when
#' the attribute is read, and with the new value when it is assigned (`missing(value)` is FALSE
#' then). A function without arguments makes a read-only property. Anything but a function is an
#' error.
#'
#' @param fn A function of at most one argument.
#' @return `fn`, marked.
#' @examples
#' \dontrun{
#' Circle <- PyClass("Circle", list(
#'   initialize = function(self, r) self$r <- r,
#'   area = active_property(function() pi * self$r^2)
#' ))
#' Circle(2)$area
#' }
active_property <- function(fn) {
  mark_member(fn, "active", "active_property()")
}

#' @rdname active_property
mark_active <- active_property

#' Mark a function as a static method or a class method
#'
#' A static method sees neither `self` nor `cls`. A class method sees its class as `cls`, which
#' may be its first argument; `from_config` is a class method without a mark. Anything but a
#' function is an error.
#'
#' @param fn A function.
#' @return `fn`, marked.
#' @examples
#' \dontrun{
#' Point %py_class% {
#'   distance <- staticmethod(function(a, b) abs(a - b))
#'   origin <- classmethod(function(cls) cls())
#' }
#' Point$distance(1, 3)
#' }
staticmethod <- function(fn) {
  mark_member(fn, "staticmethod", "staticmethod()")
}

#' @rdname staticmethod
classmethod <- function(fn) {
  mark_member(fn, "classmethod", "classmethod()")
}

#' Make an active binding
#'
#' In the body of a class (`%py_class%`) the name becomes a Python property; elsewhere it becomes
#' an ordinary active binding of R. Anything but a function is an error.
#'
#' @param sym A name; in a class body also `private$name`.
#' @param value A function of at most one argument.
#' @return `value`, invisibly.
#' @examples
#' \dontrun{
#' Circle %py_class% {
#'   initialize <- function(r) self$r <- r
#'   area %<-active% function() pi * self$r^2
#' }
#' now %<-active% function() Sys.time()
#' }
`%<-active%` <- function(sym, value) {
  target <- substitute(sym)
  env <- parent.frame()
  if (is_class_body(env)) {
    if (is_string(target)) {
      target <- as.name(target)
    }
    marked <- mark_member(value, "active", paste(deparse_line(target), "%<-active%"))
    eval(call("<-", target, marked), env)
  } else {
    makeActiveBinding(as.name(as.character(target)), value, env)
  }
  invisible(value)
}

mark_member <- function(fn, mark, marker) {
  if (!is.function(fn)) {
    abort_class(open_class(), "`", marker, "` needs a function, not ", describe_value(fn), ".")
  }
  attr(fn, "py_member") <- mark
  fn
}

member_mark <- function(x) {
  mark <- attr(x, "py_member", exact = TRUE)
  if (is.null(mark)) "" else mark
}

unmarked <- function(fn) {
  attr(fn, "py_member") <- attr(fn, "py_async") <- NULL
  fn
}
