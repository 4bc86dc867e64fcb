# R6 class generators as Python classes: r_to_py(R6Class(...)).
# Reads only fields of the generator, so R6 itself is not needed here. An unchanged generator gives
# the same Python class again, so that a child still inherits from its parent.
# Python half: none; classes_spec.R builds the definition.

# The generators being built, innermost last: a generator in its own chain is a cycle.
open_generators <- new.env(parent = emptyenv())
open_generators$stack <- list()

#' An R6 class as a Python class
#'
#' Public members, active bindings and private members are those of the Python class; `inherit` may
#' be a Python class or a generator. The same generator gives the same class. A generator that
#' inherits from itself is an error.
#'
#' @param x An R6 class generator.
#' @param convert Ignored (an argument of the generic): methods always get R values.
#' @return The Python class, as a function with the arguments of `initialize`.
#' @examples
#' \dontrun{
#' Counter <- R6::R6Class("Counter",
#'   inherit = keras$callbacks$Callback,
#'   public = list(n = 0, on_epoch_end = function(epoch, logs = NULL) self$n <- self$n + 1),
#'   active = list(twice = function() 2 * self$n)
#' )
#' r_to_py(Counter)()
#' }
#' @noRd
r_to_py.R6ClassGenerator <- function(x, convert = TRUE) {
  check_class_name(x$classname, "r_to_py(<R6 class generator>)")
  if (any(vapply(open_generators$stack, identical, NA, x))) {
    cycle <- vapply(open_generators$stack, function(generator) generator$classname, "")
    abort_class(
      x$classname, "it inherits from itself: ", paste(c(cycle, x$classname), collapse = " -> "),
      ". Break the cycle."
    )
  }
  open_generators$stack <- c(open_generators$stack, x)
  on.exit(open_generators$stack <- open_generators$stack[-length(open_generators$stack)])
  def <- r6_definition(x)
  # Two proxies of one Python class are different R values, so the key has ids.
  key <- replace(def, "bases", list(lapply(def$bases, py_id)))
  key$statement <- NULL
  known <- attr(x, "py_class", exact = TRUE)
  if (is.null(known) || !identical(known$key, key)) {
    known <- list(key = key, class = build_class(def))
    # A generator is an environment, so everyone who holds it sees the attribute.
    attr(x, "py_class") <- known
  }
  known$class
}

r6_definition <- function(generator) {
  methods <- generator$public_methods
  if (isTRUE(generator$cloneable)) {
    methods$clone <- NULL
  }
  private_methods <- generator$private_methods
  # R6 wants `finalize` to be private; Python has only one `__del__`.
  methods <- c(methods, private_methods["finalize" == names(private_methods)])
  private_methods$finalize <- NULL
  base <- if (!is.null(generator$inherit)) {
    label <- deparse_line(generator$inherit)
    value <- eval_base(generator$classname, generator$inherit, generator$parent_env)
    resolve_base(generator$classname, value, label)
  }
  class_definition(
    generator$classname, "R6",
    public = c(methods, generator$public_fields, lapply(generator$active, active_property)),
    private = c(private_methods, generator$private_fields),
    bases = if (is.null(base)) list() else list(base),
    doc = docstring_of(comment_of_generator(generator)), parent_env = generator$parent_env
  )
}
