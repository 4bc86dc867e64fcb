# The names that only keras 2 had: each is an error that says what to write instead, exported by the
# stand-ins of keras and keras3. They have no other half in Python.

# Functions of keras 2's backend that have the same name and arguments as an operation.
same_operations <- "
  abs all any arange argmax argmin batch_normalization binary_crossentropy cast
  categorical_crossentropy clip concatenate cos ctc_decode cumprod cumsum dot dtype elu equal exp
  expand_dims eye greater greater_equal hard_sigmoid identity in_top_k is_tensor less less_equal
  log logsumexp max maximum mean min minimum ndim not_equal one_hot ones ones_like prod relu
  reshape round shape sigmoid sign sin softmax softplus softsign sparse_categorical_crossentropy
  sqrt square squeeze stack std stop_gradient sum tanh tile transpose unstack var zeros zeros_like
"

# What to write instead, by name: code in ticks, with a word where code alone does not say it.
keras2_answers <- c(
  # The backend, after `k_`.
  k_backend = "`config_backend()`",
  k_batch_dot = "`op_matmul(x, y)` or `layer_dot()`",
  k_batch_flatten = "`op_reshape(x, c(nrow(x), -1))` or `layer_flatten()`",
  k_batch_get_value = "`lapply(variables, as.array)`",
  k_batch_set_value = "`variable$assign(value)` for each",
  k_bias_add = "`x + bias`",
  k_cast_to_floatx = "`op_cast(x, config_floatx())`",
  k_clear_session = "`clear_session()`",
  k_constant = "`op_convert_to_tensor(value)`",
  k_conv1d = "`op_conv()`",
  k_conv2d = "`op_conv()`",
  k_conv2d_transpose = "`op_conv_transpose()`",
  k_conv3d = "`op_conv()`",
  k_conv3d_transpose = "`op_conv_transpose()`",
  k_count_params = "`op_size(x)`",
  k_ctc_batch_cost = "`op_ctc_loss()`",
  k_ctc_label_dense_to_sparse = "`op_ctc_loss()`, which takes dense labels",
  k_depthwise_conv2d = "`op_depthwise_conv()`",
  k_dropout = "`random_dropout(x, rate)`",
  k_epsilon = "`config_epsilon()`",
  k_eval = "`as.array(x)`",
  k_flatten = "`op_ravel(x)`",
  k_floatx = "`config_floatx()`",
  k_foldl = "`op_scan()` or `op_fori_loop()`",
  k_foldr = "`op_scan(reverse = TRUE)` or `op_fori_loop()`",
  k_function = "`keras_model(inputs, outputs)`",
  k_gather = "`op_take(x, indices, axis = 1)`, whose indices count from 1",
  k_get_session = "the code without it, since values are computed at once",
  k_get_uid = "the argument `name` of the layer",
  k_get_value = "`as.array(x)`",
  k_get_variable_shape = "`shape(x)`",
  k_gradients = "`with(tf$GradientTape() %as% tape, ...)` and `tape$gradient()`",
  k_image_data_format = "`config_image_data_format()`",
  k_in_test_phase = "the argument `training` of the layer's `call()`",
  k_in_train_phase = "the argument `training` of the layer's `call()`",
  k_int_shape = "`shape(x)`",
  k_is_keras_tensor = "`op_is_tensor(x)`",
  k_is_placeholder = "`inherits(x, \"keras.src.backend.common.keras_tensor.KerasTensor\")`",
  k_is_sparse = "`inherits(x, \"tensorflow.python.framework.sparse_tensor.SparseTensor\")`",
  k_l2_normalize = "`normalize(x, axis)` or `layer_unit_normalization()`",
  k_learning_phase = "the argument `training` of the layer's `call()`",
  k_local_conv1d = "`op_conv()`, since Keras 3 has no convolution with unshared weights",
  k_local_conv2d = "`op_conv()`, since Keras 3 has no convolution with unshared weights",
  k_manual_variable_initialization = "the code without it: variables have their values at once",
  k_map_fn = "`op_map(xs, f)`",
  k_moving_average_update = "`x$assign(x * momentum + value * (1 - momentum))`",
  k_normalize_batch_in_training = "`layer_batch_normalization()`",
  k_permute_dimensions = "`op_transpose(x, axes)`",
  k_placeholder = "`keras_input(shape)`",
  k_pool2d = "`op_max_pool()` or `op_average_pool()`",
  k_pool3d = "`op_max_pool()` or `op_average_pool()`",
  k_pow = "`op_power(x, a)`",
  k_print_tensor = "`print(x)`",
  k_random_bernoulli = "`random_binomial(shape, counts = 1, probabilities = p)`",
  k_random_binomial = "`random_binomial(shape, counts = 1, probabilities = p)`",
  k_random_normal = "`random_normal(shape, mean, stddev)`",
  k_random_normal_variable = "`keras_variable(random_normal(shape, mean, stddev))`",
  k_random_uniform = "`random_uniform(shape, minval, maxval)`",
  k_random_uniform_variable = "`keras_variable(random_uniform(shape, minval, maxval))`",
  k_repeat = "`layer_repeat_vector(n)`",
  k_repeat_elements = "`op_repeat(x, repeats, axis)`",
  k_reset_uids = "`clear_session()`",
  k_resize_images = "`op_image_resize()`",
  k_resize_volumes = "`layer_upsampling_3d()`",
  k_reverse = "`op_flip(x, axis)`",
  k_rnn = "`layer_rnn()`",
  k_separable_conv2d = "`op_separable_conv()`",
  k_set_epsilon = "`config_set_epsilon()`",
  k_set_floatx = "`config_set_floatx()`",
  k_set_image_data_format = "`config_set_image_data_format()`",
  k_set_learning_phase = "the argument `training` of the layer's `call()`",
  k_set_session = "the code without it, since values are computed at once",
  k_set_value = "`x$assign(value)`",
  k_spatial_2d_padding = "`layer_zero_padding_2d()` or `op_pad()`",
  k_spatial_3d_padding = "`layer_zero_padding_3d()` or `op_pad()`",
  k_switch = "`op_cond(condition, f, g)` or `op_where(condition, x, y)`",
  k_temporal_padding = "`layer_zero_padding_1d()` or `op_pad()`",
  k_to_dense = "`op_convert_to_tensor(x, sparse = FALSE)`",
  k_truncated_normal = "`random_truncated_normal(shape, mean, stddev)`",
  k_update = "`x$assign(value)`",
  k_update_add = "`x$assign_add(value)`",
  k_update_sub = "`x$assign_sub(value)`",
  k_variable = "`keras_variable(value)`",

  # Saving.
  load_model_hdf5 = "`load_model(\"model.h5\")`",
  load_model_tf = "`layer_tfsm(filepath)`, or save the model anew by `save_model()`",
  load_model_weights_hdf5 = "`load_model_weights(model, \"model.weights.h5\")`",
  load_model_weights_tf = "`load_model_weights(model, \"model.weights.h5\")`",
  model_from_json = "`load_model_config()`",
  model_from_saved_model = "`layer_tfsm(filepath)`",
  model_from_yaml = "`load_model_config()`, which reads JSON",
  model_to_json = "`save_model_config(model, \"model.json\")`",
  model_to_saved_model = "`export_savedmodel(model, \"directory\")`",
  model_to_yaml = "`save_model_config(model, \"model.json\")`, which is JSON",
  save_model_hdf5 = "`save_model(model, \"model.keras\")`",
  save_model_tf = "`save_model(model, \"model.keras\")` or `export_savedmodel()`",
  save_model_weights_hdf5 = "`save_model_weights(model, \"model.weights.h5\")`",
  save_model_weights_tf = "`save_model_weights(model, \"model.weights.h5\")`",
  serialize_model = "`save_model(model, \"model.keras\")`, a file",
  unserialize_model = "`load_model(\"model.keras\")`",

  # Models.
  evaluate_generator = "`evaluate(model, generator)`",
  fit_generator = "`fit(model, generator)`",
  generator_next = "`iter_next(generator)`",
  get_input_at = "`layer$input`",
  get_input_mask_at = "`op_not_equal(x, 0)`, or the argument `mask` of the layer's `call()`",
  get_input_shape_at = "`shape(layer$input)`",
  get_output_at = "`layer$output`",
  get_output_mask_at = "`layer$compute_mask(inputs)`",
  get_output_shape_at = "`shape(layer$output)`",
  keras_model_custom = "`Model(\"Name\", call = function(inputs) ...)`",
  multi_gpu_model = "`tf$distribute$MirroredStrategy()` round the model's definition",
  predict_classes = "`op_argmax(predict(model, x))`, or `predict(model, x) > 0.5` of two classes",
  predict_generator = "`predict(model, generator)`",
  predict_proba = "`predict(model, x)`",
  reset_states = "`reset_state(object)`",

  # Layers and classes.
  KerasCallback = "`Callback(\"Name\", ...)`",
  KerasConstraint = "`Constraint(\"Name\", call = function(w) ...)`",
  KerasLayer = "`Layer(\"Name\", ...)`",
  KerasWrapper = "`Layer(\"Name\", ...)` with the inner layer as an argument",
  create_layer = "`Layer(\"Name\", ...)`, whose result makes instances",
  create_layer_wrapper = "`Layer(\"Name\", ...)`, whose result works in a pipe",
  create_wrapper = "`Layer(\"Name\", ...)`, whose result works in a pipe",
  layer_activation_selu = "`layer_activation(activation = \"selu\")`",
  layer_activation_thresholded_relu = "`layer_activation_relu(threshold = theta)`",
  layer_cudnn_gru = "`layer_gru()`, which uses cuDNN where it can",
  layer_cudnn_lstm = "`layer_lstm()`, which uses cuDNN where it can",
  layer_dense_features = "`layer_feature_space()`",
  layer_gru_cell = "`rnn_cell_gru()`",
  layer_locally_connected_1d = "`layer_conv_1d()`, since Keras 3 has no unshared weights",
  layer_locally_connected_2d = "`layer_conv_2d()`, since Keras 3 has no unshared weights",
  layer_lstm_cell = "`rnn_cell_lstm()`",
  layer_random_height = "`layer_random_zoom(height_factor)`",
  layer_random_width = "`layer_random_zoom(0, width_factor)`",
  layer_simple_rnn_cell = "`rnn_cell_simple()`",
  layer_stacked_rnn_cells = "`rnn_cells_stack()`",

  # Losses, metrics, callbacks.
  callback_progbar_logger = "`fit(verbose = 1)` or `callback_progress()`",
  callback_terminate_on_naan = "`callback_terminate_on_nan()`",
  loss_cosine_proximity = "`loss_cosine_similarity()`",
  loss_kullback_leibler_divergence = "`loss_kl_divergence()`",
  loss_logcosh = "`loss_log_cosh()`",
  metric_kullback_leibler_divergence = "`metric_kl_divergence()`",
  metric_logcosh_error = "`metric_log_cosh_error()`",
  metric_mean_relative_error = "`metric_mean_absolute_percentage_error()` or `Metric()`",
  metric_mean_tensor = "`metric_mean()`, or a class of `Metric()`",

  # Applications.
  application_densenet = "`application_densenet121()`, 169 or 201",
  application_nasnet = "`application_nasnetlarge()` or `application_nasnetmobile()`",
  densenet_preprocess_input = "`application_preprocess_inputs(model, x)`",
  inception_resnet_v2_preprocess_input = "`application_preprocess_inputs(model, x)`",
  inception_v3_preprocess_input = "`application_preprocess_inputs(model, x)`",
  mobilenet_decode_predictions = "`application_decode_predictions(model, predictions)`",
  mobilenet_load_model_hdf5 = "`load_model(\"model.h5\")`",
  mobilenet_preprocess_input = "`application_preprocess_inputs(model, x)`",
  mobilenet_v2_decode_predictions = "`application_decode_predictions(model, predictions)`",
  mobilenet_v2_load_model_hdf5 = "`load_model(\"model.h5\")`",
  mobilenet_v2_preprocess_input = "`application_preprocess_inputs(model, x)`",
  nasnet_preprocess_input = "`application_preprocess_inputs(model, x)`",
  resnet_preprocess_input = "`application_preprocess_inputs(model, x)`",
  resnet_v2_preprocess_input = "`application_preprocess_inputs(model, x)`",
  xception_preprocess_input = "`application_preprocess_inputs(model, x)`",

  # Data.
  fit_image_data_generator = "`adapt()` of `layer_normalization()`",
  fit_text_tokenizer = "`adapt()` of `layer_text_vectorization()`",
  flow_images_from_data = "`fit(model, x, y)` with layers such as `layer_random_flip()`",
  flow_images_from_dataframe = "`image_dataset_from_directory()`",
  flow_images_from_directory = "`image_dataset_from_directory()`",
  hdf5_matrix = "`py_iterator()` over a file of `import(\"h5py\")`",
  image_array_resize = "`op_image_resize()` or `image_smart_resize()`",
  image_data_generator = "`image_dataset_from_directory()` and `layer_random_flip()` or its like",
  load_text_tokenizer = "`load_model()` of a model with `layer_text_vectorization()`",
  make_sampling_table = "`layer_text_vectorization()` and `sample(prob = )`",
  save_text_tokenizer = "`save_model()` of a model with `layer_text_vectorization()`",
  sequences_to_matrix = "`layer_category_encoding()`",
  skipgrams = "`timeseries_dataset_from_array()`, or pairs made in R",
  text_hashing_trick = "`layer_hashing()`",
  text_one_hot = "`layer_hashing()`",
  text_to_word_sequence = "`strsplit()` or `layer_text_vectorization()`",
  text_tokenizer = "`layer_text_vectorization()`",
  texts_to_matrix = "`layer_text_vectorization(output_mode = \"multi_hot\")`",
  texts_to_sequences = "`layer_text_vectorization()`",
  texts_to_sequences_generator = "`layer_text_vectorization()` in a dataset",
  timeseries_generator = "`timeseries_dataset_from_array()`",

  # The package.
  backend = "`keras$backend`, or an operation `op_*()`",
  implementation = "`keras`: there is one implementation",
  is_keras_available = "`py_module_available(\"keras\")`",
  keras_array = "`r_to_py()` or `np_array()`",
  use_implementation = "`use_backend()`"
)

# Names of generators of R6 classes, which are used without a call.
keras2_classes <- c("KerasCallback", "KerasConstraint", "KerasLayer", "KerasWrapper")

keras2_table <- function() {
  same <- strsplit(trimws(same_operations), "[[:space:]]+")[[1L]]
  c(structure(paste0("`op_", same, "()`"), names = paste0("k_", same)), keras2_answers)
}

# An environment with a binding for each name.
keras2_functions <- function() {
  answers <- keras2_table()
  made <- list2env(lapply_names(answers, function(name) {
    force(name)
    function(...) stop_keras2(paste0(name, "()"), answers[[name]])
  }))
  for (name in keras2_classes) {
    bind_refusal(name, answers[[name]], made)
  }
  made
}

bind_refusal <- function(name, answer, env) {
  force(name)
  force(answer)
  rm(list = name, envir = env)
  makeActiveBinding(name, function() {
    if (is_compared()) as.name(name) else stop_keras2(name, answer)
  }, env)
}

stop_keras2 <- function(what, answer) {
  stop(what, " is of keras 2; in its place write ", answer, ".", call. = FALSE)
}
