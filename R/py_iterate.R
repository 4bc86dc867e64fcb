# Iteration over Python objects: as_iterator(), iter_next(), iterate(), py_iterator(), as.list().
# An iterator is used up by reading it, as in Python; its end is no value but `completed`.

as_iterator <- function(x) {
  bridge_of(x)$as_iterator(x)
}

iter_next <- function(it, completed = NULL) {
  value <- bridge_of(it)$next_or_done(it)
  if (is_done(value)) completed else value
}

is_done <- function(value) {
  inherits(value, "pyclass_bridge.r_side_items.Done")
}

iterate <- function(it, f = base::identity, simplify = TRUE) {
  f <- match.fun(f)
  it <- as_iterator(it)
  next_or_done <- bridge_of(it)$next_or_done
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

# A Python iterator over the results of fn(), up to the one that is identical to `completed`.
py_iterator <- function(fn, completed = NULL, prefetch = 0L) {
  if (!is.function(fn)) {
    stop("py_iterator(): `fn` is a function without arguments.", call. = FALSE)
  }
  done <- bridge_raw$DONE
  step <- function() {
    value <- fn()
    if (identical(value, completed)) done else value
  }
  bridge_raw$iterator_from(step, prefetch)
}

as.list.python.builtin.object <- function(x, ...) {
  if (!bridge$is_mapping(x)) {
    return(iterate(x, simplify = FALSE))
  }
  values <- iterate(bridge_of(x)$mapping_values(x), simplify = FALSE)
  names(values) <- as_strings(bridge$mapping_keys(x))
  values
}
