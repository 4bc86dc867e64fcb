"""The surface of Keras as data: families of R names, and exceptions from the rules. It has no other
half in R.

A rule makes R names from Keras' names (`layers.Conv2D` is `layer_conv_2d`). The tables below hold
the exceptions: spellings, other names, and integer or 1-based arguments that no docstring shows.
"""

from __future__ import annotations

from typing import NamedTuple

# Prefix of a family -> the modules of `keras` with its names; the first match wins.
FAMILIES = {
    "layer": ("layers",),
    "op": ("ops",),
    "op_image": ("ops.image",),
    "metric": ("metrics",),
    "loss": ("losses",),
    "optimizer": ("optimizers",),
    "learning_rate_schedule": ("optimizers.schedules",),
    "callback": ("callbacks",),
    "initializer": ("initializers",),
    "regularizer": ("regularizers",),
    "constraint": ("constraints",),
    "activation": ("activations",),
    "application": ("applications",),
    "random": ("random",),
    "config": ("config",),
}

# Parts of Keras' names that the rule would split in the wrong places.
SPELLINGS = {
    "ConvNeXtXLarge": "Convnext_xlarge",
    "ConvNeXt": "Convnext",
    "DenseNet": "Densenet",
    "EfficientNet": "Efficientnet",
    "MobileNet": "Mobilenet",
    "NASNet": "Nasnet",
    "ResNet": "Resnet",
    "IoU": "Iou",
    "LSTM1D": "Lstm_1D",
    "LSTM2D": "Lstm_2D",
    "LSTM3D": "Lstm_3D",
    "NaN": "Nan",
    "RMSprop": "Rmsprop",
    "TensorBoard": "Tensorboard",
    "UpSampling": "Upsampling",
    "LossScaleOptimizer": "LossScale",
    "TFSMLayer": "Tfsm",
    "FBeta": "Fbeta",
    "F1Score": "F1_score",
    "R2Score": "R2_score",
    "MeanMetricWrapper": "MeanWrapper",
    "OrthogonalRegularizer": "Orthogonal",
}

