# Arguments in `...` as rlang's functions take them: a comma at the end says nothing, `!!!x` stands
# for the elements of `x`, and `"{name}" := value` names an argument. Python half: none. The last two
# are evaluated by the package rlang. The core calls dynamic_dots() for the arguments of a call of
# Python.

# list(...) of a function with such dots.
dynamic_dots <- function(...) {
  exprs <- as.list(substitute(list(...)))[-1L]
  if (any(vapply(exprs, is_injection, NA))) {
    require_rlang()
    return(rlang::list2(...))
  }
  n <- length(exprs)
  empty <- which(vapply(exprs, is_missing, NA))
  if (!length(empty)) {
    return(list(...))
  }
  if (empty[[1L]] < n || has_name(exprs)[[n]]) {
    stop_at_user("argument ", empty[[1L]], " of the call is empty.")
  }
  values <- lapply(seq_len(n - 1L), function(i) ...elt(i))
  names(values) <- names(exprs)[-n]
  values
}

# Is it `!!!x` or `name := value`?
is_injection <- function(expr) {
  is.call(expr) && (identical(expr[[1L]], quote(`:=`)) || is_splice(expr))
}

is_splice <- function(expr) {
  for (i in 1:3) {
    if (!is.call(expr) || length(expr) != 2L || !identical(expr[[1L]], quote(`!`))) {
      return(FALSE)
    }
    expr <- expr[[2L]]
  }
  TRUE
}

require_rlang <- function() {
  if (!requireNamespace("rlang", quietly = TRUE)) {
    stop_at_user("`!!!` and `:=` in a call need the R package rlang: install.packages(\"rlang\").")
  }
}

# Does a call have `!!!` or `:=` among its arguments? Those of a function whose formals they may
# stand for are not evaluated then: `inject(sys.function(), sys.call(), parent.frame())` calls it.
is_injected <- function(call) {
  any(vapply(as.list(call)[-1L], is_injection, NA))
}

inject <- function(fn, call, env) {
  require_rlang()
  collect <- c(quote(rlang::dots_list), as.list(call)[-1L], .preserve_empty = TRUE)
  values <- eval(as.call(collect), env)
  arguments <- lapply(seq_along(values), function(i) {
    if (!is_empty(values[i]) && is.language(values[[i]])) call("quote", values[[i]]) else values[[i]]
  })
  names(arguments) <- names(values)
  eval(as.call(c(fn, arguments)), env)
}
