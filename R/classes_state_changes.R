# Finds in the code of a method which R state it changes from what it was before: `private$n`,
# `self$count`, a variable outside. Such a change must happen at each call; in code that is traced it
# happens once (classes_lost_state.R). The code is read, never run, in the order in which it would run.
#
# A change is found where the method reads a value and then assigns it (`private$n <- private$n + 1`,
# also by way of a local variable, of `self$bump()`, or of an element: `private$all[[i]] <- `), where an
# element is chosen by what is in `private`, and where a clock or R's random numbers give the value.
# No change is found where the code is right though it is traced:
# - the value is a constant, or does not need what was there: `private$rank <- length(dim(x))`, also a
#   tensor, which nobody reads later without an error
# - caching: what the condition of an `if` reads, `private$x %||% value`, a branch that returns
# - what the method itself sets anew before (`private$all <- list()`), or puts back
# - `<<-` to a variable of a function inside the method, `x$n <- ` of a local `x`
# Python half: none; its result is a part of each method of the class spec.

# What `fn` changes, as it is written: strings such as "private$n". In `about`, those of the attribute
# are variables that must be environments for it: `seen$n <- seen$n + 1` changes a local copy of a list.
# `members` are the functions that the code may use as `self$name` and `private$name`.
state_changes <- function(fn, members = list()) {
  walk <- walk_function(fn, members)
  changed <- unique(setdiff(walk$changed, walk$restored))
  structure(changed, environments = walk$environments[names(walk$environments) %in% changed])
}

# What `fn` surely sets anew, not from what was there.
state_set_anew <- function(fn, members = list()) {
  walk_function(fn, members)$fresh
}

walk_function <- function(fn, members) {
  walk <- list2env(list(
    members = members, # what can be walked into, by name
    open = character(), # those being walked
    scopes = list(), # the local variables of the function that is walked, and of those around it
    read = character(), # places whose values were read
    fresh = character(), # places that this code has set, so reading them is no reading of the past
    saved = list(), # place, by the local variable that keeps its value
    asks = FALSE, # is it the condition of an `if`?
    changed = character(), restored = character(), environments = list()
  ))
  walk_body(fn, walk)
  walk
}

# Walks a function as if it ran here.
walk_body <- function(fn, walk) {
  scopes <- walk$scopes
  exits <- walk$exits
  walk$scopes <- c(list(local_names(formals(fn), body(fn))), scopes)
  walk$exits <- list()
  walk_parts(formals(fn), walk)
  walk_code(body(fn), walk)
  for (exit in walk$exits) {
    walk_code(exit, walk)
  }
  walk$scopes <- scopes
  walk$exits <- exits
}

walk_parts <- function(parts, walk) {
  parts <- as.list(parts)
  for (i in seq_along(parts)) {
    if (!is_empty(parts[i])) {
      walk_code(parts[[i]], walk)
    }
  }
}

walk_code <- function(code, walk) {
  if (is.symbol(code)) {
    return(note_reading(as.character(code), walk))
  }
  if (!is.call(code)) {
    return(invisible())
  }
  head <- call_head(code)
  switch(head,
    `<-` = ,
    `=` = walk_assignment(code[[2L]], code[[3L]], FALSE, walk),
    `<<-` = walk_assignment(code[[2L]], code[[3L]], TRUE, walk),
    assign = walk_assign(code, walk),
    get = ,
    get0 = walk_get(code, walk),
    `if` = walk_if(code, walk),
    `for` = {
      walk_code(code[[3L]], walk)
      walk_maybe(code[[4L]], walk)
    },
    `while` = ,
    `repeat` = walk_maybe(as.call(c(quote(`{`), as.list(code)[-1L])), walk),
    `switch` = walk_switch(code, walk),
    `function` = walk_inner(as.function(c(code[[2L]], list(code[[3L]]))), walk),
    local = if (length(code) > 1L) walk_inner(as.function(list(code[[2L]])), walk),
    on.exit = walk$exits <- c(walk$exits, if (length(code) > 1L) code[[2L]]),
    quote = ,
    bquote = ,
    `~` = NULL,
    `$` = ,
    `@` = ,
    `[[` = walk_reading(code, walk),
    walk_call(code, head, walk)
  )
  invisible()
}