# R names that no rule makes -> the path of the one object that each wraps.
NAMES = {
    "application_mobilenet_v3_large": "applications.MobileNetV3Large",
    "application_mobilenet_v3_small": "applications.MobileNetV3Small",
    "application_nasnet_large": "applications.NASNetLarge",
    "application_nasnet_mobile": "applications.NASNetMobile",
    "application_nasnetlarge": "applications.NASNetLarge",
    "application_nasnetmobile": "applications.NASNetMobile",
    "application_resnet101_v2": "applications.ResNet101V2",
    "application_resnet152_v2": "applications.ResNet152V2",
    "application_resnet50_v2": "applications.ResNet50V2",
    "audio_dataset_from_directory": "utils.audio_dataset_from_directory",
    "bidirectional": "layers.Bidirectional",
    "clear_session": "utils.clear_session",
    "clone_model": "models.clone_model",
    "constraint_maxnorm": "constraints.MaxNorm",
    "constraint_minmaxnorm": "constraints.MinMaxNorm",
    "constraint_nonneg": "constraints.NonNeg",
    "constraint_unitnorm": "constraints.UnitNorm",
    "dataset_imdb_word_index": "datasets.imdb.get_word_index",
    "dataset_reuters_word_index": "datasets.reuters.get_word_index",
    "deserialize_keras_object": "saving.deserialize_keras_object",
    "feature_cross": "utils.FeatureSpace.cross",
    "feature_custom": "utils.FeatureSpace.feature",
    "feature_float": "utils.FeatureSpace.float",
    "feature_float_discretized": "utils.FeatureSpace.float_discretized",
    "feature_float_normalized": "utils.FeatureSpace.float_normalized",
    "feature_float_rescaled": "utils.FeatureSpace.float_rescaled",
    "feature_integer_categorical": "utils.FeatureSpace.integer_categorical",
    "feature_integer_hashed": "utils.FeatureSpace.integer_hashed",
    "feature_string_categorical": "utils.FeatureSpace.string_categorical",
    "feature_string_hashed": "utils.FeatureSpace.string_hashed",
    "get_custom_objects": "saving.get_custom_objects",
    "get_file": "utils.get_file",
    "get_registered_name": "saving.get_registered_name",
    "get_registered_object": "saving.get_registered_object",
    "get_source_inputs": "utils.get_source_inputs",
    "image_array_save": "utils.save_img",
    "image_dataset_from_directory": "utils.image_dataset_from_directory",
    "image_from_array": "utils.array_to_img",
    "image_load": "utils.load_img",
    "image_smart_resize": "preprocessing.image.smart_resize",
    "image_to_array": "utils.img_to_array",
    "imagenet_preprocess_input": "applications.imagenet_utils.preprocess_input",
    "keras_input": "layers.Input",
    "keras_variable": "Variable",
    "layer_activation_elu": "layers.ELU",
    "layer_activation_leaky_relu": "layers.LeakyReLU",
    "layer_activation_parametric_relu": "layers.PReLU",
    "layer_activation_relu": "layers.ReLU",
    "layer_activation_softmax": "layers.Softmax",
    "layer_bidirectional": "layers.Bidirectional",
    "layer_feature_space": "utils.FeatureSpace",
    "layer_flax_module_wrapper": "layers.FlaxLayer",
    "layer_input": "layers.Input",
    "layer_jax_model_wrapper": "layers.JaxLayer",
    "layer_time_distributed": "layers.TimeDistributed",
    "load_model": "models.load_model",
    "normalize": "utils.normalize",
    "op_convert_to_numpy": "ops.convert_to_numpy",
    "op_image_crop": "ops.image.crop_images",
    "op_image_pad": "ops.image.pad_images",
    "op_maximum": "ops.maximum",
    "op_minimum": "ops.minimum",
    "op_pmax": "ops.maximum",
    "op_pmin": "ops.minimum",
    "op_convert_to_array": "ops.convert_to_numpy",
    "pad_sequences": "utils.pad_sequences",
    "random_integer": "random.randint",
    "random_seed_generator": "random.SeedGenerator",
    "regularizer_l1_l2": "regularizers.L1L2",
    "rnn_cell_gru": "layers.GRUCell",
    "rnn_cell_lstm": "layers.LSTMCell",
    "rnn_cell_simple": "layers.SimpleRNNCell",
    "rnn_cells_stack": "layers.StackedRNNCells",
    "serialize_keras_object": "saving.serialize_keras_object",
    "split_dataset": "utils.split_dataset",
    "text_dataset_from_directory": "utils.text_dataset_from_directory",
    "time_distributed": "layers.TimeDistributed",
    "timeseries_dataset_from_array": "utils.timeseries_dataset_from_array",
    "to_categorical": "utils.to_categorical",
}

# Public names of Keras that get no R name: base classes, and parts of Keras' own machinery.
NO_NAMES = frozenset({
    "Callback", "CallbackList", "Constraint", "Initializer", "InputLayer", "InputSpec",
    "LambdaCallback", "Layer", "LearningRateSchedule", "Loss", "Metric", "Optimizer",
    "OptimizerMap", "ProgbarLogger", "Regularizer", "Wrapper", "crop_images", "deserialize", "get",
    "pad_images", "randint", "serialize",
})  # fmt: skip

# Arguments that R users know by another name: R name -> {R argument: Keras' argument}.
ARGUMENTS = {
    "layer_lambda": {"f": "function"},
    "load_model": {"model": "filepath"},
    "op_arange": {"end": "stop"},
    "op_vectorize": {"func": "pyfunc"},
    "op_vectorized_map": {"f": "function"},
}

# Arguments that Keras' signature does not show: those that it takes in `**kwargs`, and those that
# only R users have and surface/own.py converts. R name -> {argument: default}.
MORE_ARGUMENTS = {
    "image_smart_resize": {"backend_module": None},
    "layer_conv_lstm_1d": {"unroll": None},
    "layer_conv_lstm_2d": {"unroll": None},
    "layer_conv_lstm_3d": {"unroll": None},
    "layer_feature_space": {"feature_names": None},
    "layer_jax_model_wrapper": {"dtype": None},
    "layer_string_lookup": {"vocabulary_dtype": None},
    "op_arange": {"include_end": True},
    "optimizer_loss_scale": {
        "weight_decay": None, "clipnorm": None, "clipvalue": None, "global_clipnorm": None,
        "use_ema": None, "ema_momentum": None, "ema_overwrite_frequency": None,
        "loss_scale_factor": None, "gradient_accumulation_steps": None,
    },
}  # fmt: skip

