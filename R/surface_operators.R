# The operators `%>%`, `%<>%` and `%<-%`, which scripts for Keras use, without other packages. They
# have no other half in Python. A pipe evaluates its left operand first, and once; in the step to
# the right, `.` is its value.

#' Pipe a value through functions
#'
#' `x %>% f(y)` is `f(x, y)`; if an argument is a dot, `x` takes its place instead. A step may also
#' be a name, code in braces, or a function in parentheses. `x %<>% f()` assigns the result of the
#' whole pipe back to `x`. A pipe that starts with a dot is a function of one value. On the right, a
#' `function` without parentheses round it is an error.
#'
#' @param lhs A value; for `%<>%` anything that can be assigned to.
#' @param rhs A call, a name, or code with a dot.
#' @return The value of the last step.
#' @examples
#' \dontrun{
#' c(1, 4) %>% sqrt() %>% sum()
#' x <- 1:3
#' x %<>% rev()
#' }
#' @rdname pipe
`%>%` <- function(lhs, rhs) {
  env <- parent.frame()
  pipe <- pipe_steps(sys.call())
  if (identical(pipe$start, quote(.))) {
    return(function(value) run_pipe(value, pipe$steps, env))
  }
  value <- eval(pipe$start, env)
  if (pipe$assign) {
    value <- run_pipe(value, pipe$steps, env)
    assign_back(pipe$start, value, env)
    invisible(value)
  } else {
    run_pipe(value, pipe$steps, env)
  }
}

#' @rdname pipe
`%<>%` <- `%>%`

# list(start, steps, assign): the operators associate to the left, so the first is innermost.
pipe_steps <- function(call) {
  steps <- list()
  assign <- FALSE
  while (is_pipe(call)) {
    steps <- c(list(call[[3L]]), steps)
    assign <- identical(call[[1L]], quote(`%<>%`))
    call <- call[[2L]]
  }
  list(start = call, steps = steps, assign = assign)
}

is_pipe <- function(code) {
  is.call(code) && (identical(code[[1L]], quote(`%>%`)) || identical(code[[1L]], quote(`%<>%`)))
}

run_pipe <- function(value, steps, env) {
  scope <- new.env(parent = env)
  for (step in steps[-length(steps)]) {
    scope$. <- value
    value <- eval(step_call(step), scope)
    # Each step has its own environment, so a function made in one step still finds its `.` later.
    scope <- new.env(parent = env)
  }
  scope$. <- value
  eval(step_call(steps[[length(steps)]]), scope)
}

step_call <- function(step) {
  accessors <- c("$", "::", ":::", "(", "@")
  operator <- if (is.call(step) && is.symbol(step[[1L]])) as.character(step[[1L]]) else ""
  if (operator == "{") {
    step
  } else if (!is.call(step) || operator %in% accessors) {
    as.call(list(step, quote(.)))
  } else if (operator == "function") {
    stop(
      "A function on the right of a pipe needs parentheses: `x %>% (function(x) ...)`.",
      call. = FALSE
    )
  } else if (any(vapply(as.list(step)[-1L], identical, NA, quote(.)))) {
    step
  } else {
    as.call(c(step[[1L]], quote(.), as.list(step)[-1L]))
  }
}

# The target is code such as `self$wait`, for which `<-` calls R's replacement functions.
assign_back <- function(target, value, env) {
  eval(call("<-", target, call("quote", value)), env)
}

#' Assign several names at once
#'
#' `c(a, b) %<-% list(1, 2)` assigns the parts of the right side, in order. Names can be nested
#' (`c(a, c(b, d))`), `...rest` takes the remaining parts, `b = 3` is a default for a missing part,
#' `.` skips a part, and `x$a` or `x[[1]]` are assigned as by `<-`. More or fewer parts than names
#' are an error.
#'
#' @param x Names within `c()`, or one name.
#' @param value A list, a vector, or a Python iterable.
#' @return `value`, invisibly.
#' @examples
#' \dontrun{
#' c(x, c(y, ...rest)) %<-% list(1, list(2, 3, 4))
#' }
`%<-%` <- function(x, value) {
  assign_parts(substitute(x), value, parent.frame())
  invisible(value)
}

assign_words <- list(label = "`%<-%`", rest = " A last name `...rest` takes the remaining ones.")

assign_parts <- function(target, value, env) {
  if (is_unpacking(target)) {
    unpack_parts(as.list(target)[-(1:2)], value, env)
  } else if (is.call(target) && identical(target[[1L]], quote(c))) {
    targets <- as.list(target)[-1L]
    parts <- match_parts(targets, unname(value_parts(value)), assign_words)
    for (i in seq_along(targets)) {
      default <- has_name(targets)[[i]]
      name <- if (default) as.name(names(targets)[[i]]) else targets[[i]]
      part <- if (is.null(parts[[i]]) && default) eval(targets[[i]], env) else parts[[i]][[1L]]
      assign_parts(rest_name(name), part, env)
    }
  } else if (!identical(target, quote(.))) {
    assign_back(target, value, env)
  }
}

# For each target list(part), or NULL if its default is to be assigned. `words` are those of errors.
match_parts <- function(targets, parts, words) {
  n <- length(targets)
  rest <- which(vapply(targets, is_rest, NA))
  optional <- sum(has_name(targets))
  if (length(rest) > 1L) {
    stop(words$label, ": only one place may take the remaining parts.", call. = FALSE)
  }
  least <- n - length(rest) - optional
  most <- if (length(rest)) Inf else n
  if (length(parts) < least || length(parts) > most) {
    stop(
      words$label, ": ", counted(n - length(rest), "name"), ", but ",
      counted(length(parts), "value"), " to assign.", if (length(parts) > most) words$rest,
      call. = FALSE
    )
  }
  if (length(rest)) {
    after <- n - rest
    taken <- seq_len(max(length(parts) - (rest - 1L) - after, 0L)) + rest - 1L
    head <- lapply(parts[seq_len(rest - 1L)], list)
    tail <- lapply(parts[length(parts) - after + seq_len(after)], list)
    return(c(head, list(list(parts[taken])), tail))
  }
  c(lapply(parts, list), rep(list(NULL), n - length(parts)))
}

is_rest <- function(target) {
  is.symbol(target) && startsWith(as.character(target), "...")
}

# `...rest` is assigned as `rest`; `...` alone is dropped.
rest_name <- function(target) {
  if (!is_rest(target)) {
    return(target)
  }
  name <- substring(as.character(target), 4L)
  if (nzchar(name)) as.name(name) else quote(.)
}

value_parts <- function(value) {
  if (is.numeric_version(value)) as.list(unlist(value)) else as.list(value)
}
