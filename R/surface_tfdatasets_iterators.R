# Iterators of datasets, for scripts that use those of tfdatasets; and the functions of tfdatasets
# that are an error, because TensorFlow has nothing left for them. The other half is
# surface/tfdatasets.py.

make_iterator_one_shot <- function(dataset) {
  check_dataset(dataset, "make_iterator_one_shot")
  as_iterator(dataset)
}

# At the end it is an error of the class that until_out_of_range() waits for.
iterator_get_next <- function(iterator, name = NULL) {
  iterator$get_next()
}

next_batch <- function(dataset) {
  iterator_get_next(make_iterator_one_shot(dataset))
}

as_array_iterator <- function(dataset) {
  check_dataset(dataset, "as_array_iterator")
  tfdatasets_module()$array_iterator(dataset)
}

dataset_collect <- function(dataset, iter_max = Inf) {
  check_dataset(dataset, "dataset_collect")
  if (is.finite(iter_max)) {
    dataset <- call_dataset("dataset_collect", "take", list(dataset = dataset, count = iter_max))
  }
  iterate(dataset, simplify = FALSE)
}

until_out_of_range <- function(expr) {
  code <- substitute(expr)
  env <- parent.frame()
  with_dataset(repeat eval(code, env))
}

with_dataset <- function(expr) {
  tryCatch(force(expr), error = out_of_range_handler)
  invisible()
}

out_of_range_handler <- function(e) {
  if (!inherits(e, "tensorflow.python.framework.errors_impl.OutOfRangeError")) {
    stop(e)
  }
}

# Functions that answer with one sentence: what to use, and its arguments.
dataset_refused <- list(
  list(
    answer = "feature columns are not in Keras 3: layer_feature_space() prepares columns",
    functions = c(
      all_nominal = "",
      all_numeric = "",
      dataset_use_spec = "dataset, spec",
      dense_features = "spec",
      feature_spec = "dataset, x, y = NULL",
      has_type = "match = 'float32'",
      scaler_min_max = "",
      scaler_standard = "",
      step_bucketized_column = "spec, ..., boundaries",
      step_categorical_column_with_hash_bucket = "spec, ..., hash_bucket_size, dtype = tf$string",
      step_categorical_column_with_identity = "spec, ..., num_buckets, default_value = NULL",
      step_categorical_column_with_vocabulary_file = "spec, ..., vocabulary_file,
        vocabulary_size = NULL, dtype = tf$string, default_value = NULL, num_oov_buckets = 0L",
      step_categorical_column_with_vocabulary_list = "spec, ..., vocabulary_list = NULL,
        dtype = NULL, default_value = -1L, num_oov_buckets = 0L",
      step_crossed_column = "spec, ..., hash_bucket_size, hash_key = NULL",
      step_embedding_column = "spec, ..., dimension = function(x) as.integer(x^0.25),
        combiner = 'mean', initializer = NULL, ckpt_to_load_from = NULL,
        tensor_name_in_ckpt = NULL, max_norm = NULL, trainable = TRUE",
      step_indicator_column = "spec, ...",
      step_numeric_column = "spec, ..., shape = 1L, default_value = NULL, dtype = tf$float32,
        normalizer_fn = NULL",
      step_remove_column = "spec, ...",
      step_shared_embeddings_column = "spec, ..., dimension, combiner = 'mean',
        initializer = NULL, shared_embedding_collection_name = NULL, ckpt_to_load_from = NULL,
        tensor_name_in_ckpt = NULL, max_norm = NULL, trainable = TRUE"
    )
  ),
  list(
    answer = "graphs of TensorFlow 1 need it: use make_iterator_one_shot() or as_iterator()",
    functions = c(
      iterator_initializer = "iterator",
      iterator_make_initializer = "iterator, dataset, name = NULL",
      iterator_string_handle = "iterator, name = NULL",
      make_iterator_from_string_handle = "string_handle, output_types, output_shapes = NULL",
      make_iterator_from_structure = "output_types, output_shapes = NULL, shared_name = NULL",
      make_iterator_initializable = "dataset, shared_name = NULL"
    )
  )
)