# Arguments that come first in R, in this order; the other arguments follow.
ORDERS = {
    "image_array_save": ("x", "path"),
    "layer_conv_3d_transpose": (
        "filters", "kernel_size", "strides", "padding", "output_padding", "data_format"
    ),
    "layer_resizing": (
        "height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio",
        "fill_mode", "fill_value", "data_format",
    ),
    "layer_torch_module_wrapper": ("module", "output_shape"),
    "loss_circle": ("ref_labels", "ref_embeddings", "remove_diagonal"),
    "loss_sparse_categorical_crossentropy": ("from_logits", "ignore_class", "axis"),
    "metric_binary_accuracy": ("threshold",),
    "metric_binary_crossentropy": ("from_logits", "label_smoothing", "axis"),
    "metric_categorical_crossentropy": ("from_logits", "label_smoothing", "axis"),
    "metric_concordance_correlation": ("axis",),
    "metric_pearson_correlation": ("axis",),
    "metric_sparse_categorical_crossentropy": ("from_logits", "ignore_class", "axis"),
    "op_map": ("xs", "f"),
    "op_vectorized_map": ("elements", "f"),
}  # fmt: skip

# Arguments that newer releases of Keras inserted; in R they come last, so that the positions of the
# others do not change.
LATER_ARGUMENTS = {
    "image_dataset_from_directory": ("format",),
    "layer_batch_normalization": ("renorm", "renorm_clipping", "renorm_momentum"),
    "layer_group_query_attention": ("sliding_window", "use_gate"),
    "layer_integer_lookup": ("oov_method", "salt"),
    "layer_multi_head_attention": ("sliding_window", "use_gate"),
    "optimizer_muon": ("adam_weight_decay",),
    "text_dataset_from_directory": ("format",),
}

# Layers that their wrapper does not compose with a model or tensor.
NOT_COMPOSED = frozenset({
    "layer_pipeline", "rnn_cell_gru", "rnn_cell_lstm", "rnn_cell_simple", "rnn_cells_stack"
})  # fmt: skip

# Optimizers that keep Keras' order; in others `name` comes before arguments that Keras added later.
OPTIMIZER_ORDERS_KEPT = frozenset({"optimizer_lamb", "optimizer_muon"})

# Arguments, of any function or as (function, argument), that are integers without a docstring
# that says so.
INTEGERS = frozenset({
    "batch_size", "beam_width", "crossing_dim", "decay_steps", "dims", "ema_overwrite_frequency",
    "filters", "gradient_accumulation_steps", "groups", "head_dim", "height", "ignore_class",
    "image_size", "input_dim", "k", "key_dim", "max_length", "max_number", "max_steps_per_epoch",
    "max_tokens",
    "maximum_iterations", "maxlen", "n", "ngrams", "num", "num_bins", "num_classes", "num_tokens",
    "output_dim", "output_padding", "output_sequence_length", "patience", "repeats", "salt", "seed",
    "sequence_length", "size", "strides", "target_class_ids", "target_height", "target_width",
    "top_paths", "units", "value_dim", "width", ("audio_dataset_from_directory", "sampling_rate"),
    ("op_fori_loop", "lower"), ("op_fori_loop", "upper"), ("op_image_map_coordinates", "order"),
    ("random_integer", "maxval"), ("random_integer", "minval"),
})  # fmt: skip

# Arguments whose numbers, also in tensors, become integers if they are whole.
WHOLES = frozenset({
    "boundaries", "left_size", "mask_value", "output_length", "right_size", "sequence_lengths",
    "target_length", ("op_bincount", "x"), ("op_in_top_k", "targets"),
})  # fmt: skip

# Arguments that are lists of sequences; a single number in one becomes a sequence of length 1.
SEQUENCES = frozenset({"sequences"})

# Arguments that may be fractions, though their default in Keras' signature is a whole number.
NUMBERS = frozenset({"min_delta", "baseline", "min_lr"})

