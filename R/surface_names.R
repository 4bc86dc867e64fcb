# The R names of the Keras surface that exist before Keras is imported, by family. The other half is
# surface/names.py. Further names of a newer Keras are added when it is imported. If the installed
# Keras has nothing for a name, using the wrapper is an error that says so.

surface_names <- function() {
  families <- strsplit(trimws(surface_families), "[[:space:]]+")
  made <- lapply(names(families), function(family) paste0(family, "_", families[[family]]))
  c(unlist(made), strsplit(trimws(surface_others), "[[:space:]]+")[[1L]])
}

surface_families <- c(
  layer = "
    activation activation_elu activation_leaky_relu activation_parametric_relu activation_relu
    activation_softmax activity_regularization adaptive_average_pooling_1d
    adaptive_average_pooling_2d adaptive_average_pooling_3d adaptive_max_pooling_1d
    adaptive_max_pooling_2d adaptive_max_pooling_3d add additive_attention alpha_dropout
    attention aug_mix auto_contrast average average_pooling_1d average_pooling_2d
    average_pooling_3d batch_normalization bidirectional category_encoding center_crop
    concatenate contrast_limited_adaptive_histogram_equalization conv_1d conv_1d_transpose
    conv_2d conv_2d_transpose conv_3d conv_3d_transpose conv_lstm_1d conv_lstm_2d conv_lstm_3d
    cropping_1d cropping_2d cropping_3d cut_mix dense depthwise_conv_1d depthwise_conv_2d
    discretization dot dropout einsum_dense embedding equalization feature_space flatten
    flax_module_wrapper gaussian_dropout gaussian_noise global_average_pooling_1d
    global_average_pooling_2d global_average_pooling_3d global_max_pooling_1d
    global_max_pooling_2d global_max_pooling_3d group_normalization group_query_attention gru
    hashed_crossing hashing identity input integer_lookup jax_model_wrapper lambda
    layer_normalization lstm masking max_num_bounding_boxes max_pooling_1d max_pooling_2d
    max_pooling_3d maximum mel_spectrogram minimum mix_up multi_head_attention multiply
    normalization permute pipeline rand_augment random_brightness random_color_degeneration
    random_color_jitter random_contrast random_crop random_elastic_transform random_erasing
    random_flip random_gaussian_blur random_grayscale random_hue random_invert
    random_perspective random_posterization random_rotation random_saturation random_sharpness
    random_shear random_translation random_zoom repeat_vector rescaling reshape resizing
    reversible_embedding rms_normalization rnn separable_conv_1d separable_conv_2d simple_rnn
    solarization spatial_dropout_1d spatial_dropout_2d spatial_dropout_3d spectral_normalization
    stft_spectrogram string_lookup subtract text_vectorization tfsm time_distributed
    torch_module_wrapper unit_normalization upsampling_1d upsampling_2d upsampling_3d
    zero_padding_1d zero_padding_2d zero_padding_3d
  ",
  op = "
    abs absolute adaptive_average_pool adaptive_max_pool add all allclose amax amin angle any
    append arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin
    argpartition argsort array array_split associative_scan average average_pool bartlett
    batch_normalization binary_crossentropy bincount bitwise_and bitwise_invert
    bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman
    broadcast_to cast categorical_crossentropy cbrt cdist ceil celu cholesky cholesky_inverse
    clip concatenate cond conj conjugate conv conv_transpose convert_to_array convert_to_numpy
    convert_to_tensor copy corrcoef correlate cos cosh count_nonzero cross ctc_decode ctc_loss
    cumprod cumsum custom_gradient deg2rad depth_to_space depthwise_conv det diag diagflat
    diagonal diff digitize divide divide_no_nan dot dot_product_attention dsplit dstack dtype
    eig eigh einsum elu empty empty_like equal erf erfc erfinv exp exp2 expand_dims expm1
    extract_sequences eye fabs fft fft2 flip fliplr flipud floor floor_divide fmax fmin fmod
    fold fori_loop full full_like gcd gelu geomspace get_item glu greater greater_equal hamming
    hanning hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh heaviside histogram hsplit
    hstack hypot i0 identity ifft2 imag image_affine_transform image_crop
    image_elastic_transform image_extract_patches image_extract_patches_3d image_gaussian_blur
    image_hsv_to_rgb image_map_coordinates image_pad image_perspective_transform image_resize
    image_rgb_to_grayscale image_rgb_to_hsv image_scale_and_translate image_sobel_edges
    image_ssim in_top_k inner inv irfft is_tensor isclose isfinite isin isinf isnan isneginf
    isposinf isreal istft jvp kaiser kron layer_normalization lcm ldexp leaky_relu left_shift
    less less_equal linspace log log10 log1p log2 log_sigmoid log_softmax logaddexp logaddexp2
    logdet logical_and logical_not logical_or logical_xor logspace logsumexp lstsq lu_factor map
    matmul matrix_rank max max_pool maximum mean median meshgrid min minimum mod moments
    moveaxis multi_hot multiply nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax
    nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar ndim
    negative nextafter nonzero norm normalize not_equal one_hot ones ones_like outer pad
    percentile pinv pmax pmin polar power prod psnr ptp qr quantile rad2deg ravel real rearrange
    reciprocal relu relu6 repeat reshape rfft right_shift rms_normalization roll rot90 round
    rsqrt saturate_cast scan scatter scatter_update searchsorted segment_max segment_min
    segment_prod segment_sum select selu separable_conv shape sigmoid sign signbit silu sin sinc
    sinh size slice slice_update slogdet soft_shrink softmax softplus softsign solve
    solve_triangular sort space_to_depth sparse_categorical_crossentropy sparse_plus
    sparse_sigmoid sparsemax split sqrt square squareplus squeeze stack std stft stop_gradient
    subtract sum svd swapaxes swish switch take take_along_axis tan tanh tanh_shrink tensordot
    threshold tile top_k trace transpose trapezoid tri tril triu true_divide trunc unfold unique
    unravel_index unstack vander var vdot vectorize vectorized_map view view_as_complex
    view_as_real vsplit vstack where while_loop zeros zeros_like
  ",
  metric = "
    accuracy auc binary_accuracy binary_crossentropy binary_focal_crossentropy binary_iou
    categorical_accuracy categorical_crossentropy categorical_focal_crossentropy
    categorical_hinge concordance_correlation cosine_similarity f1_score false_negatives
    false_positives fbeta_score hinge huber iou kl_divergence log_cosh log_cosh_error mean
    mean_absolute_error mean_absolute_percentage_error mean_iou mean_squared_error
    mean_squared_logarithmic_error mean_wrapper one_hot_iou one_hot_mean_iou pearson_correlation
    poisson precision precision_at_recall r2_score recall recall_at_precision
    root_mean_squared_error sensitivity_at_specificity sparse_categorical_accuracy
    sparse_categorical_crossentropy sparse_top_k_categorical_accuracy specificity_at_sensitivity
    squared_hinge sum top_k_categorical_accuracy true_negatives true_positives
  ",
  loss = "
    binary_crossentropy binary_focal_crossentropy categorical_crossentropy
    categorical_focal_crossentropy categorical_generalized_cross_entropy categorical_hinge
    circle cosine_similarity ctc dice hinge huber kl_divergence log_cosh mean_absolute_error
    mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson
    sparse_categorical_crossentropy squared_hinge tversky
  ",
  optimizer = "
    adadelta adafactor adagrad adam adam_w adamax ftrl lamb lion loss_scale multi_optimizer muon
    nadam rmsprop schedule_free_adam_w sgd
  ",
  learning_rate_schedule = "
    cosine_decay cosine_decay_restarts exponential_decay inverse_time_decay
    piecewise_constant_decay polynomial_decay
  ",
  callback = "
    backup_and_restore csv_logger early_stopping history learning_rate_scheduler
    model_checkpoint orbax_checkpoint reduce_lr_on_plateau remote_monitor swap_ema_weights
    tensorboard terminate_on_nan
  ",
  initializer = "
    constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal
    lecun_uniform ones orthogonal random_normal random_uniform stft truncated_normal
    variance_scaling zeros
  ",
  regularizer = "
    l1 l1_l2 l2 orthogonal
  ",
  constraint = "
    maxnorm minmaxnorm nonneg unitnorm
  ",
  activation = "
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
    tanh_shrink threshold
  ",
  application = "
    convnext_base convnext_large convnext_small convnext_tiny convnext_xlarge densenet121
    densenet169 densenet201 efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3
    efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7 efficientnet_v2b0
    efficientnet_v2b1 efficientnet_v2b2 efficientnet_v2b3 efficientnet_v2l efficientnet_v2m
    efficientnet_v2s inception_resnet_v2 inception_v3 mobilenet mobilenet_v2 mobilenet_v3_large
    mobilenet_v3_small mobilenet_v3large mobilenet_v3small nasnet_large nasnet_mobile
    nasnetlarge nasnetmobile resnet101 resnet101_v2 resnet101v2 resnet152 resnet152_v2
    resnet152v2 resnet50 resnet50_v2 resnet50v2 vgg16 vgg19 xception
  ",
  random = "
    beta binomial categorical dropout gamma integer normal seed_generator shuffle
    truncated_normal uniform
  ",
  config = "
    backend disable_flash_attention disable_interactive_logging disable_traceback_filtering
    dtype_policy enable_flash_attention enable_interactive_logging enable_traceback_filtering
    enable_unsafe_deserialization epsilon floatx image_data_format is_flash_attention_enabled
    is_interactive_logging_enabled is_nnx_enabled is_traceback_filtering_enabled max_epochs
    max_steps_per_epoch set_backend set_dtype_policy set_epsilon set_floatx
    set_image_data_format set_max_epochs set_max_steps_per_epoch
  ",
  dataset = "
    boston_housing california_housing cifar10 cifar100 fashion_mnist imdb imdb_word_index mnist
    reuters reuters_word_index
  ",
  image = "
    array_save dataset_from_directory from_array load smart_resize to_array
  ",
  feature = "
    cross custom float float_discretized float_normalized float_rescaled integer_categorical
    integer_hashed string_categorical string_hashed
  "
)

surface_others <- "
  audio_dataset_from_directory bidirectional clear_session clone_model deserialize_keras_object
  get_custom_objects get_file get_registered_name get_registered_object get_source_inputs
  imagenet_preprocess_input keras_input keras_variable load_model normalize pad_sequences
  rnn_cell_gru rnn_cell_lstm rnn_cell_simple rnn_cells_stack serialize_keras_object
  set_random_seed split_dataset text_dataset_from_directory time_distributed
  timeseries_dataset_from_array to_categorical
"
