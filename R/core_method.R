# Compiles methods: the core calls compile_method() for methods that are called often.
# A method may be a new closure in each call, which R's own compiler does not compile.
# The other half is core/call.c. Guarantees: same result as the uncompiled method
# (tests/core/test_method.py runs both), except that `self$name <- value` ignores a user's S3 method
# for `$<-`.

# `has_self`: is `self` the instance? It is not in static and class methods.
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

# Turns statements `self$name <- value` into direct calls of the core: R's assignment dispatches
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

# The value is the first argument: if R evaluated it after `self`, it might count `self` as held for
# longer.
direct_assignment <- function(code) {
  name <- as.character(code[[2L]][[3L]])
  bquote(invisible(.Call(.(core_set_self), .(code[[3L]]), self, .(name))))
}

# Does the body assign to `self`, perhaps by assign("self", ...)?
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
