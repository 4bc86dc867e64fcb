# Methods made fast: the core calls compile_method() when a method is called for the third time.
# A method is a new closure in each call (its scope is), so R's own compiler never gets to it.
# Guarantees: same result as the method as it was written (tests/core/test_method.py runs both).

# Not seen by the fast form: an S3 method of the user's for `$<-`.

# `has_self`: is `self` of the scope the instance (not in static and class methods)?
compile_method <- function(fn, has_self) {
  direct <- fn
  if (has_self && !"self" %in% names(formals(fn)) && !assigns_self(body(fn))) {
    body(direct) <- direct_assignments(body(fn))
    attributes(direct) <- attributes(fn)
  }
  tryCatch(
    compiler::cmpfun(direct, options = list(suppressAll = TRUE)),
    error = function(e) fn
  )
}

# `self$name <- value`, as a statement, calls the core at once: R's complex assignment dispatches
# on the class of `self`, which costs more than the rest of a short hook. Other places of the body
# stay as they are, since functions may look at the code of their arguments.
direct_assignments <- function(code) {
  head <- if (is.call(code) && is.symbol(code[[1L]])) as.character(code[[1L]]) else ""
  statements <- switch(head,
    "{" = seq_along(code)[-1L], "if" = seq_along(code)[-(1:2)], "for" = 4L, "while" = 3L,
    "repeat" = 2L
  )
  for (i in statements) {
    if (is.call(code[[i]])) {
      code[[i]] <- direct_assignments(code[[i]])
    }
  }
  if (is_self_assignment(code, head)) direct_assignment(code) else code
}

is_self_assignment <- function(code, head) {
  target <- if (head == "<-" && length(code) == 3L) code[[2L]]
  is.call(target) && identical(target[[1L]], quote(`$`)) && identical(target[[2L]], quote(self)) &&
    is.symbol(target[[3L]])
}

# The value comes first: R may count `self` as held for longer if it waits among the arguments while
# other code runs.
direct_assignment <- function(code) {
  name <- as.character(code[[2L]][[3L]])
  bquote(invisible(.Call(.(core_set_self), .(code[[3L]]), self, .(name))))
}

# Does the body give the name `self` to something else, perhaps by assign("self", ...)?
assigns_self <- function(code) {
  if (!is.call(code)) {
    return(identical(code, "self"))
  }
  head <- if (is.symbol(code[[1L]])) as.character(code[[1L]]) else ""
  own <- head %in% c("<-", "<<-", "=", "for") && identical(code[[2L]], quote(self))
  own || any(vapply(as.list(code), function(part) {
    !identical(part, quote(expr = )) && assigns_self(part)
  }, NA))
}
