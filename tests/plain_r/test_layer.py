"""Layers in plain R on the backend of this process, beside the same layers in Keras' operations.

Of: plain_r/layer.py, R/plain_r_layer.R.
"""

from __future__ import annotations

import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=40).astype("float32")

SOFT = """
  soft <- function(x) x / (1 + abs(x))
  soft_slope <- function(x, dy) dy / (1 + abs(x))^2
"""


@pytest.fixture
def soft(define):
    """`soft(shape)`: the layer with the user's gradient; `soft(shape, bare = TRUE)` without."""
    return define(
        SOFT
        + """
      function(shape, bare = FALSE) {
        layer_r(soft, output_shape = shape, gradient = if (!bare) soft_slope)
      }
    """
    )


def twin(keras):
    return keras.layers.Lambda(lambda x: x / (1 + keras.ops.abs(x)))


def trained(keras, between, x=X, y=Y, compiled=None, **fitted):
    """Losses, predictions and weights of a model with the layer `between` in its middle."""
    keras.utils.set_random_seed(1)
    first = keras.layers.Dense(4)
    layers = [keras.layers.Input(x.shape[1:]), first, between, keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.01), "mse", **(compiled or {}))
    before = first.get_weights()[0].copy()
    history = model.fit(x, y, **({"epochs": 2, "batch_size": 16, "verbose": 0} | fitted))
    assert not np.array_equal(before, first.get_weights()[0])  # gradients have gone through
    return [history.history["loss"], model.predict(x, verbose=0), *model.get_weights()]


def assert_same(found, right, **tolerance):
    for now, then in zip(found, right, strict=True):
        np.testing.assert_allclose(now, then, **({"rtol": 1e-5, "atol": 2e-6} | tolerance))


@pytest.mark.parametrize(
    "compiled",
    [{}, {"run_eagerly": True}, {"steps_per_execution": 2}, {"jit_compile": True}],
    ids=str,
)
def test_a_training_is_that_of_the_operations(keras, soft, compiled):
    backend = keras.config.backend()
    if backend == "torch" and {"steps_per_execution", "jit_compile"} & set(compiled):
        pytest.skip("Keras refuses several steps on torch; test_loss_on_devices.py compiles")
    if backend == "tensorflow" and "jit_compile" in compiled:
        with pytest.raises(ValueError, match=r"layer `r_layer.*` is plain R.*jit_compile = FALSE"):
            trained(keras, soft(4), compiled=compiled)
        return
    assert_same(trained(keras, soft(4), compiled=compiled), trained(keras, twin(keras)))


def test_by_differences_with_one_warning(keras, soft):
    layer = soft(4, bare=True)
    with pytest.warns(match="layer `r_layer.*` has no `gradient`, .*: 16 evaluations") as told:
        found = trained(keras, layer)
    assert sum("evaluations" in str(warning.message) for warning in told) == 1
    assert_same(found, trained(keras, twin(keras)))


