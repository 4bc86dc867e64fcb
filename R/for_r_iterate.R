# Iteration over Python objects: as_iterator(), iter_next(), iterate(), py_iterator(), as.list().
# The other half is for_r/iterate.py. Reading an iterator uses it up, as in Python; at its end
# iter_next() returns `completed`.

#' Go through a Python object
#'
#' `iterate()` calls a function on each item, `iter_next()` takes one from an iterator. Reading
#' uses an iterator up, as in Python.
#'
#' Items are R values, unless `x` or `it` was made with `convert = FALSE`, as by [tuple()]. What
#' Python cannot iterate over is a `python.builtin.TypeError`.
#'
#' @param x,it A Python object to iterate over; for `iter_next()` an iterator.
#' @param completed The value of `iter_next()` after the last item.
#' @param f A function of one item, or its name.
#' @param simplify TRUE gives a vector if all results are single values of one type.
#' @return `as_iterator()` an iterator, `iter_next()` an item, `iterate()` a list or vector of
#'   results.
#' @examples
#' \dontrun{
#' numbers <- import_builtins()$range(3L)
#' iterate(numbers, function(n) n^2)
#' it <- as_iterator(numbers)
#' while (!is.null(n <- iter_next(it))) print(n)
#' }
as_iterator <- function(x) {
  for_r_of(x)$as_iterator(x)
}

#' @rdname as_iterator
iter_next <- function(it, completed = NULL) {
  value <- for_r_of(it)$next_or_done(it)
  if (is_done(value)) completed else value
}

is_done <- function(value) {
  inherits(value, "pyclass_bridge.for_r.iterate.Done")
}

#' @rdname as_iterator
iterate <- function(it, f = base::identity, simplify = TRUE) {
  f <- match.fun(f)
  it <- as_iterator(it)
  next_or_done <- for_r_of(it)$next_or_done
  results <- list()
  repeat {
    value <- next_or_done(it)
    if (is_done(value)) {
      break
    }
    # list() keeps a NULL result as an element.
    results[length(results) + 1L] <- list(f(value))
  }
  if (simplify) simplify_results(results) else results
}

# A vector, if every result is one plain value of the same type.
simplify_results <- function(results) {
  plain <- function(x) is.atomic(x) && length(x) == 1L && is.null(attributes(x))
  if (!length(results) || !all(vapply(results, plain, logical(1L)))) {
    return(results)
  }
  types <- unique(vapply(results, typeof, ""))
  numbers <- all(types %in% c("integer", "double"))
  if (length(types) == 1L || numbers) unlist(results) else results
}

#' Make a Python iterator from a function
#'
#' Python calls `fn` for each item, until its result is identical to `completed`. Anything but a
#' function without arguments, and a negative `prefetch`, is an error.
#'
#' @param fn A function without arguments.
#' @param completed The result that ends the iteration.
#' @param prefetch A whole number: how many items are made ahead of the one asked for.
#' @return A Python iterator.
#' @examples
#' \dontrun{
#' n <- 3
#' countdown <- py_iterator(function() {
#'   n <<- n - 1
#'   if (n >= 0) n
#' })
#' import_builtins()$list(countdown)
#' }
py_iterator <- function(fn, completed = NULL, prefetch = 0L) {
  if (!is.function(fn) || length(formals(fn))) {
    stop(
      "py_iterator(): `fn` is a function without arguments",
      if (is.function(fn)) paste0(", and yours has ", ticked(names(formals(fn)))), ".",
      call. = FALSE
    )
  }
  done <- for_r_proxies$DONE
  step <- function() {
    value <- fn()
    if (identical(value, completed)) done else value
  }
  for_r$iterator_from(step, prefetch)
}

as.list.python.builtin.object <- function(x, ...) {
  if (!for_r$is_mapping(x)) {
    return(iterate(x, simplify = FALSE))
  }
  values <- iterate(for_r_of(x)$mapping_values(x), simplify = FALSE)
  names(values) <- as_strings(for_r$mapping_keys(x))
  values
}
