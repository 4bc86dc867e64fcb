"""Layers composed as R users write it: what stands before a `layer_*()` and what comes of it.

Models of R have Python twins of the same seed, whose numbers are equal.

Of: surface/calls.py, R/surface_wrapper.R.
"""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
ops = keras.ops
layers = keras.layers


def kinds(model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def predicted(build, x):
    keras.utils.set_random_seed(5)
    return build().predict(x, verbose=0)


# ---- twins -------------------------------------------------------------------------------------

X = {
    "flat": np.random.default_rng(0).normal(size=(4, 3)).astype("float32"),
    "series": np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32"),
    "image": np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32"),
}


def twin(shape, *stack):
    return lambda: keras.Sequential([keras.Input(shape), *(make() for make in stack)])


def on_input(shape, connect):
    def build():
        inputs = keras.Input(shape)
        return keras.Model(inputs, connect(inputs))

    return build


TWINS = {
    "positional": (
        "keras_model_sequential(input_shape = 3) |> layer_dense(4, 'relu') |> layer_dense(1)",
        "flat",
        twin((3,), lambda: layers.Dense(4, "relu"), lambda: layers.Dense(1)),
    ),
    "input_shape of the first layer": (
        "keras_model_sequential() %>% layer_dense(units = 4, input_shape = c(3)) %>% "
        "layer_activation('tanh') %>% layer_dense(2, activation = activation_sigmoid)",
        "flat",
        twin((3,), lambda: layers.Dense(4), lambda: layers.Activation("tanh"),
             lambda: layers.Dense(2, "sigmoid")),
    ),
    "an R function as activation": (
        "keras_model_sequential(input_shape = 3) |> layer_dense(4, activation = function(x) x^2)",
        "flat",
        twin((3,), lambda: layers.Dense(4, lambda x: x**2)),
    ),
    "convolution": (
        "keras_model_sequential(input_shape = c(8, 8, 3)) |> "
        "layer_conv_2d(4, c(3, 3), activation = 'relu', padding = 'same', strides = c(2, 2)) |> "
        "layer_max_pooling_2d(c(2, 2)) |> layer_zero_padding_2d(list(c(1, 0), c(0, 1))) |> "
        "layer_flatten() |> layer_dense(10, 'softmax')",
        "image",
        twin((8, 8, 3),
             lambda: layers.Conv2D(4, 3, activation="relu", padding="same", strides=2),
             lambda: layers.MaxPooling2D(2), lambda: layers.ZeroPadding2D(((1, 0), (0, 1))),
             layers.Flatten, lambda: layers.Dense(10, "softmax")),
    ),
    "wrappers of layers": (
        "keras_model_sequential(input_shape = c(5, 3)) |> "
        "bidirectional(layer = layer_lstm(units = 3, return_sequences = TRUE)) |> "
        "time_distributed(layer_dense(units = 4)) |> layer_bidirectional(layer_gru(units = 2))",
        "series",
        twin((5, 3), lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
             lambda: layers.TimeDistributed(layers.Dense(4)),
             lambda: layers.Bidirectional(layers.GRU(2))),
    ),
    "RNN cells": (
        "keras_model_sequential(input_shape = c(5, 3)) |> "
        "layer_rnn(rnn_cell_lstm(units = 3), return_sequences = TRUE) |> "
        "layer_rnn(cell = list(rnn_cell_gru(units = 3), rnn_cell_simple(units = 2)))",
        "series",
        twin((5, 3), lambda: layers.RNN(layers.LSTMCell(3), return_sequences=True),
             lambda: layers.RNN([layers.GRUCell(3), layers.SimpleRNNCell(2)])),
    ),
    "stacked cells": (
        "keras_model_sequential(input_shape = c(5, 3)) |> "
        "layer_rnn(rnn_cells_stack(cells = list(rnn_cell_gru(units = 3), rnn_cell_lstm(2))))",
        "series",
        twin((5, 3), lambda: layers.RNN(
            layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)]))),
    ),
    "attention": (
        "local({ x <- keras_input(shape = c(5, 3)); "
        "keras_model(x, layer_multi_head_attention(list(x, x), num_heads = 2, key_dim = 2)) })",
        "series",
        on_input((5, 3), lambda x: layers.MultiHeadAttention(2, 2)(x, x)),
    ),
    "self-attention": (
        "local({ x <- keras_input(shape = c(5, 3)); "
        "keras_model(x, layer_multi_head_attention(x, num_heads = 2, key_dim = 2)) })",
        "series",
        on_input((5, 3), lambda x: layers.MultiHeadAttention(2, 2)(x, x)),
    ),
    "grouped attention": (
        "local({ x <- keras_input(shape = c(5, 3)); keras_model(x, x |> "
        "layer_group_query_attention(head_dim = 2, num_query_heads = 2, "
        "num_key_value_heads = 1)) })",
        "series",
        on_input((5, 3), lambda x: layers.GroupQueryAttention(2, 2, 1)(x, x)),
    ),
    "lambda": (
        "keras_model_sequential(input_shape = c(5, 3)) |> "
        "layer_lambda(f = function(x) x[, 2:4, ]^2 + x[, 1, newaxis, ]) |> "
        "layer_permute(c(2, 1)) |> layer_reshape(c(NA, 9))",
        "series",
        twin((5, 3), lambda: layers.Lambda(lambda x: x[:, 1:4] ** 2 + x[:, 0, None]),
             lambda: layers.Permute((2, 1)), lambda: layers.Reshape((-1, 9))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TWINS)
def test_a_model_computes_as_its_twin(r, case):
    code, data, build = TWINS[case]
    x = X[data]
    np.testing.assert_array_equal(predicted(lambda: r(code), x), predicted(build, x))


MERGES = {
    "layer_add(list(a, b))": lambda a, b: a + b,
    "layer_add(a, b)": lambda a, b: a + b,
    "c(a, b) |> layer_add()": lambda a, b: a + b,
    "layer_subtract(a, b)": lambda a, b: a - b,
    "layer_multiply(list(a, b))": lambda a, b: a * b,
    "layer_average(a, b)": lambda a, b: (a + b) / 2,
    "layer_maximum(a, b)": np.maximum,
    "layer_minimum(a, b)": np.minimum,
    "layer_concatenate(a, b)": lambda a, b: np.concatenate([a, b], -1),
    "layer_concatenate(list(a, b), axis = 1)": lambda a, b: np.concatenate([a, b], 0),
    "layer_concatenate(a, b, axis = 2)": lambda a, b: np.concatenate([a, b], 1),
    "list(a, b) |> layer_concatenate(axis = -1)": lambda a, b: np.concatenate([a, b], -1),
    "layer_dot(list(a, b), axes = 2)": lambda a, b: (a * b).sum(1, keepdims=True),
    "layer_dot(a, b, axes = c(2, 2))": lambda a, b: (a * b).sum(1, keepdims=True),
    "layer_dot(axes = 2)(list(a, b))": lambda a, b: (a * b).sum(1, keepdims=True),
}


@pytest.mark.parametrize("code", MERGES)
@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_merging_layers(define, code, kind):
    a, b = np.array([[1.0, 5.0], [2.0, 6.0]]), np.array([[4.0, 1.0], [3.0, 2.0]])
    made = "x" if kind == "array" else "as_tensor(x)"
    define("a <- local({ x <- cbind(1:2, 5:6) + 0; " + made + " })")
    define("b <- local({ x <- cbind(4:3, 1:2) + 0; " + made + " })")
    if kind == "array" and code.startswith("c("):
        define("c <- list")
    assert ops.convert_to_numpy(define(code)).tolist() == MERGES[code](a, b).tolist()


# ---- what stands before ------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["x", "as_tensor(x)"])
def test_data_before_a_layer(define, before):
    define("x <- matrix(1:4 + 0, 2)")
    got = define(f"{before} |> layer_dense(2, kernel_initializer = 'identity')")
    assert ops.convert_to_numpy(got).tolist() == [[1, 3], [2, 4]]
    assert keras.backend.standardize_dtype(got.dtype) == "float32"


def test_a_vector_before_a_layer(define):
    words = define("c(1L, 2L) |> layer_embedding(input_dim = 3, output_dim = 2)")
    assert tuple(words.shape) == (2, 2)
    assert tuple(define("layer_embedding(input_dim = 3, output_dim = 2)(c(1L, 2L))").shape) == (
        2,
        2,
    )


@pytest.mark.parametrize("pipe", ["|>", "%>%"])
def test_a_layer_or_model_called_in_a_pipe(define, pipe):
    define("l <- layer_dense(units = 3); x <- keras_input(4); m <- keras_model(x, l(x))")
    for callee in ("l", "m"):
        assert tuple(define(f"x {pipe} {callee}()").shape) == (None, 3)
        assert tuple(define(f"matrix(1, 2, 4) {pipe} {callee}()").shape) == (2, 3)
        assert tuple(define(f"as_tensor(matrix(1, 2, 4)) {pipe} {callee}()").shape) == (2, 3)
        assert tuple(define(f"{callee}(x)").shape) == (None, 3)


@pytest.mark.parametrize("pipe", ["|>", "%>%"])
def test_layers_and_models_go_onto_a_sequential_model(define, pipe):
    define("x <- keras_input(4); base <- keras_model(x, layer_dense(x, 3))")
    define("d <- layer_dense(NULL, 5)")
    model = define(f"keras_model_sequential() {pipe} base() {pipe} d() {pipe} layer_dense(2)")
    assert kinds(model) == ["Functional", "Dense", "Dense"]
    assert model.output_shape == (None, 2)
    inner = define(f"keras_model_sequential(input_shape = 4) {pipe} layer_dense(3)")
    outer = define(f"function(inner) keras_model_sequential(input_shape = 4) {pipe} inner()")(inner)
    assert kinds(outer) == ["Sequential"]


def test_a_layer_of_an_r_class_goes_onto_a_sequential_model(define):
    define("Plus <- Layer('Plus', call = function(inputs) inputs + 1); plus <- Plus()")
    model = define("keras_model_sequential(input_shape = 2) |> plus()")
    assert kinds(model) == ["Plus"]
    assert model.predict(np.zeros((1, 2)), verbose=0).tolist() == [[1, 1]]


def test_python_calls_a_layer_as_ever():
    model = keras.Sequential([keras.Input((4,))])
    with pytest.raises(ValueError, match="Only input tensors"):
        layers.Dense(2)(model)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "m |> layer_dense(2)",
            "layer_dense(): layers can't be added to a model of class Functional. Give its output, "
            "`model$output`, and make a new model with keras_model().",
        ),
        ("'relu' |> layer_dense(2)", "layer_dense(): its first argument must be a"),
        ("x |> layer_dense()", "layer_dense() needs the argument `units`."),
        ("x |> layer_dense(2, actvation = 'relu')", "did you mean `activation`?"),
        ("optimizer_sgd(rte = 1, args = 2)", "optimizer_sgd() has no argument `rte`"),
    ],
)
def test_errors(define, code, sentence):
    define("x <- keras_input(4); m <- keras_model(x, layer_dense(x, 3))")
    with pytest.raises((TypeError, ValueError)) as caught:
        define(code)
    assert sentence in str(caught.value) and "`args`" not in str(caught.value)


