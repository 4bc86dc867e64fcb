# The functions of the R package tfdatasets, which its stand-in exports: steps of a dataset of
# TensorFlow, and what makes one. The other half is surface/tfdatasets.py. Nothing here imports
# TensorFlow before a function is called.

#' Datasets of TensorFlow
#'
#' `library(tfdatasets)` gives the functions of this package, where it is not installed: those that
#' make a dataset (`tensor_slices_dataset()`, `range_dataset()`, `text_line_dataset()`, ...), those
#' that make one from another (`dataset_map()`, `dataset_batch()`, `dataset_shuffle()`, ...), and
#' iterators. All take the arguments that they have in tfdatasets, and whole numbers as doubles.
#'
#' In a dataset an R list is a tuple, a named list or data frame a dict of columns; a matrix has a
#' row in each element. An R function of `dataset_map()` and its like is traced: it is called once,
#' with tensors, and its operations on them run for each element. A formula such as `~ .x / 255` is
#' a function of one or two arguments.
#'
#' A number that is not whole where one must be, and a first argument that is no dataset, are
#' errors. Feature columns (`feature_spec()`, `step_*()`) and the iterators of TensorFlow 1 are an
#' error that says what to use.
#'
#' @format Functions by name, each with the method of tf.data that it calls and its arguments.
#' @return A dataset, which [fit()] takes.
#' @examples
#' \dontrun{
#' library(tfdatasets)
#' data <- tensor_slices_dataset(list(x, y)) %>%
#'   dataset_shuffle(100) %>%
#'   dataset_map(function(x, y) list(x / 255, y)) %>%
#'   dataset_batch(32)
#' fit(model, data)
#' }
#' @name tfdatasets
dataset_functions <- c(
  choose_from_datasets = "Dataset.choose_from_datasets(datasets, choice_dataset,
    stop_on_empty_dataset = TRUE)",
  dataset_batch = "batch(dataset, batch_size, drop_remainder = FALSE, num_parallel_calls = NULL,
    deterministic = NULL, name = NULL)",
  dataset_bucket_by_sequence_length = "bucket_by_sequence_length(dataset, element_length_func,
    bucket_boundaries, bucket_batch_sizes, padded_shapes = NULL, padding_values = NULL,
    pad_to_bucket_boundary = FALSE, no_padding = FALSE, drop_remainder = FALSE, name = NULL)",
  dataset_cache = "cache(dataset, filename = NULL)",
  dataset_enumerate = "enumerate(dataset, start = 0L)",
  dataset_group_by_window = "group_by_window(dataset, key_func, reduce_func, window_size = NULL,
    window_size_func = NULL, name = NULL)",
  dataset_padded_batch = "padded_batch(dataset, batch_size, padded_shapes = NULL,
    padding_values = NULL, drop_remainder = FALSE, name = NULL)",
  dataset_prefetch = "prefetch(dataset, buffer_size = tf$data$AUTOTUNE)",
  dataset_rebatch = "rebatch(dataset, batch_size, drop_remainder = FALSE, name = NULL)",
  dataset_reduce = "reduce(dataset, initial_state, reduce_func)",
  dataset_rejection_resample = "rejection_resample(dataset, class_func, target_dist,
    initial_dist = NULL, seed = NULL, name = NULL)",
  dataset_repeat = "repeat(dataset, count = NULL)",
  dataset_scan = "scan(dataset, initial_state, scan_func)",
  dataset_shard = "shard(dataset, num_shards, index)",
  dataset_shuffle = "shuffle(dataset, buffer_size, seed = NULL, reshuffle_each_iteration = NULL)",
  dataset_skip = "skip(dataset, count)",
  dataset_snapshot = "snapshot(dataset, path, compression = c('AUTO', 'GZIP', 'SNAPPY', 'None'),
    reader_func = NULL, shard_func = NULL)",
  dataset_take = "take(dataset, count)",
  dataset_unbatch = "unbatch(dataset, name = NULL)",
  dataset_unique = "unique(dataset, name = NULL)",
  dataset_window = "window(dataset, size, shift = NULL, stride = 1, drop_remainder = FALSE)",
  file_list_dataset = "Dataset.list_files(file_pattern, shuffle = NULL, seed = NULL)",
  fixed_length_record_dataset = "FixedLengthRecordDataset(filenames, record_bytes,
    header_bytes = NULL, footer_bytes = NULL, buffer_size = NULL)",
  make_csv_dataset = "experimental.make_csv_dataset(file_pattern, batch_size, column_names = NULL,
    column_defaults = NULL, label_name = NULL, select_columns = NULL, field_delim = ',',
    use_quote_delim = TRUE, na_value = '', header = TRUE, num_epochs = NULL, shuffle = TRUE,
    shuffle_buffer_size = 10000, shuffle_seed = NULL, prefetch_buffer_size = 1,
    num_parallel_reads = 1, num_parallel_parser_calls = 2, sloppy = FALSE,
    num_rows_for_inference = 100)",
  random_integer_dataset = "Dataset.random(seed = NULL)",
  sample_from_datasets = "Dataset.sample_from_datasets(datasets, weights = NULL, seed = NULL,
    stop_on_empty_dataset = TRUE)",
  tensor_slices_dataset = "Dataset.from_tensor_slices(tensors)",
  tensors_dataset = "Dataset.from_tensors(tensors)",
  tfrecord_dataset = "TFRecordDataset(filenames, compression_type = NULL, buffer_size = NULL,
    num_parallel_reads = NULL)"
)