walk_call <- function(code, head, walk) {
  if (head == "self") {
    walk_member("call", walk)
  } else if (head == "(call)") {
    walk_code(code[[1L]], walk)
  }
  walk_parts(as.list(code)[-1L], walk)
}

walk_reading <- function(code, walk) {
  place <- place_of_code(code)
  if (place$whole) {
    return(note_reading(place$key, walk))
  }
  walk_parts(if (call_head(code) == "[[") as.list(code)[-1L] else code[[2L]], walk)
}

# Code that may not run: what it sets is not surely set.
walk_maybe <- function(code, walk) {
  fresh <- walk$fresh
  walk_code(code, walk)
  walk$fresh <- intersect(fresh, walk$fresh)
}

walk_switch <- function(code, walk) {
  parts <- as.list(code)[-1L]
  walk_parts(parts[1L], walk)
  for (i in seq_along(parts)[-1L]) {
    if (!is_empty(parts[i])) {
      walk_maybe(parts[[i]], walk)
    }
  }
}

walk_inner <- function(fn, walk) {
  fresh <- walk$fresh
  walk_body(fn, walk)
  walk$fresh <- intersect(fresh, walk$fresh)
}

# What the condition reads does not count: by it, code finds out whether it has been here.
walk_if <- function(code, walk, walk_branch = walk_code) {
  asks <- walk$asks
  walk$asks <- TRUE
  walk_code(code[[2L]], walk)
  walk$asks <- asks
  before <- list(read = walk$read, fresh = walk$fresh)
  ends <- lapply(list(code[[3L]], if (length(code) > 3L) code[[4L]]), function(branch) {
    list2env(before, walk)
    walk_branch(branch, walk)
    if (leaves(branch)) NULL else list(read = walk$read, fresh = walk$fresh)
  })
  ends <- drop_nulls(ends)
  walk$read <- unique(unlist(lapply(ends, `[[`, "read")))
  walk$fresh <- if (length(ends)) Reduce(intersect, lapply(ends, `[[`, "fresh")) else before$fresh
}

# Does the code end by leaving the function, or this turn of a loop?
leaves <- function(code) {
  if (call_head(code) == "{") {
    code <- code[[length(code)]]
  }
  call_head(code) %in% c("return", "stop", "next", "break", "abort")
}

# ---- reading ----

note_reading <- function(key, walk) {
  root <- place_root(key)
  name <- place_member(key)
  if (root %in% c("self", "private") && !is.null(walk$members[[name %||% ""]])) {
    return(walk_member(name, walk))
  }
  if (!walk$asks && !is_local(root, walk$scopes) && !is_covered(key, walk$fresh)) {
    walk$read <- unique(c(walk$read, key))
  }
  invisible()
}

walk_member <- function(name, walk) {
  fn <- walk$members[[name]]
  if (is.null(fn) || name %in% walk$open) {
    return(invisible())
  }
  outer <- list(open = walk$open, scopes = walk$scopes, saved = walk$saved)
  walk$open <- c(walk$open, name)
  walk$scopes <- list()
  walk_body(fn, walk)
  list2env(outer, walk)
  invisible()
}

walk_get <- function(code, walk) {
  key <- named_place(match_code(get0, code), walk)
  if (is.null(key)) walk_parts(as.list(code)[-1L], walk) else note_reading(key, walk)
}

# ---- assigning ----

walk_assignment <- function(target, value, is_outer, walk) {
  asks <- walk$asks
  walk$asks <- FALSE
  place <- place_of_code(target)
  walk_value(value, place, walk)
  lapply(place$indices, walk_code, walk)
  root <- place_root(place$key)
  if (!is_outer && place$key == root && place$whole) {
    walk$saved[[root]] <- local_copy(value)
  } else {
    scopes <- if (is_outer) walk$scopes[-1L] else walk$scopes
    is_state <- root %in% c("self", "private") || is_outer
    if (!is_local(root, scopes)) {
      note_change(place, value, if (!is_state) root, walk)
    }
  }
  walk$asks <- asks
}