def test_models_by_the_names_of_inputs_and_outputs(define):
    model = define(
        """
        a <- keras_input(2, name = "a"); b <- keras_input(2, name = "b")
        keras_model(list(a = a, b = b), list(sum = layer_add(a, b), less = layer_subtract(a, b)))
        """
    )
    got = model.predict({"a": np.ones((1, 2)), "b": np.full((1, 2), 3.0)}, verbose=0)
    assert {key: value.tolist() for key, value in got.items()} == {
        "sum": [[4, 4]], "less": [[-2, -2]]
    }  # fmt: skip
    value = define("function(m) m(list(a = matrix(1, 1, 2), b = matrix(3, 1, 2)))$less")(model)
    assert ops.convert_to_numpy(value).tolist() == [[-2, -2]]


def test_a_sequential_model_of_a_list(define):
    code = "keras_model_sequential(input_shape = 4, name = 's', layers = list(%s))"
    model = define(code % "layer_dense(units = 2), layer_dense(units = 1)")
    assert (model.name, model.input_shape, kinds(model)) == ("s", (None, 4), ["Dense", "Dense"])


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        ("keras_input(4)", (None, 4)),
        ("keras_input(shape = c(NA, 3))", (None, None, 3)),
        ("keras_input(shape(4, 2))", (None, 4, 2)),
        ("layer_input(shape = list(4))", (None, 4)),
        ("keras_input(4, batch_size = 2)", (2, 4)),
        ("keras_input(batch_shape = c(2, 4))", (2, 4)),
        ("keras_input(batch_shape = list(NULL, 3))", (None, 3)),
    ],
)
def test_inputs(r, code, shape):
    assert tuple(r(code).shape) == shape