# Functions that are written out, here and in the other files of tfdatasets.
dataset_own <- c(
  "as_array_iterator", "as_tf_dataset", "contains", "csv_record_spec", "dataset_collect",
  "dataset_concatenate", "dataset_decode_delim", "dataset_filter", "dataset_flat_map",
  "dataset_interleave", "dataset_map", "dataset_map_and_batch", "dataset_options",
  "dataset_prefetch_to_device", "dataset_prepare", "dataset_shuffle_and_repeat",
  "dataset_take_while",
  "delim_record_spec", "ends_with", "everything", "iterator_get_next", "layer_input_from_dataset",
  "make_iterator_one_shot", "matches", "next_batch", "num_range", "one_of", "out_of_range_handler",
  "output_shapes", "output_types", "range_dataset", "read_files",
  "sparse_tensor_slices_dataset", "sql_dataset", "sql_record_spec", "sqlite_dataset",
  "starts_with", "text_line_dataset", "tsv_record_spec", "until_out_of_range", "with_dataset",
  "zip_datasets"
)

# All that the stand-in of tfdatasets exports beyond this namespace, by name.
tfdatasets_exports <- function() {
  c(
    lapply_names(dataset_functions, dataset_function),
    mget(dataset_own, envir = topenv()),
    refused_functions(dataset_refused),
    tensorflow_exports()[c("as_tensor", "install_tensorflow")]
  )
}

dataset_function <- function(name) {
  row <- regmatches(
    dataset_functions[[name]], regexec("^([^(]+)\\((.*)\\)$", dataset_functions[[name]])
  )[[1L]]
  fn <- new_function(row[[3L]], NULL, topenv())
  keys <- names(formals(fn))
  values <- as.call(c(quote(list), structure(lapply(keys, as.name), names = keys)))
  body(fn) <- bquote(call_dataset(.(name), .(row[[2L]]), .(values)))
  fn
}

tfdatasets_module <- function() import("pyclass_bridge.surface.tfdatasets")

# Calls `method` for the function `name` with these arguments; of a dataset if that is the first.
call_dataset <- function(name, method, given) {
  dataset <- given[["dataset"]]
  if (names(given)[[1L]] == "dataset") {
    check_dataset(dataset, name)
    given <- given[-1L]
  }
  for (key in intersect(names(given), c("filenames", "file_pattern", "filename", "path"))) {
    given[key] <- list(file_paths(given[[key]]))
  }
  if ("compression" %in% names(given)) {
    given$compression <- match.arg(given$compression, c("AUTO", "GZIP", "SNAPPY", "None"))
  }
  if ("tensors" %in% names(given)) {
    check_na(given$tensors, name, "tensors")
  }
  slices <- method == "Dataset.from_tensor_slices"
  given <- lapply(given, dataset_value, slices = slices)
  tfdatasets_module()$call(name, method, dataset, as_dict(given))
}

check_dataset <- function(x, fun, argument = "dataset") {
  if (!is_dataset(x)) {
    stop(
      fun, "(): `", argument, "` must be a dataset, as tensor_slices_dataset() makes one, not ",
      describe_value(x), ".",
      call. = FALSE
    )
  }
}

dataset_class <- "tensorflow.python.data.ops.dataset_ops.DatasetV2"

is_dataset <- function(x) inherits(x, dataset_class)

file_paths <- function(x) if (is.character(x)) path.expand(as.vector(x)) else x

# ---- values ------------------------------------------------------------------------------------

# `x` as tf.data takes it: lists are tuples and dicts, a factor is its labels. In slices a vector
# has an element for each of its values, also if it has only one.
dataset_value <- function(x, slices = FALSE) {
  if (is_py_object(x)) {
    x
  } else if (is.function(x) || inherits(x, "formula")) {
    traced_function(x)
  } else if (is.factor(x)) {
    dataset_value(as.character(x), slices)
  } else if (inherits(x, "keras_shape")) {
    r_to_py(x)
  } else if (is.data.frame(x) || (is.list(x) && !is.object(x))) {
    dataset_structure(lapply(x, dataset_value, slices = slices))
  } else if (slices && is.atomic(x) && length(x) == 1L && is.null(dim(x))) {
    as.list(x)
  } else {
    x
  }
}