# Arguments that are shapes: whole numbers or NA; a single number is a shape of one dim.
SHAPES = frozenset({
    "shape", "batch_shape", "input_shape", "batch_input_shape", "newshape", "target_shape",
    "noise_shape", "output_shape",
})  # fmt: skip

# Shapes in which NA is the dim that the number of elements determines, -1 in Keras. In the others
# NA and -1 are open dims, None in Keras.
TARGET_SHAPES = frozenset({"newshape", "target_shape"})

# Arguments, of any function or as (function, argument), that Keras takes as lists only: a single
# value from R becomes a list.
LISTS = frozenset({
    "bin_boundaries", "boundaries", "cells", "exclude_layers", "input_axes", "output_axes",
    "start_indices", "target_class_ids", ("op_ctc_decode", "sequence_lengths"),
    ("op_ctc_loss", "output_length"), ("op_ctc_loss", "target_length"), ("op_scatter", "values"),
})  # fmt: skip

# Arguments that are tensors although their docstring does not begin with that; and arguments that
# are not tensors although it does.
TENSORS = frozenset({
    "condition", "coordinates", "elements", "inputs", "segment_ids", "start", "stop", "values",
    "x1", "x2", "xs",
})  # fmt: skip
NO_TENSORS = frozenset({"indices_or_sections", "loop_vars", "tangents"})

# Numbers of operations that are no tensors, but take their type: whole ones beside integers.
CONSTANTS = frozenset({"constant_values", "default", "fill_value", "initial", "x_max", "x_min"})

# Arguments of operations in which the doubles of a vector stay float64: (function, argument).
DOUBLES = frozenset({("op_scatter", "values")})

# Arguments that are axes, counted from 1 in R. (Keras itself counts `dims` of Permute from 1.)
AXES = frozenset({
    "attention_axes", "axes", "axis", "axis1", "axis2", "axisa", "axisb", "axisc", "destination",
    "input_axes", "output_axes", "shared_axes", "source", "spatial_dims",
})  # fmt: skip

# Those that are axes of a sample, of any function or as (function, argument): Keras takes the axis
# of the batch without an error, and computes something else.
NOT_OF_BATCH = frozenset({"attention_axes", "shared_axes", ("layer_dot", "axes")})

# In these a single number is the number of axes, not an axis.
AXES_OR_NUMBER = frozenset({("op_tensordot", "axes")})


class Indices(NamedTuple):
    """The indices of a function, which count from 1 in R unless `zero_indexed`.

    arguments: the arguments that are indices.
    result: the parts of the result that are indices; a result that is one tensor has one part.
    flags: logical arguments; each that is TRUE adds one part to the result.
    unless: if this argument is given, the result has no indices.
    by_row: is the result a matrix with a row for each element, as that of which(arr.ind = TRUE)?
    made: the type in which Keras takes a list of indices.
    """

    arguments: tuple[str, ...] = ()
    result: slice = slice(0)
    flags: tuple[str, ...] = ()
    unless: str | None = None
    by_row: bool = False
    made: type | None = None


# The names of the parts of results, where Keras or a backend has a class with names for them.
RESULT_NAMES = {
    "op_eig": ("eigenvalues", "eigenvectors"),
    "op_eigh": ("eigenvalues", "eigenvectors"),
    "op_qr": ("q", "r"),
    "op_slogdet": ("sign", "logabsdet"),
    "op_svd": ("u", "s", "vh"),
    "op_top_k": ("values", "indices"),
}