@pytest.mark.parametrize(
    ("argument", "shape"),
    [
        ("input_shape = c(NA, 3)", (None, None, 3)),
        ("batch_input_shape = c(2, 5, 3)", (2, 5, 3)),
        ("batch_input_shape = list(NULL, 5, 3)", (None, 5, 3)),
    ],
)
def test_shapes_given_to_the_first_layer(r, argument, shape):
    model = r(f"keras_model_sequential() |> layer_lstm(2, {argument})")
    assert model.input_shape == shape


def test_preprocessing_layers(r):
    def value(code):
        return ops.convert_to_numpy(r(code)).tolist()

    assert value("layer_integer_lookup(vocabulary = c(12, 36))(c(12L, 99L))") == [1, 0]
    assert value("layer_string_lookup(vocabulary = c('a', 'b'))(c('b', 'z'))") == [2, 0]
    assert value("layer_discretization(bin_boundaries = c(0, 1))(c(-1, 0.5, 2))") == [0, 1, 2]
    assert value("layer_category_encoding(num_tokens = 4)(c(1L, 2L))") == [0, 1, 1, 0]
    assert value("layer_rescaling(scale = 1 / 2, offset = 1)(matrix(4, 1, 1))") == [[3]]
    assert value("layer_normalization(axis = 2, mean = c(1, 2), variance = c(1, 1))(t(1:2))") == [
        [0, 0]
    ]


