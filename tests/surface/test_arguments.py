"""R's numbers on the Keras surface: integers where Keras wants them, R vectors as arrays.

Also of: surface/calls.py.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from pyclass_bridge.surface import arguments, table
from pyclass_bridge.surface.defaults import DEFAULTS
from pyclass_bridge.surface.names import names, wrapped_by

keras = pytest.importorskip("keras")
ops = keras.ops
layers = keras.layers


def dtype(x) -> str:
    return keras.backend.standardize_dtype(x.dtype)


def kind(function: str, argument: str) -> str:
    return wrapped_by(function).arguments[argument].kind


# ---- which arguments are integers --------------------------------------------------------------

INTEGERS = {
    "layer_dense": "units lora_rank",
    "layer_conv_2d": "filters kernel_size strides dilation_rate groups",
    "layer_conv_2d_transpose": "output_padding",
    "layer_conv_3d_transpose": "output_padding",
    "layer_max_pooling_2d": "pool_size strides",
    "layer_zero_padding_2d": "padding",
    "layer_cropping_2d": "cropping",
    "layer_upsampling_2d": "size",
    "layer_dropout": "seed",
    "layer_embedding": "input_dim output_dim",
    "layer_multi_head_attention": "num_heads key_dim value_dim",
    "layer_group_query_attention": "head_dim num_query_heads num_key_value_heads",
    "layer_category_encoding": "num_tokens",
    "layer_text_vectorization": "max_tokens ngrams output_sequence_length",
    "layer_random_crop": "height width",
    "layer_max_num_bounding_boxes": "max_number",
    "metric_iou": "num_classes target_class_ids ignore_class",
    "metric_auc": "num_thresholds num_labels",
    "metric_precision": "top_k class_id",
    "loss_sparse_categorical_crossentropy": "ignore_class",
    "callback_early_stopping": "patience start_from_epoch",
    "learning_rate_schedule_exponential_decay": "decay_steps",
    "learning_rate_schedule_inverse_time_decay": "decay_steps",
    "optimizer_muon": "gradient_accumulation_steps ema_overwrite_frequency ns_steps",
    "op_fori_loop": "lower upper",
    "op_while_loop": "maximum_iterations",
    "op_unstack": "num",
    "op_image_resize": "size",
    "op_image_pad": "top_padding target_height target_width",
    "op_image_map_coordinates": "order",
    "random_integer": "minval maxval",
    "timeseries_dataset_from_array": "sequence_length batch_size",
}
NUMBERS = {
    "callback_early_stopping": "min_delta baseline",
    "callback_reduce_lr_on_plateau": "min_delta min_lr factor",
    "layer_dropout": "rate",
    "layer_activation_relu": "max_value negative_slope threshold",
    "layer_activation_elu": "alpha",
    "layer_rescaling": "scale offset",
    "layer_masking": "mask_value",
    "layer_batch_normalization": "momentum epsilon",
    "optimizer_sgd": "learning_rate momentum clipnorm clipvalue weight_decay",
    "learning_rate_schedule_exponential_decay": "initial_learning_rate decay_rate",
    "learning_rate_schedule_piecewise_constant_decay": "values",
    "loss_huber": "delta",
    "regularizer_l2": "l2",
    "initializer_constant": "value",
    "random_uniform": "minval maxval",
    "op_clip": "x_min x_max",
    "op_full": "fill_value",
    "op_arange": "start end step",
}


@pytest.mark.parametrize("function", INTEGERS)
def test_integers(function):
    kinds = {name: kind(function, name) for name in INTEGERS[function].split()}
    assert set(kinds.values()) == {arguments.INTEGER}, kinds


@pytest.mark.parametrize("function", NUMBERS)
def test_numbers_that_stay(function):
    kinds = {name: kind(function, name) for name in NUMBERS[function].split()}
    assert set(kinds.values()) == {arguments.ANY}, kinds


def test_no_float_of_keras_is_an_integer_and_no_integer_a_float():
    wrong = []
    for name in names():
        wrapped = wrapped_by(name)
        texts = arguments.documented(wrapped.target)
        for key, argument in wrapped.arguments.items():
            default, text = argument.default, texts.get(argument.keras_name, "").lower()
            is_int = isinstance(default, int) and not isinstance(default, bool)
            says_float = "float" in text or "scalar" in text or key in table.NUMBERS
            is_float = isinstance(default, float)
            if key in DEFAULTS.get(name, {}):  # R users know 1 where Keras has 1L
                continue
            if is_float and argument.kind in (arguments.INTEGER, arguments.WHOLE):
                wrong.append((name, key))
            if is_int and argument.kind == arguments.ANY and not says_float:
                wrong.append((name, key))
    assert wrong == []


# R code of a layer, and its twin in Python.
TWINS = {
    "layer_conv_2d(filters = 8, kernel_size = c(3, 3), strides = c(2, 2))": lambda: layers.Conv2D(
        8, (3, 3), strides=(2, 2)
    ),
    "layer_conv_2d_transpose(filters = 2, kernel_size = 3, strides = 2, output_padding = 1, "
    "dilation_rate = c(1, 1))": lambda: layers.Conv2DTranspose(
        2, 3, strides=2, output_padding=1, dilation_rate=(1, 1)
    ),
    "layer_max_pooling_2d(pool_size = c(2, 2))": lambda: layers.MaxPooling2D((2, 2)),
    "layer_zero_padding_2d(padding = list(c(1, 1), c(2, 2)))": lambda: layers.ZeroPadding2D(
        ((1, 1), (2, 2))
    ),
    "layer_zero_padding_2d(padding = rbind(c(1, 1), c(2, 2)))": lambda: layers.ZeroPadding2D(
        ((1, 1), (2, 2))
    ),
    "layer_reshape(target_shape = c(2, NA))": lambda: layers.Reshape((2, -1)),
    "layer_multi_head_attention(num_heads = 2, key_dim = 4)": lambda: layers.MultiHeadAttention(
        2, 4
    ),
    "layer_category_encoding(num_tokens = 4)": lambda: layers.CategoryEncoding(4),
    "layer_text_vectorization(max_tokens = 9, ngrams = c(1, 2))": lambda: layers.TextVectorization(
        9, ngrams=(1, 2)
    ),
    "layer_hashing(num_bins = 3, mask_value = 0)": lambda: layers.Hashing(3, mask_value=0),
    "layer_activation_relu(max_value = 6)": lambda: layers.ReLU(max_value=6.0),
    "layer_random_crop(height = 2, width = 3)": lambda: layers.RandomCrop(2, 3),
}
DROPPED = ("name", "seed")


@pytest.mark.parametrize("code", TWINS)
def test_the_configuration_of_a_layer_is_the_one_of_its_twin(r, code):
    got, wanted = r(code).get_config(), TWINS[code]().get_config()
    for key, value in wanted.items():
        if key not in DROPPED and not isinstance(value, dict):
            assert got[key] == value, key
            assert type(got[key]) is type(value) or key == "max_value", key


@pytest.mark.parametrize(
    ("code", "argument"),
    [
        ("layer_multi_head_attention(num_heads = 2, key_dim = 0.5)", "key_dim"),
        ("layer_conv_2d(filters = 2, kernel_size = c(3, 1.5))", "kernel_size"),
        ("layer_zero_padding_2d(padding = list(c(1, 1), c(2, 0.5)))", "padding"),
        ("layer_zero_padding_2d(padding = matrix(0.5, 2, 2))", "padding"),
        ("layer_category_encoding(num_tokens = 1.5)", "num_tokens"),
        ("callback_early_stopping(start_from_epoch = 0.5)", "start_from_epoch"),
        ("random_integer(c(2), 0, 1.5)", "maxval"),
        ("op_fori_loop(0, 2.5, function(i, s) s, 0)", "upper"),
    ],
)
def test_a_fraction_for_an_integer_names_the_argument(r, code, argument):
    function = code.split("(")[0]
    with pytest.raises(ValueError, match=rf"{function}\(\): `{argument}` takes whole numbers, not"):
        r(code)


def test_one_value_where_keras_takes_a_list(r):
    assert r("metric_iou(num_classes = 2, target_class_ids = 0)").target_class_ids == [0]
    assert r("layer_discretization(bin_boundaries = 0)").bin_boundaries == [0]
    schedule = r("learning_rate_schedule_piecewise_constant_decay(10, c(1, 0.5))")
    assert schedule.get_config()["boundaries"] == [10] and float(schedule(11)) == 0.5


# ---- R vectors and arrays as tensors -----------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # A vector is Keras' float, as a list of Python's numbers is; an array is NumPy's double.
        ("as_tensor(1)", "float32"),
        ("op_array(c(1, 2))", "float32"),
        ("op_array(matrix(c(1, 2, 3, 4), 2))", "float64"),
        ("op_array(array(c(1, 2)))", "float64"),
        ("op_convert_to_tensor(1)", "float32"),
        ("op_convert_to_tensor(matrix(1, 2, 2))", "float64"),
        ("as_tensor(matrix(1, 2, 2))", "float64"),
        ("as_tensor(1:3)", "int32"),
        ("as_tensor(matrix(1:4, 2))", "int32"),
        ("as_tensor(c(TRUE, FALSE))", "bool"),
        ("as_tensor(matrix(1, 1, 1), dtype = 'float16')", "float16"),
        ("op_abs(c(-1, 2))", "float32"),
        ("op_abs(matrix(c(-1, 2)))", "float64"),
        ("op_sqrt(4)", "float32"),
        ("op_add(c(1, 2), c(1, 2))", "float32"),
        ("op_add(matrix(1, 2, 2), matrix(1, 2, 2))", "float64"),
        ("op_add(op_array(c(1, 2)), matrix(1, 2, 2))", "float64"),
        ("op_matmul(matrix(1, 2, 2), as_tensor(matrix(1, 2, 2)))", "float64"),
        ("op_concatenate(list(matrix(1, 1, 2), as_tensor(matrix(1, 1, 2))))", "float64"),
        ("op_array(c(1, 2)) * matrix(1, 2, 2)", "float32"),
        ("op_sum(c(1L, 2L))", "int32"),
        ("op_bitwise_and(matrix(c(5, 3), 1), 1)", "int32"),
        ("op_cast(matrix(1.5, 1, 1), 'int32')", "int32"),
        ("op_scatter(rbind(1, 3), c(1, 2), 4)", "float64"),
        ("activation_softmax(matrix(1, 2, 2))", "float32"),
        ("loss_mean_squared_error(matrix(1, 2, 2), matrix(0, 2, 2))", "float32"),
        ("regularizer_l2(1)(matrix(1, 2, 2))", "float32"),
    ],
)
def test_dtypes(r, code, expected):
    if keras.backend.backend() == "jax":
        expected = expected.replace("64", "32")  # JAX has no doubles unless its own flag is set
    assert dtype(r(code)) == expected


# Operations with x, the integers 1 to 4, and what they give.
BESIDE_INTEGERS = {
    "x + 1": ("int32", [2, 3, 4, 5]),
    "x + c(1, 2, 3, 4)": ("int32", [2, 4, 6, 8]),
    "1 - x": ("int32", [0, -1, -2, -3]),
    "x + 0.5": ("float32", [1.5, 2.5, 3.5, 4.5]),
    "x + matrix(1, 1, 4)": ("float32", [[2, 3, 4, 5]]),
    "x / 2": ("float32", [0.5, 1, 1.5, 2]),
    "x %/% 2": ("int32", [0, 1, 1, 2]),
    "x %% 2": ("int32", [1, 0, 1, 0]),
    "x ^ 2": ("int32", [1, 4, 9, 16]),
    "x ^ -1": ("float32", [1, 0.5, 1 / 3, 0.25]),
    "x < 3": ("bool", [True, True, False, False]),
    "op_array(16777217L) == 16777216": ("bool", False),
    "x + 3e9": ("float32", [3e9] * 4),
    "op_cast(x, 'uint8') + 1": ("uint8", [2, 3, 4, 5]),
    "op_cast(x, 'uint8') + 300": ("float32", [301, 302, 303, 304]),
    "op_cast(x, 'uint8') - 1": ("uint8", [0, 1, 2, 3]),
    "op_array(c(0.5, 1)) + 1": ("float32", [1.5, 2]),
    "max(x, 3)": ("int32", 4),
    "op_add(x, 1)": ("int32", [2, 3, 4, 5]),
    "op_add(2, x)": ("int32", [3, 4, 5, 6]),
    "op_add(x, 0.5)": ("float32", [1.5, 2.5, 3.5, 4.5]),
    "op_maximum(x, 2)": ("int32", [2, 2, 3, 4]),
    "op_power(x, 2)": ("int32", [1, 4, 9, 16]),
    "op_power(x, -1)": ("float32", [1, 0.5, 1 / 3, 0.25]),
    "op_less(x, 3)": ("bool", [True, True, False, False]),
    "op_where(x < 3, x, 0)": ("int32", [1, 2, 0, 0]),
    "op_where(x < 3, 0.5, x)": ("float32", [0.5, 0.5, 3, 4]),
    "op_clip(x, 2, 3)": ("int32", [2, 2, 3, 3]),
    "op_select(list(x < 3, x > 3), list(x, x ^ 2), 42)": ("int32", [1, 2, 42, 16]),
    "op_stack(list(x[1], 7))": ("int32", [1, 7]),
    "op_append(x, c(8, 9))": ("int32", [1, 2, 3, 4, 8, 9]),
    "op_average(x, weights = c(1, 0, 0, 1))": ("float32", 2.5),
    "op_cond(x[1] < 3, function() x + 1, function() x)": ("int32", [2, 3, 4, 5]),
    "tf_function(function(x) op_cond(x[1] < 3, function() x + 1, function() x))(x)": (
        "int32", [2, 3, 4, 5]
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", BESIDE_INTEGERS)
def test_whole_numbers_beside_integers(r, code):
    if "tf_function" in code and keras.backend.backend() != "tensorflow":
        pytest.skip("graphs are TensorFlow's")
    got = r(f"local({{ x <- op_array(1:4); {code} }})")
    expected, numbers = BESIDE_INTEGERS[code]
    assert dtype(got) == expected
    np.testing.assert_allclose(ops.convert_to_numpy(got), numbers, rtol=1e-6)


def test_data_and_targets_of_a_time_series_have_one_type(r):
    for data in ("c(1, 2, 3, 4)", "matrix(c(1, 2, 3, 4))", "1:4"):
        series = r(f"timeseries_dataset_from_array({data}, {data}, 2)")
        x, y = series.element_spec
        assert x.dtype == y.dtype, data


def test_a_dtype_that_is_given_loses_nothing(r):
    if keras.backend.backend() == "jax":
        pytest.skip("JAX has no doubles unless its own flag is set")
    for code in (
        "as_tensor(matrix(0.1, 1, 1), dtype = 'float64')",
        "op_convert_to_tensor(matrix(0.1, 1, 1), dtype = 'float64')",
        "op_convert_to_tensor(c(0.1, 0.2), dtype = 'float64')[1:1, newaxis]",
        "op_cast(matrix(0.1, 1, 1), 'float64')",
    ):
        assert ops.convert_to_numpy(r(code)).ravel()[0] == 0.1


def test_doubles_take_the_float_type_that_keras_is_set_to(r):
    keras.config.set_floatx("float16")
    try:
        assert dtype(r("op_add(1, c(1, 2))")) == "float16"
    finally:
        keras.config.set_floatx("float32")


# ---- arithmetic with R arrays, against R's own --------------------------------------------------

SAME = """
function(rank) {
  dims <- c(2, 3, 4, 2)[seq_len(rank)]
  a <- array(seq_len(prod(dims)) / 4, dims)
  b <- array(rev(seq_len(prod(dims))) / 8, dims)
  x <- as_tensor(a)
  wrong <- character()
  for (name in c("+", "-", "*", "/", "^", "%%", "%/%", ">", "<=", "==", "!=")) {
    op <- match.fun(name)
    pairs <- list(
      list(op(x, b), op(a, b)), list(op(b, x), op(b, a)), list(op(x, as_tensor(b)), op(a, b)),
      list(op(x, 2), op(a, 2)), list(op(2, x), op(2, a)), list(op(x, 2L), op(a, 2L))
    )
    same <- vapply(pairs, function(pair) {
      got <- array(as.numeric(as.array(pair[[1]])), dims)
      isTRUE(all.equal(got, array(as.numeric(pair[[2]]), dims), tolerance = 1e-5))
    }, NA)
    if (!all(same)) wrong <- c(wrong, name)
  }
  paste(wrong, collapse = " ")
}
"""


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_arithmetic_of_every_rank_in_both_orders(r, rank):
    assert r(SAME)(rank) == ""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("as_tensor(matrix(0, 2, 2)) + as_tensor(matrix(c(1, 2)))", [[1, 1], [2, 2]]),
        ("as_tensor(matrix(0, 2, 2)) + matrix(c(1, 2))", [[1, 1], [2, 2]]),
        ("as_tensor(matrix(0L, 2, 2)) + as_tensor(matrix(c(1, 2)))", [[1, 1], [2, 2]]),
        ("as_tensor(matrix(0, 2, 2)) + c(1, 2)", [[1, 2], [1, 2]]),
        ("keras_variable(matrix(0, 2, 2)) + as_tensor(matrix(c(1, 2)))", [[1, 1], [2, 2]]),
    ],
)
def test_a_column_is_added_along_its_dim(r, code, expected):
    # keras.ops.add() on TensorFlow takes such a column for a bias.
    assert ops.convert_to_numpy(r(code)).tolist() == expected


# ---- objects that are functions -----------------------------------------------------------------

CALLS = {
    "initializer_constant(3)(c(2, 2))": lambda: keras.initializers.Constant(3)((2, 2)),
    "initializer_random_normal(seed = 1)(shape = c(2, 3))": lambda: keras.initializers.RandomNormal(
        seed=1
    )((2, 3)),
    "initializer_ones()(3, dtype = 'int32')": lambda: keras.initializers.Ones()((3,), "int32"),
    "initializer_orthogonal(gain = 1, seed = 1)(shape(2, 2))": lambda: (
        keras.initializers.Orthogonal(1, seed=1)((2, 2))
    ),
    "initializer_glorot_uniform(input_axes = 1, output_axes = 2, seed = 3)(c(2, 2))": lambda: (
        keras.initializers.GlorotUniform(input_axes=(0,), output_axes=(1,), seed=3)((2, 2))
    ),
    "regularizer_l1(0.1)(c(1, 2))": lambda: keras.regularizers.L1(0.1)(ops.array([1.0, 2.0])),
    "constraint_nonneg()(c(-1, 1))": lambda: ops.array([0.0, 1.0]),
    "constraint_unitnorm(axis = 1)(matrix(3, 2, 2))": lambda: keras.constraints.UnitNorm(axis=0)(
        ops.full((2, 2), 3.0)
    ),
    "learning_rate_schedule_cosine_decay(0.1, 100)(50)": lambda: (
        keras.optimizers.schedules.CosineDecay(0.1, 100)(50)
    ),
    "learning_rate_schedule_exponential_decay(0.1, 10, 0.5, staircase = TRUE)(25L)": lambda: (
        keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True)(25)
    ),
    "loss_mean_squared_error(reduction = 'sum')(matrix(1, 2, 2), matrix(0, 2, 2))": lambda: (
        keras.losses.MeanSquaredError(reduction="sum")(np.ones((2, 2)), np.zeros((2, 2)))
    ),
    "metric_mean()(c(1, 2, 3))": lambda: keras.metrics.Mean()([1.0, 2.0, 3.0]),
    "layer_embedding(input_dim = 3, output_dim = 2, embeddings_initializer = 'ones')(c(1L, 2L))": (
        lambda: ops.ones((2, 2))
    ),
    "random_uniform(c(2, 2), minval = -1, seed = 3)": lambda: keras.random.uniform(
        (2, 2), minval=-1.0, seed=3
    ),
    "random_integer(4, 0, 10, seed = 3)": lambda: keras.random.randint((4,), 0, 10, seed=3),
    "random_dropout(c(1, 2, 3), 0.5, seed = 1)": lambda: keras.random.dropout(
        ops.array([1.0, 2.0, 3.0]), 0.5, seed=1
    ),
    "activation_relu(c(-1, 7), max_value = 6)": lambda: ops.array([0.0, 6.0]),
    "activation_softmax(matrix(c(1, 2, 3, 4), 2), axis = 1)": lambda: keras.activations.softmax(
        ops.array([[1.0, 3.0], [2.0, 4.0]]), axis=0
    ),
}


@pytest.mark.parametrize("code", CALLS)
def test_calls_compute_as_their_twins(r, code):
    got, wanted = r(code), CALLS[code]()
    np.testing.assert_array_equal(ops.convert_to_numpy(got), ops.convert_to_numpy(wanted))
    assert dtype(got) == dtype(wanted)


def test_a_fraction_in_a_shape_names_the_initializer(r):
    with pytest.raises(ValueError, match=r"Ones\(\): `shape` takes whole numbers, not 1.5."):
        r("initializer_ones()(1.5)")


LOSSES = [
    name for name in names()
    if name.startswith("loss_") and wrapped_by(name).computes
    and name not in ("loss_ctc", "loss_circle", "loss_sparse_categorical_crossentropy",
                     "loss_categorical_generalized_cross_entropy")
]  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_computes_what_its_object_averages(r, name):
    true, pred = "rbind(c(1, 0), c(0, 1))", "rbind(c(.9, .1), c(.2, .8))"
    values_ = ops.convert_to_numpy(r(f"{name}({true}, {pred})"))
    named = ops.convert_to_numpy(r(f"{name}(y_pred = {pred}, y_true = {true})"))
    np.testing.assert_array_equal(values_, named)
    average = ops.convert_to_numpy(r(f"{name}()({true}, {pred})"))
    np.testing.assert_allclose(values_.mean(), average, rtol=1e-5)


def test_losses_of_labels(r):
    pred = "rbind(c(.9, .1), c(.2, .8))"
    # On torch, Keras takes whole numbers only as the labels of the second.
    labels = {
        "sparse_categorical_crossentropy": "c(0, 1)",
        "categorical_generalized_cross_entropy": "c(0L, 1L)",
    }
    for name, true in labels.items():
        got = ops.convert_to_numpy(r(f"loss_{name}({true}, {pred})"))
        average = ops.convert_to_numpy(r(f"loss_{name}()(c(0L, 1L), {pred})"))
        np.testing.assert_allclose(got.mean(), average, rtol=1e-5)


def test_the_defaults_shown_are_those_used(r):
    for name in (*LOSSES, "loss_categorical_generalized_cross_entropy"):
        wrapped = wrapped_by(name)
        taken = set(inspect.signature(wrapped.function).parameters) - {"y_true", "y_pred"}
        assert taken <= set(wrapped.arguments), name