_ALL = slice(None)
INDICES = {
    "op_argmax": Indices(result=_ALL),
    "op_argmin": Indices(result=_ALL),
    "op_argpartition": Indices(("kth",), _ALL, made=tuple),
    "op_argsort": Indices(result=_ALL),
    "op_ctc_decode": Indices(("mask_index",)),
    "op_ctc_loss": Indices(("mask_index",)),
    "op_digitize": Indices(result=_ALL),
    "op_get_item": Indices(("key",), made=tuple),
    "op_lu_factor": Indices(result=slice(1, 2)),
    "op_multi_hot": Indices(("inputs",)),
    "op_nanargmax": Indices(result=_ALL),
    "op_nanargmin": Indices(result=_ALL),
    "op_nonzero": Indices(result=_ALL, by_row=True),
    "op_one_hot": Indices(("x",)),
    "op_scatter": Indices(("indices",)),
    "op_scatter_update": Indices(("indices",)),
    "op_searchsorted": Indices(result=_ALL),
    "op_segment_max": Indices(("segment_ids",)),
    "op_segment_min": Indices(("segment_ids",)),
    "op_segment_prod": Indices(("segment_ids",)),
    "op_segment_sum": Indices(("segment_ids",)),
    "op_slice": Indices(("start_indices",), made=tuple),
    "op_slice_update": Indices(("start_indices",), made=tuple),
    "op_switch": Indices(("index",)),
    "op_take": Indices(("indices",)),
    "op_take_along_axis": Indices(("indices",)),
    "op_top_k": Indices(result=slice(1, 2)),
    "op_unique": Indices(result=slice(1, 3), flags=("return_index", "return_inverse")),
    "op_unravel_index": Indices(("indices",), _ALL),
    "op_vectorize": Indices(("excluded",), made=set),
    "op_where": Indices(result=_ALL, unless="x1", by_row=True),
    "random_categorical": Indices(result=_ALL),
}

# Arguments whose names suggest axes or indices, but which are not shifted, with the reason.
_LABELS = "labels are data, which count from 0 as they do in fit() and to_categorical()"
_DIAGONAL = "a distance from the main diagonal"
_CUTS = "how many elements stand before a cut, the same number in both ways of counting"
NOT_COUNTED = {
    "bias_axes": "letters of the equation",
    "class_id": _LABELS,
    "end_index": "how many points stand before the end",
    "ignore_class": _LABELS,
    "index_from": "a number added to the words of a data set, which is data",
    "indices_or_sections": _CUTS,
    "num_oov_indices": "a number of tokens",
    "offset": _DIAGONAL,
    "schedule": "a function of the epoch, which keras3 counts from 0 here",
    "start_index": "how many points are left out before the first",
    "target_class_ids": _LABELS,
    ("layer_permute", "dims"): "counts from 1 in Keras, too",
    ("op_diag", "k"): _DIAGONAL,
    ("op_diagflat", "k"): _DIAGONAL,
    ("op_eye", "k"): _DIAGONAL,
    ("op_fori_loop", "lower"): "a value of the loop's variable, which is no index by itself",
    ("op_image_map_coordinates", "coordinates"): "places between elements, fractions among them",
    ("op_in_top_k", "targets"): _LABELS,
}

# Datasets that Keras downloads: R name -> module of `keras.datasets`.
DATASETS = {
    "dataset_boston_housing": "boston_housing",
    "dataset_california_housing": "california_housing",
    "dataset_cifar10": "cifar10",
    "dataset_cifar100": "cifar100",
    "dataset_fashion_mnist": "fashion_mnist",
    "dataset_imdb": "imdb",
    "dataset_mnist": "mnist",
    "dataset_reuters": "reuters",
}

# Old names, and names from R's own functions, of arguments and metrics -> their names in Keras; the
# first that the function has is suggested.
RENAMED = {
    "W_regularizer": ("kernel_regularizer",),
    "acc": ("accuracy",),
    "atrous_rate": ("dilation_rate",),
    "b_regularizer": ("bias_regularizer",),
    "border_mode": ("padding",),
    "decay": ("weight_decay",),
    "dim": ("axis", "dims", "shape"),
    "dims": ("shape", "axis"),
    "dropout_U": ("recurrent_dropout",),
    "dropout_W": ("dropout",),
    "init": ("kernel_initializer",),
    "inner_init": ("recurrent_initializer",),
    "lr": ("learning_rate",),
    "nb_epoch": ("epochs",),
    "nb_filter": ("filters",),
    "nb_row": ("kernel_size",),
    "nb_val_samples": ("validation_steps",),
    "newdata": ("x",),
    "output_dim": ("units",),
    "p": ("rate",),
    "perm": ("axes", "dims"),
    "samples_per_epoch": ("steps_per_epoch",),
    "steps_per_epoch": ("steps",),
    "subsample": ("strides",),
    "val_acc": ("val_accuracy",),
    "validation": ("validation_data",),
}