walk_assign <- function(code, walk) {
  call <- match_code(assign, code)
  key <- named_place(call, walk)
  if (is.null(key) || is.null(call$value)) {
    return(walk_parts(as.list(code)[-1L], walk))
  }
  place <- list(key = key, whole = TRUE, indices = list())
  walk_value(call$value, place, walk)
  root <- place_root(key)
  is_state <- root %in% c("self", "private") || key == root
  note_change(place, call$value, if (!is_state) root, walk)
}

# The value of an assignment to `place`. What was there may come back unchanged: `x %||% value`.
walk_value <- function(value, place, walk) {
  head <- call_head(value)
  if (identical(place_of_code(value)$key, place$key) && place_of_code(value)$whole) {
    return(invisible())
  }
  if (head == "if") {
    return(walk_if(value, walk, function(branch, walk) walk_value(branch, place, walk)))
  }
  if (head == "%||%") {
    walk_value(value[[2L]], place, walk)
    return(walk_value(value[[3L]], place, walk))
  }
  if (head %in% c("{", "(") && length(value) > 1L) {
    walk_parts(as.list(value)[-c(1L, length(value))], walk)
    return(walk_value(value[[length(value)]], place, walk))
  }
  walk_code(value, walk)
}

note_change <- function(place, value, environment, walk) {
  key <- place$key
  root <- place_root(key)
  setter <- if (root %in% c("self", "private")) place_member(key)
  if (!is.null(setter) && !is.null(walk$members[[setter]])) {
    return(walk_member(setter, walk))
  }
  if (is.symbol(value) && identical(walk$saved[[as.character(value)]], key)) {
    walk$restored <- c(walk$restored, key)
  }
  if (is_covered(key, walk$fresh)) {
    return(invisible())
  }
  by_private <- any(vapply(place$indices, function(index) "private" %in% all.names(index), NA))
  if (by_private || is_drawn(value) || !is_constant(value) && is_touched(key, walk$read)) {
    walk$changed <- c(walk$changed, key)
    walk$environments[[key]] <- environment
  } else if (place$whole) {
    walk$fresh <- c(walk$fresh, key)
  }
  invisible()
}

# The place that a local variable has the value of.
local_copy <- function(value) {
  place <- place_of_code(value)
  if (place$whole && place$key != place_root(place$key)) place$key
}

is_constant <- function(value) {
  makers <- c(
    "c", "list", "numeric", "integer", "character", "logical", "double", "vector", "-", "(", "new.env",
    "matrix", "array", "data.frame", "rep", "dict", "tuple"
  )
  !is.symbol(value) && (!is.call(value) || all(all.names(value) %in% makers))
}

# Is the value another one at each call, whatever the arguments?
is_drawn <- function(value) {
  drawing <- c(
    "Sys.time", "proc.time", "date", "runif", "rnorm", "rbinom", "rpois", "rexp", "sample", "sample.int"
  )
  any(drawing %in% all.names(value))
}

# ---- names ----

# The place of `assign("n", envir = e)` and `get("n", envir = e)`; NULL for a local variable and for
# what only running the code would tell.
named_place <- function(call, walk) {
  env <- call$envir %||% call$pos
  if (!is_string(call$x) || is.null(env) || identical(env, quote(environment()))) {
    return(NULL)
  }
  place <- place_of_code(env)
  if (!place$whole || place$key %in% c(".GlobalEnv", "")) {
    call$x
  } else if (!is_local(place_root(place$key), walk$scopes)) {
    paste0(place$key, "$", call$x)
  }
}

match_code <- function(fn, code) {
  tryCatch(match.call(fn, code), error = function(e) list())
}

is_local <- function(name, scopes) {
  any(vapply(scopes, function(names) name %in% names, NA))
}

# The arguments of a function, and the variables that its code assigns outside of functions inside it.
local_names <- function(formals, code) {
  c(names(formals), locally_assigned(code))
}

locally_assigned <- function(code) {
  if (!is.call(code) || call_head(code) %in% c("function", "local", "quote", "~")) {
    return(character())
  }
  parts <- as.list(code)[-1L]
  own <- if (call_head(code) %in% c("<-", "=", "for") && is.symbol(parts[[1L]])) {
    as.character(parts[[1L]])
  }
  inner <- lapply(seq_along(parts), function(i) if (!is_empty(parts[i])) locally_assigned(parts[[i]]))
  c(own, unlist(inner))
}
