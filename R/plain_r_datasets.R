# Steps of a dataset that call R functions for each element, with R values: dataset_map() and others
# with `eager = TRUE`. The other half is plain_r/datasets.py.

#' Call an R function for each element of a dataset
#'
#' With `eager = FALSE` an R function is traced, as TensorFlow's own steps are: it is called once, with
#' tensors. With `eager = TRUE` it is called for each element, with R values, and may be any R code.
#'
#' An element of dims `()` is a number, one of `(k)` a vector, others a matrix or array with the same
#' `[i, j]`; text is text. Elements that are tuples are several arguments, those with names one named
#' list. The result is a value, a list of several, a named list, or a data frame, whose columns are the
#' values of a named list; one row gives a number for each column. Doubles stay doubles (dtype
#' `float64`, which Keras makes its own floats of), integers are `int32`, factors are their labels. A
#' vector of length 1 is a number, unless it has dims or stands for a batch of one row.
#'
#' The function runs for the first element when the step is made, once, since types and dims of all
#' results are those of the first result. The first dim is unknown if the elements are batches; other
#' dims are known, as layer_dense() asks, unless they are unknown in elements of as many dims. Another
#' type, other dims, NA and an error in R end the pass over the dataset by one error, which names the
#' function and the number of the element in this pass, and is R's own condition; a new pass begins
#' anew. R runs for one element at a time, in their order; `num_parallel_calls` says how many results are
#' made ahead, on another thread. `op_*()` functions compute at once on R values, and their tensors may
#' be results.
#'
#' @param dataset A dataset.
#' @param map_func,predicate A function or formula. The result of `predicate` is TRUE or FALSE.
#' @param num_parallel_calls A whole number, or NULL.
#' @param eager TRUE: the function is plain R. dataset_flat_map() and dataset_interleave(), whose
#'   functions make datasets, take FALSE only.
#' @return A dataset.
#' @examples
#' \dontrun{
#' data <- tensor_slices_dataset(list(x, y)) |>
#'   dataset_map(function(x, y) list(x / quantile(x, 0.9), y), eager = TRUE) |>
#'   dataset_batch(32)
#' fit(model, data)
#' }
dataset_map <- function(dataset, map_func, num_parallel_calls = NULL, eager = FALSE) {
  map_by("dataset_map", dataset, map_func, substitute(map_func), num_parallel_calls, eager)
}

#' @rdname dataset_map
dataset_filter <- function(dataset, predicate, eager = FALSE) {
  keep_by("dataset_filter", "filter", dataset, predicate, substitute(predicate), eager)
}

dataset_take_while <- function(dataset, predicate, name = NULL, eager = FALSE) {
  keep_by("dataset_take_while", "take_while", dataset, predicate, substitute(predicate), eager, name)
}

dataset_map_and_batch <- function(dataset, map_func, batch_size, num_parallel_batches = NULL,
                                  drop_remainder = FALSE, num_parallel_calls = NULL,
                                  eager = FALSE) {
  name <- "dataset_map_and_batch"
  mapped <- map_by(name, dataset, map_func, substitute(map_func), num_parallel_calls, eager)
  batch_dataset(name, mapped, batch_size, num_parallel_batches, drop_remainder)
}

dataset_flat_map <- function(dataset, map_func, eager = FALSE) {
  refuse_eager("dataset_flat_map", eager)
  call_dataset("dataset_flat_map", "flat_map", list(dataset = dataset, map_func = map_func))
}

dataset_interleave <- function(dataset, map_func, cycle_length = NULL, block_length = 1,
                               num_parallel_calls = NULL, deterministic = NULL, name = NULL,
                               eager = FALSE) {
  refuse_eager("dataset_interleave", eager)
  call_dataset("dataset_interleave", "interleave", list(
    dataset = dataset, map_func = map_func, cycle_length = cycle_length,
    block_length = block_length, num_parallel_calls = num_parallel_calls,
    deterministic = deterministic, name = name
  ))
}

map_by <- function(name, dataset, map_func, code, parallel, eager) {
  if (!is_eager(name, eager)) {
    return(call_dataset(name, "map", list(
      dataset = dataset, map_func = map_func, num_parallel_calls = parallel
    )))
  }
  f <- step_function(name, dataset, map_func, "map_func")
  label <- plain_label(code)
  step <- plain_step(f, paste0(name, "(): ", label))
  plain_datasets()$mapped(name, label, dataset, step, parallel)
}

keep_by <- function(name, method, dataset, predicate, code, eager, step_name = NULL) {
  if (!is_eager(name, eager)) {
    return(call_dataset(name, method, list(
      dataset = dataset, predicate = predicate, name = step_name
    )))
  }
  f <- step_function(name, dataset, predicate, "predicate")
  label <- plain_label(code)
  step <- plain_step(predicate_of(f), paste0(name, "(): ", label))
  plain_datasets()$kept(name, label, dataset, step, method)
}

predicate_of <- function(f) {
  force(f)
  function(...) {
    value <- f(...)
    if (!isTRUE(value) && !isFALSE(value)) {
      stop("a predicate gives TRUE or FALSE, not ", describe_value(value), ".", call. = FALSE)
    }
    isTRUE(value)
  }
}

plain_datasets <- function() import("pyclass_bridge.plain_r.datasets")