@pytest.mark.filterwarnings("ignore:.*computed by differences")
def test_rows_that_depend_on_others(keras, define):
    layer = define("layer_r(function(x) sweep(x, 2, colMeans(x)), 4)")
    right = keras.layers.Lambda(lambda x: x - keras.ops.mean(x, axis=0, keepdims=True))
    found = trained(keras, layer)
    # Losses and predictions: the gradient of the bias before it is noise about 0.
    assert_same(found[:2], trained(keras, right)[:2], atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(keras, soft, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        layer = soft(4)
        assert layer.compute_dtype == policy.removeprefix("mixed_")
        found, right = trained(keras, layer), trained(keras, twin(keras))
    finally:
        keras.config.set_dtype_policy(before)
    assert_same(found, right, rtol=3e-2, atol=1e-2)


@pytest.mark.parametrize("shape", [(40, 2, 3), (40, 5, 1), (40, 2, 2, 2)], ids=str)
def test_arrays(keras, soft, shape):
    x = np.random.default_rng(2).normal(size=shape).astype("float32")
    y = np.zeros((*shape[:-1], 1), "float32")
    row = [*shape[1:-1], 4]
    assert_same(trained(keras, soft(row), x=x, y=y), trained(keras, twin(keras), x=x, y=y))


def test_what_the_function_gets_and_may_return(keras, define):
    told = define("""
      seen <- list()
      keep <- function(x) { seen <<- c(seen, list(dim(x))); x }
      list(keep = function(shape) layer_r(keep, shape, function(x, dy) dy), seen = function() seen,
           vector = layer_r(function(x) x[, 1], 1), none = layer_r(function(x) x[, 1], integer()))
    """)
    assert told["keep"](1)(X[:, :1]).shape == (40, 1)
    assert told["keep"]([3])(X).shape == (40, 3)
    assert told["seen"]() == [[40, 1], [40, 3]]
    np.testing.assert_allclose(np.asarray(told["vector"](X)), X[:, :1])
    np.testing.assert_allclose(np.asarray(told["none"](X)), X[:, 0])


@pytest.mark.filterwarnings("ignore:.*computed by differences")
def test_several_inputs_and_whole_numbers(keras, define):
    make = define("""
      scaled <- function(x) x[[1]] * c(2, 5)[x[[2]]] + x[[3]]
      function() layer_r(
        scaled, output_shape = 4,
        gradient = function(x, dy) list(dy * c(2, 5)[x[[2]]], NULL, dy)
      )
    """)
    bare = define("function() layer_r(scaled, output_shape = 4)")
    which = np.random.default_rng(3).integers(1, 3, size=(40, 1)).astype("int32")

    class Scaled(keras.layers.Layer):
        def call(self, inputs):
            a, at, b = inputs
            return a * keras.ops.cast(keras.ops.where(at == 1, 2, 5), a.dtype) + b

    def train(layer):
        keras.utils.set_random_seed(1)
        x, at = keras.layers.Input((3,)), keras.layers.Input((1,), dtype="int32")
        a, b = keras.layers.Dense(4)(x), keras.layers.Dense(4)(x)
        model = keras.Model([x, at], keras.layers.Dense(1)(layer([a, at, b])))
        model.compile("adam", "mse")
        history = model.fit([X, which], Y, epochs=2, batch_size=16, verbose=0)
        return [history.history["loss"], *model.get_weights()]

    right = train(Scaled())
    assert_same(train(make()), right)
    assert_same(train(bare()), right)


def test_whole_numbers_alone(keras, define):
    layer = define("layer_r(function(x) 2 * x, 2)")
    model = keras.Sequential([keras.layers.Input((2,), dtype="int32"), layer])
    found = model.predict(np.array([[1, 2], [3, 4]], "int32"), verbose=0)
    np.testing.assert_array_equal(found, [[2, 4], [6, 8]])


# ---- in R ----------------------------------------------------------------------------------------


def test_the_first_argument(keras, define):
    define(SOFT)
    for code in (
        "layer_r(soft, 4)", "layer_r(soft, output_shape = 4, gradient = soft_slope)",
        "layer_r(soft, 4, soft_slope)", "layer_r(NULL, soft, 4)",
        "layer_r(f = soft, output_shape = 4)",
        "layer_r(object = soft, 4)", "do.call(layer_r, list(soft, 4))", "layer_r(, soft, 4)",
    ):  # fmt: skip
        layer = define(code)
        assert layer.output_shape_of_row == (4,)
        assert (layer.gradient is None) == ("soft_slope" not in code)
    assert define("layer_r(soft, 4, name = 'own')").name == "own"


def test_in_pipes(keras, define):
    shapes = define(
        SOFT
        + """
      model <- keras_model_sequential(input_shape = 3) |> layer_dense(4) |>
        layer_r(soft, output_shape = 4, gradient = soft_slope) |> layer_dense(1)
      input <- layer_input(shape = 3)
      add <- function(x) x[[1]] + x[[2]]
      both <- layer_r(list(input, input), add, 3, function(x, dy) list(dy, dy))
      list(length(model$layers), dim(both), class(layer_r(input, soft, shape(3)))[[1]])
    """
    )
    assert shapes[0] == 3
    assert list(shapes[1])[1:] == [3]


# ---- errors --------------------------------------------------------------------------------------

FAILING = {
    "dims": (
        "x[, 1:2]",
        "layer `own`, batch 1: the function has returned an array of .* x 2, .* x 4",
    ),
    "transposed": ("t(x)", "has returned an array of 4 x 16, and must return an array of 16 x 4"),
    "kind": ("'x'", "layer `own`, batch 1: the function has returned the string"),
    "NA": (
        "replace(x, 2, NA)",
        "layer `own`, batch 1: the function has returned NA for row 2, colu",
    ),
    "error": ("stop('no such x')", "layer `own`, batch 1: no such x"),
    "operation": ("op_exp(x)", r"`op_exp\(\)` can't be used in the layer `own`"),
}
FAILING_GRADIENT = {
    "dims": ("dy[, 1]", "layer `own`, batch 1: the gradient is a vector of length 16, .* 16 x 4"),
    "NA": ("replace(dy, 3, NA)", "the gradient is NA for row 3, column 1"),
    "error": ("stop('no slope')", "gradient of the layer `own`, batch 1: no slope"),
    "list": ("list(dy, dy)", "the gradient is a list of 2, and there are 1 inputs"),
}


@pytest.mark.parametrize(
    ("value", "slope", "text"),
    [(value, "dy", text) for value, text in FAILING.values()]
    + [("x", slope, text) for slope, text in FAILING_GRADIENT.values()],
)
def test_what_fails_names_the_layer_and_leaves_the_model_usable(keras, define, value, slope, text):
    made = define(f"""
      is_right <- TRUE
      layer <- layer_r(function(x) if (is_right) x else {value}, 4,
                       function(x, dy) if (is_right) dy else {slope}, name = "own")
      list(layer = layer, set = function(to) is_right <<- to)
    """)
    model = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.Dense(4), made["layer"], keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    made["set"](False)
    with pytest.raises(Exception, match=text):
        model.fit(X, Y, batch_size=16, verbose=0)
    made["set"](True)
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"]).all()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("layer_r(NULL, 'x', 3)", "layer_r(): `f` must be an R function, not the string"),
        ("layer_r(function(x) x, 2.5)", "`output_shape` must be whole numbers"),
        ("layer_r(function(x) x)", "`output_shape` is missing: give the dims of a row"),
        ("layer_r(keras_model_sequential(), function(x) x)", "`output_shape` is missing"),
        ("layer_r(function(x) x, NA)", "`output_shape` must be whole numbers"),
        ("layer_r(function(x) x, 'a')", "`output_shape` must be whole numbers"),
        ("layer_r(function(x) x, 2, function(x) x)", "`gradient` is called with `x` and `dy`"),
        (
            "layer_r(function(x, y) x, 2)",
            "`f` is called with `x`, and it has the arguments `x`, `y`",
        ),
        ("layer_r(function(x) x, 2, name = 1)", "`name` must be a string"),
    ],
)
def test_what_is_found_at_definition(define, keras, code, text):
    with pytest.raises(Exception) as told:
        define(code)
    assert text in str(told.value)


# ---- files ---------------------------------------------------------------------------------------


def test_saved_and_loaded(keras, source, tmp_path):
    own = source(
        SOFT.replace("soft", "softer") + "make <- function() layer_r(softer, 4, softer_slope)"
    )
    layers = [keras.layers.Input((3,)), keras.layers.Dense(4), own.make(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    layer = loaded.layers[1]
    assert (layer.fn.__name__, layer.gradient.__name__) == ("softer", "softer_slope")
    assert layer.get_config() == model.layers[1].get_config()
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    fit = {"verbose": 0, "shuffle": False}
    assert loaded.fit(X, Y, **fit).history == model.fit(X, Y, **fit).history
    copy = keras.models.clone_model(model)
    assert copy.layers[1].fn.__name__ == "softer"
