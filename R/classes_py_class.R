# Classes in R syntax: `Name(Base) %py_class% { ... }` and PyClass().
# Makes a definition from each form; classes_spec.R checks and builds it. The body is evaluated in a
# new environment below the caller's: the variables that it assigns become the members.
# Python half: none; classes_spec.R builds the definition.

#' Define a Python class
#'
#' `Name %py_class% { }` makes a Python class of that name and assigns it in the calling
#' environment. Every name assigned in the body becomes a member: a function becomes a method, a
#' function marked with `%<-active%` or [active_property()] a property, anything else a class
#' attribute. Only the methods see names assigned as `private$name <- value`.
#'
#' In methods, `self` is the instance, `super` its superclass (`super$m()`, `super()$m()`,
#' `super(Class, self)$m()`), `private` an environment per instance, `__class__` the class.
#' `initialize` and `finalize` are `__init__` and `__del__`. The first string of the body
#' documents the class, the first string of a function in braces the method.
#'
#' A member without a name, a member defined twice and a base that is not a class are errors that
#' name the class and the member.
#'
#' @param spec `Name`, `Name(Base)` or `Name(Base1, Base2, metaclass = Meta, key = value)`.
#'   `convert = FALSE` hands methods Python objects unconverted; `delay_load = TRUE` builds the
#'   class when it is first used. Other named arguments are class keywords, as in Python.
#' @param body The members, in braces.
#' @return The class, invisibly: a function with the arguments of `initialize` that returns
#'   instances.
#' @examples
#' \dontrun{
#' PrintLoss(keras$callbacks$Callback) %py_class% {
#'   "Prints the loss after every epoch."
#'   initialize <- function(digits = 3) self$digits <- digits
#'   on_epoch_end <- function(epoch, logs = NULL) print(signif(logs$loss, self$digits))
#' }
#' PrintLoss(digits = 2)
#' }
`%py_class%` <- function(spec, body) {
  env <- parent.frame()
  head <- read_class_head(substitute(spec))
  body <- substitute(body)
  doc <- statement_doc(sys.call())
  if (is_saving_code()) {
    class <- saved_class(function() {
      define_py_class(head, body, class_options(head, env), env, doc = doc)
    })
    assign(head$name, class, envir = env)
    return(invisible(class))
  }
  check_class_name(head$name, "%py_class%")
  check_class_body(head$name, body)
  options <- class_options(head, env)
  statement <- statement_ref()
  if (options$delay_load) {
    delayedAssign(head$name, define_py_class(head, body, options, env, statement, doc), assign.env = env)
    return(invisible())
  }
  class <- define_py_class(head, body, options, env, statement, doc)
  assign(head$name, class, envir = env)
  invisible(class)
}

#' Define a Python class from a list of members
#'
#' The plain form: methods name `self` as their first argument and keep the environment they were
#' made in; `super()` and `private` work as in [`%py_class%`], and mistakes are errors that name the
#' class and the member.
#'
#' @param classname String, the name of the class.
#' @param defs Named list of methods, active bindings and class attributes.
#' @param inherit A class, or a list of classes.
#' @param doc String, the docstring of the class; default: the roxygen comment above the assignment,
#'   where R keeps the source.
#' @return A function that returns instances.
#' @examples
#' \dontrun{
#' Person <- PyClass("Person", list(
#'   name = NULL,
#'   `__init__` = function(self, name) self$name <- name,
#'   greet = function(self) paste("Hello", self$name)
#' ))
#' Person("Ada")$greet()
#' }
PyClass <- function(classname, defs = list(), inherit = NULL, doc = NULL) {
  if (is_saving_code()) {
    return(saved_call(sys.call(), parent.frame()))
  }
  check_class_name(classname, "PyClass()")
  check_member_list(classname, defs, "defs")
  build_class(class_definition(
    classname, "PyClass()",
    public = defs, bases = given_bases(classname, inherit, substitute(inherit), parent.frame()),
    own_env = TRUE, doc = given_doc(classname, doc, sys.call(), "defs"), parent_env = parent.frame()
  ))
}

# ---- the left side ----

# list(name, bases = <expressions>, keywords = <named expressions>)
read_class_head <- function(spec) {
  if (is.symbol(spec)) {
    return(list(name = as.character(spec), bases = list(), keywords = list()))
  }
  if (!is.call(spec) || !is.symbol(spec[[1L]]) || !is_plain_name(spec[[1L]])) {
    abort_class(
      NULL, "%py_class%: its left side is `", deparse_line(spec), "`. Write `Name %py_class% { }` ",
      "or `Name(Base) %py_class% { }`, with the name of the class without quotes."
    )
  }
  args <- as.list(spec)[-1L]
  keyword <- has_name(args)
  name <- as.character(spec[[1L]])
  empty <- vapply(seq_along(args), function(i) is_empty(args[i]), NA)
  if (any(empty)) {
    abort_class(name, "there is an empty place between its bases. Remove the extra comma.")
  }
  double <- names(args)[keyword][duplicated(names(args)[keyword])]
  if (length(double)) {
    abort_class(name, "the keyword `", double[[1L]], "` is given twice. Keep one of the two.")
  }
  list(name = name, bases = unname(args[!keyword]), keywords = args[keyword])
}

# Can a class have this name? `a$b` and `a + b` are calls, too, of `$` and `+`.
is_plain_name <- function(symbol) {
  name <- as.character(symbol)
  make.names(name) == name || is_python_name(name)
}