# ---- R functions that operations take ----------------------------------------------------------

FUNCTIONS = {
    "op_map(x, function(row) row * 2)": lambda x: x * 2,
    "op_vectorized_map(x, function(row) row * 2)": lambda x: x * 2,
    "op_while_loop(function(i, s) i < 3L, function(i, s) list(i + 1L, s + x), "
    "list(0L, op_zeros_like(x)))[[2]]": lambda x: x * 3,
    "op_fori_loop(0, 3, function(i, s) s + x, x)": lambda x: x * 4,
    "op_cond(sum(x) > 0, function() x * 2, function() x)": lambda x: x * 2,
    "op_cond(sum(x) < 0, function() x * 2, function() x)": lambda x: x,
    "op_switch(2, list(function(x) x, function(x) x * 5), x)": lambda x: x * 5,
    "op_scan(function(s, row) list(s + row, s), op_zeros(2), x)[[2]]": lambda x: (
        np.cumsum(x, 0) - x
    ),
    "op_associative_scan(function(a, b) a + b, x)": lambda x: np.cumsum(x, 0),
    "op_associative_scan(op_add, x, axis = 2)": lambda x: np.cumsum(x, 1),
    "op_custom_gradient(function(x) list(x * 3, function(...) 1))(x)": lambda x: x * 3,
}


@pytest.mark.parametrize("code", FUNCTIONS)
@pytest.mark.parametrize("mode", ["eager", "traced"])
def test_functions_of_r_in_operations(define, code, mode):
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")
    f = define(f"function(x) {code}")
    if mode == "eager":
        got = f(ops.convert_to_tensor(x))
    elif keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        got = tf.function(f)(tf.constant(x))
    elif keras.backend.backend() == "jax":
        import jax

        got = jax.jit(f)(x)
    else:
        pytest.skip("torch is not traced here")
    np.testing.assert_allclose(ops.convert_to_numpy(got), FUNCTIONS[code](x))
