# Calls of plain R by compiled code: what its functions get, and what their errors say. The other half is
# plain_r/arrays.py.

# What a function of the user gets for an array: a vector for one dim and for one column, a factor for
# codes (from 0) of known levels.
plain_argument <- function(x, levels = NULL) {
  d <- dim(x)
  if (length(d) == 1L || (length(d) == 2L && d[[2L]] == 1L)) {
    dim(x) <- NULL
  }
  if (is.null(levels)) x else plain_factor(x, levels)
}

# An error if a function has the arguments `first` in another order: it gets them by their places.
refuse_order <- function(label, given, first) {
  places <- match(first, given)
  if (identical(places[[1L]], 2L) || identical(places[[2L]], 1L)) {
    stop(label, " is called with ", ticked(first), " in this order, and it has the arguments ",
      ticked(given), ": turn them.",
      call. = FALSE
    )
  }
}

plain_factor <- function(codes, levels) {
  if (!is.null(dim(codes))) { # one-hot
    return(codes)
  }
  numbers <- as.integer(codes) + 1L
  if (anyNA(numbers) || any(numbers < 1L | numbers > length(levels) | numbers - 1L != codes)) {
    stop("the target is not codes of the ", length(levels), " levels of its factor.", call. = FALSE)
  }
  structure(numbers, levels = levels, class = "factor")
}

# The codes of a factor, from 0, and its levels.
factor_parts <- function(x) {
  list(as.integer(x) - 1L, as.list(levels(x)))
}

# Calls `f` with a list of arguments; what it raises says for what it was called: `label` is "metric `auc`,
# batch 3". Conditions of a class of their own stay as they are. The call that R shows is one of `name`
# with the names of the arguments, not with their values.
plain_call <- function(f, arguments, label, name = "f") {
  call <- plain_code(names(arguments), length(arguments), name)
  values <- c(f, arguments)
  names(values) <- call$names
  env <- list2env(values, new.env(FALSE, baseenv(), length(values)))
  withCallingHandlers(eval(call$code, env), error = function(e) {
    named <- with_label(e, label)
    if (!is.null(named)) {
      stop(named)
    }
  })
}

# The call `name(y_true, y_pred, sample_weight = sample_weight)`, and the names in it. Making it takes
# longer than calling a short function, so each is made once.
plain_code <- function(given, count, name) {
  key <- paste(c(name, count, given), collapse = " ")
  plain_codes[[key]] %||% (plain_codes[[key]] <- new_plain_code(given %||% character(count), name))
}

plain_codes <- new.env(parent = emptyenv())

new_plain_code <- function(given, name) {
  places <- c("y_true", "y_pred", paste0("x", seq_along(given)))[seq_along(given)]
  places[nzchar(given)] <- given[nzchar(given)]
  code <- as.call(c(as.name(name), structure(lapply(places, as.name), names = given)))
  list(code = code, names = c(name, places))
}

# The error `e` with a message that begins with `label`; NULL if it has a class of its own.
with_label <- function(e, label) {
  if (is_plain_error(e)) {
    e$message <- paste0(label, ": ", conditionMessage(e))
    e
  }
}

# An error of stop("text") or of R itself, which has classes for some of its own.
is_plain_error <- function(e) {
  own <- c(
    "simpleError", "error", "condition", "getvarError", "missingArgError", "subscriptOutOfBoundsError",
    "stackOverflowError", "CStackOverflowError", "expressionStackOverflowError", "protectStackOverflowError"
  )
  all(class(e) %in% own)
}