# The named arguments that are options of `%py_class%` rather than Python's class keywords.
class_options <- function(head, env) {
  options <- list(convert = TRUE, delay_load = FALSE)
  for (option in intersect(names(options), names(head$keywords))) {
    value <- eval(head$keywords[[option]], env)
    if (!isTRUE(value) && !isFALSE(value)) {
      abort_class(
        head$name, "`", option, "` must be TRUE or FALSE, not ", describe_value(value), "."
      )
    }
    options[[option]] <- value
  }
  options
}

define_py_class <- function(head, body, options, env, statement = statement_ref(), doc = NULL) {
  force(statement)
  keywords <- head$keywords[!names(head$keywords) %in% names(options)]
  labels <- vapply(head$bases, deparse_line, "")
  bases <- Map(
    function(expr, label) resolve_base(head$name, eval_base(head$name, expr, env), label),
    head$bases, labels
  )
  keywords <- lapply(keywords, eval, env)
  check_metaclass(head$name, keywords)
  members <- eval_class_body(head$name, body, env)
  build_class(class_definition(
    head$name, "%py_class%",
    public = members$public, private = members$private, doc = members$doc %||% doc,
    bases = unname(check_bases(head$name, bases, labels)),
    keywords = keywords, convert = options$convert, parent_env = env, statement = statement
  ))
}

# The bases of a constructor: `inherit` is one class or a list of classes; code is evaluated.
given_bases <- function(class, inherit, expr, env) {
  if (is.null(inherit)) {
    return(list())
  }
  if (is.language(inherit)) {
    expr <- inherit
    inherit <- eval_base(class, inherit, env)
  }
  several <- is.list(inherit) && !is.object(inherit)
  labels <- deparse_line(expr)
  if (several) {
    labels <- if (is.call(expr)) as.character(lapply(as.list(expr)[-1L], deparse_line)) else ""
    labels <- rep_len(labels, length(inherit))
  }
  bases <- if (several) inherit else list(inherit)
  unname(Map(function(base, label) resolve_base(class, base, label), bases, labels))
}

# ---- the body ----

# The environments of class bodies being evaluated, named after their classes, innermost last;
# `%<-active%` looks there.
open_bodies <- new.env(parent = emptyenv())
open_bodies$stack <- list()

is_class_body <- function(env) {
  any(vapply(open_bodies$stack, identical, NA, env))
}

# The class that is being defined, for errors; NULL outside a body.
open_class <- function() {
  open <- names(open_bodies$stack)
  if (length(open)) open[[length(open)]]
}

# list(doc, public, private), members in the order in which they were first assigned.
eval_class_body <- function(class, body, env) {
  code <- as.list(body)[-1L]
  doc <- if (length(code) && is_string(code[[1L]])) code[[1L]]
  check_statements(class, code)
  members <- new.env(hash = FALSE, parent = env)
  private <- new.env(hash = FALSE, parent = emptyenv())
  members$private <- private
  open_bodies$stack <- c(open_bodies$stack, structure(list(members), names = class))
  on.exit(open_bodies$stack <- open_bodies$stack[-length(open_bodies$stack)])
  eval(body, members)
  if (!identical(members$private, private)) {
    abort_private(class)
  }
  rm("private", envir = members)
  list(doc = doc, public = ordered_members(members), private = ordered_members(private))
}

abort_private <- function(class) {
  abort_class(
    class, "`private` is reserved. Write `private$name <- value` for each private member.",
    member = "private"
  )
}

# An environment without a hash table lists its newest name first.
ordered_members <- function(env) {
  names <- rev(ls(env, all.names = TRUE, sorted = FALSE))
  mget(names, envir = env)
}

check_class_body <- function(class, body) {
  if (!is_braces(body)) {
    abort_class(
      class, "the right side of %py_class% is `", deparse_line(body), "`. Write the members in ",
      "braces: `", class, " %py_class% { ... }`."
    )
  }
}

# The mistakes that only the code shows: members without a name, or defined twice.
check_statements <- function(class, code) {
  defined <- character()
  for (statement in code) {
    if (is_function_code(statement)) {
      abort_class(
        class, "a function in its body has no name (`", deparse_line(statement, 40L),
        "`). Write `name <- function(...)`."
      )
    }
    target <- assigned_target(statement)
    if (is.null(target)) next
    name <- deparse_line(target)
    if (is.call(target) && identical(target[[2L]], quote(self))) {
      abort_class(
        class, "`", name, "` is assigned in the body of the class, where there is no `self`. ",
        "Assign it in `initialize`, or write `", as.character(target[[3L]]),
        " <- ` for a class attribute.", member = as.character(target[[3L]])
      )
    }
    if (is_function_code(statement[[3L]])) {
      if (name %in% defined) {
        abort_class(
          class, "`", name, "` is defined twice. Keep one of the two.", member = name
        )
      }
      defined <- c(defined, name)
    }
  }
}

is_function_code <- function(code) {
  markers <- c("active_property", "mark_active", "staticmethod", "classmethod", "async_method")
  is.call(code) && is.symbol(code[[1L]]) && (identical(code[[1L]], quote(`function`)) ||
    as.character(code[[1L]]) %in% markers && length(code) == 2L && is_function_code(code[[2L]]))
}

# The name, or the code such as `private$name`, that a statement assigns to.
assigned_target <- function(statement) {
  operators <- c("<-", "=", "%<-active%")
  if (!is.call(statement) || !is.symbol(statement[[1L]]) || length(statement) != 3L ||
    !as.character(statement[[1L]]) %in% operators) {
    return(NULL)
  }
  target <- statement[[2L]]
  if (is_string(target)) {
    target <- as.name(target)
  }
  dollar <- is.call(target) && identical(target[[1L]], quote(`$`))
  if (is.symbol(target) || dollar) target
}