is_eager <- function(name, eager) {
  if (!isTRUE(eager) && !isFALSE(eager)) {
    stop(name, "(): `eager` is TRUE or FALSE, not ", describe_value(eager), ".", call. = FALSE)
  }
  eager
}

refuse_eager <- function(name, eager) {
  if (is_eager(name, eager)) {
    stop(
      name, "(): a function that makes datasets is traced; put the R code into a ",
      "dataset_map(eager = TRUE) before or after it.",
      call. = FALSE
    )
  }
}

step_function <- function(name, dataset, f, argument) {
  check_dataset(dataset, name)
  if (inherits(f, "formula")) {
    formula_function(f)
  } else if (is.function(f)) {
    f
  } else {
    stop(name, "(): `", argument, "` is a function, not ", describe_value(f), ".", call. = FALSE)
  }
}

# How an error names the function that was given by this code.
plain_label <- function(code) {
  if (is.symbol(code)) ticked(as.character(code)) else "the function"
}

# ---- one call ----------------------------------------------------------------------------------

# The function that Python calls with the number of an element and its parts. It gives the places of
# the values in the result of `f`, their types, and the values as arrays; the first time also which are
# single numbers, and the form of the result. Results like the first, as most are, are only arrays.
plain_step <- function(f, where) {
  force(f)
  force(where) # its frame has the dataset
  known <- NULL
  function(number, first, ...) {
    here <- function() paste0(where, ", element ", number)
    result <- withCallingHandlers(f(...), error = function(e) stop(error_at(e, here())))
    if (is_plain_like(result, known)) {
      return(if (is.null(dim(result))) array(result) else result)
    }
    values <- result_values(result)
    kinds <- result_kinds(values, here)
    arrays <- lapply(unname(values), result_array)
    if (first) {
      known <<- kinds
      is_number <- lapply(unname(values), is_single)
      return(list(
        as.list(names(kinds)), as.list(unname(kinds)), arrays, is_number, result_form(result)
      ))
    }
    alike <- identical(kinds, known) && !"python" %in% kinds
    if (alike) arrays else list(as.list(names(kinds)), as.list(unname(kinds)), arrays)
  }
}

# Is `x` numbers or text without NA, and of the type of the first result, which was one value?
is_plain_like <- function(x, known) {
  length(known) == 1L && typeof(x) == known && names(known) == "" && !anyNA(x) &&
    (is.null(attributes(x)) || identical(names(attributes(x)), "dim"))
}

# The condition of an error in the user's function, whose message says where it was. An exception of
# Python and a condition that is no list stay as they are.
error_at <- function(condition, where) {
  if (is.list(condition) && is_string(condition$message)) {
    condition$message <- paste0(where, ": ", condition$message)
  }
  condition
}

is_result_list <- function(x) is.data.frame(x) || is.list(x) && !is.object(x)

# The values of a result, named by their places in it: "" for the result itself, `$x`, `[[2]]$y`.
result_values <- function(x, place = "") {
  if (!is_result_list(x)) {
    return(structure(list(x), names = place))
  }
  parts <- if (is.null(names(x))) paste0("[[", seq_along(x), "]]") else paste0("$", names(x))
  values <- lapply(seq_along(x), function(i) result_values(x[[i]], paste0(place, parts[[i]])))
  as.list(unlist(values, recursive = FALSE))
}

# The form of a result as Python's tuples and dicts, with a number for each value, from 0.
result_form <- function(x) {
  n <- -1L
  number <- function(x) {
    if (is_result_list(x)) dataset_structure(lapply(x, number)) else n <<- n + 1L
  }
  number(x)
}

is_single <- function(x) is.atomic(x) && length(x) == 1L && is.null(dim(x))

# The types of the values, by their places.
result_kinds <- function(values, here) {
  if (!length(values)) {
    stop(here(), ": the result has no values.", call. = FALSE)
  }
  kinds <- character(length(values))
  for (i in seq_along(values)) {
    kinds[[i]] <- result_kind(values[[i]], names(values)[[i]], here)
  }
  structure(kinds, names = names(values))
}

# R's type of a value, "python" for a Python object. What no dataset holds is an error.
result_kind <- function(x, place, here) {
  if (is_py_object(x)) {
    return("python")
  }
  numbers <- is.atomic(x) && !is.null(x) &&
    (!is.object(x) || is.factor(x) || are_numbers(x))
  if (!numbers) {
    stop(
      here(), ": the result", place, " is ", describe_value(x), ", but a dataset holds numbers, ",
      "TRUE and FALSE, and text; convert it, as by as.numeric() or as.character().",
      call. = FALSE
    )
  }
  if (anyNA(x) && length(na_places(x))) {
    stop(
      here(), ": the result", place, described_na(na_places(x), x), ", and a dataset has no NA; ",
      "replace it", if (is.double(x)) ", as by NaN, or" else ", or", " leave such elements out by ",
      "dataset_filter().",
      call. = FALSE
    )
  }
  if (is.factor(x)) "character" else typeof(x)
}

# A value as an array, so that Python gets its dims.
result_array <- function(x) {
  if (is_py_object(x)) {
    return(x)
  }
  x <- if (is.factor(x)) as.character(x) else unclass(x)
  if (is.null(dim(x))) dim(x) <- length(x) else dimnames(x) <- NULL
  x
}