# NA is a warning in doubles, where it becomes NaN, and an error in what has no such value.
check_na <- function(x, fun, label) {
  if (is.list(x)) {
    parts <- ifelse(has_name(x), paste0("$", names(x)), paste0("[[", seq_along(x), "]]"))
    for (i in seq_along(x)) {
      check_na(x[[i]], fun, paste0(label, parts[[i]]))
    }
  } else if (is.atomic(x) && anyNA(x)) {
    lost <- which(if (is.double(x)) is.na(x) & !is.nan(x) else is.na(x))
    row <- if (is.null(dim(x))) lost[1L] else arrayInd(lost[1L], dim(x))[[1L]]
    text <- paste0(
      fun, "(): `", label, "` holds NA ", counted(length(lost), "time"), ", first in row ", row
    )
    if (!is.double(x)) {
      stop(text, ", and TensorFlow has no NA: leave such rows out or replace it.", call. = FALSE)
    } else if (length(lost)) {
      warning(text, ", which becomes NaN.", call. = FALSE)
    }
  }
}

dataset_structure <- function(values) {
  if (!is.null(names(values))) {
    py_dict(names(values), values)
  } else {
    for_r_proxies$make_tuple(values)
  }
}

# A function for TensorFlow that calls `f` with tensors and gives its result as tf.data takes it.
traced_function <- function(f) {
  if (inherits(f, "formula")) {
    f <- formula_function(f)
  }
  function(...) dataset_value(f(...))
}

# `~ .x + .y` as a function, as rlang makes it.
formula_function <- function(formula) {
  arguments <- alist(... = , .x = ..1, .y = ..2, . = ..1)
  as.function(c(arguments, formula[[length(formula)]]), envir = environment(formula))
}

# ---- datasets ----------------------------------------------------------------------------------

range_dataset <- function(from = 0, to = 0, by = 1, ..., dtype = tf$int64) {
  tfdatasets_module()$range_dataset(from, to, by, dtype)
}

sparse_tensor_slices_dataset <- function(sparse_tensor) {
  slices_dataset("sparse_tensor_slices_dataset", sparse_tensor)
}

slices_dataset <- function(name, tensors) {
  call_dataset(name, "Dataset.from_tensor_slices", list(tensors = tensors))
}

zip_datasets <- function(...) {
  tfdatasets_module()$zipped(dataset_value(dynamic_dots(...)))
}

dataset_concatenate <- function(dataset, ...) {
  check_dataset(dataset, "dataset_concatenate")
  for (other in list(...)) {
    check_dataset(other, "dataset_concatenate", "...")
    dataset <- dataset$concatenate(other)
  }
  dataset
}

dataset_shuffle_and_repeat <- function(dataset, buffer_size, count = NULL, seed = NULL) {
  name <- "dataset_shuffle_and_repeat"
  given <- list(dataset = dataset, buffer_size = buffer_size, seed = seed)
  call_dataset(name, "repeat", list(dataset = call_dataset(name, "shuffle", given), count = count))
}

batch_dataset <- function(name, dataset, batch_size, num_parallel_batches, drop_remainder) {
  call_dataset(name, "batch", list(
    dataset = dataset, batch_size = batch_size, num_parallel_calls = num_parallel_batches,
    drop_remainder = drop_remainder
  ))
}

dataset_prefetch_to_device <- function(dataset, device, buffer_size = NULL) {
  check_dataset(dataset, "dataset_prefetch_to_device")
  tfdatasets_module()$to_device(dataset, device, buffer_size)
}

dataset_options <- function(dataset, ...) {
  check_dataset(dataset, "dataset_options")
  given <- dynamic_dots(...)
  if (!length(given)) {
    return(dataset$options())
  }
  if (length(given) == 1L && is_py_object(given[[1L]])) {
    return(dataset$with_options(given[[1L]]))
  }
  if (length(given) == 1L && is.list(given[[1L]])) {
    given <- given[[1L]]
  }
  tfdatasets_module()$with_options(dataset, as_dict(given))
}

# ---- what a dataset is -------------------------------------------------------------------------

as_tf_dataset <- function(dataset) {
  if (is_dataset(dataset)) dataset else slices_dataset("as_tf_dataset", dataset)
}

output_types <- function(object) {
  check_dataset(object, "output_types", "object")
  tfdatasets_module()$types_of(object)
}

output_shapes <- function(object) {
  check_dataset(object, "output_shapes", "object")
  tfdatasets_module()$shapes_of(object)
}

# Inf if it never ends, NA if TensorFlow does not know it beforehand.
length.tensorflow.python.data.ops.dataset_ops.DatasetV2 <- function(x) {
  tfdatasets_module()$length(x) %||% NA_real_
}

# The one element of a dataset, such as a batch of all.
as_tensor.tensorflow.python.data.ops.dataset_ops.DatasetV2 <- function(x, dtype = NULL, ...,
                                                                       name = NULL) {
  element <- x$get_single_element(name)
  if (is.null(dtype)) element else as_tensor.default(element, dtype, ...)
}

as.array.tensorflow.python.data.ops.dataset_ops.DatasetV2 <- function(x, ...) {
  as.array(x$get_single_element())
}

layer_input_from_dataset <- function(dataset) {
  keras_module("surface.tfdatasets")$inputs_for(as_tf_dataset(dataset))
}
