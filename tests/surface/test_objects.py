"""R's functions on what Keras knows by name and what models have learnt: custom objects, state,
vocabularies, feature spaces, applications; against Keras itself.

Also of: surface/own.py, R/surface_state.R, R/surface_applications.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.r_scope import RScope

LAYER = """
Scaling <- Layer("Scaling",
  initialize = function(by = 2, ...) {
    super$initialize(...)
    self$by <- by
  },
  call = function(inputs) inputs * self$by,
  get_config = function() {
    config <- super$get_config()
    config$by <- self$by
    config
  })
"""


@pytest.fixture
def scope(keras):
    scope = RScope()
    registry = dict(keras.saving.get_custom_objects())
    yield scope
    scope("assign('registered', NULL, envir = pyclassbridge:::surface)")
    scope.close()
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(registry)


# ---- custom objects ----------------------------------------------------------------------------


def test_a_saved_model_is_loaded_in_a_custom_object_scope(scope, keras, tmp_path, monkeypatch):
    from pyclass_bridge.surface import custom_objects

    scope(LAYER)
    path = str(tmp_path / "model.keras")
    scope("""
      model <- keras_model_sequential(input_shape = 3) |> layer_dense(2)
      model$add(Scaling(by = 3))
      save_model(model, path)
    """, path=path)  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(custom_objects, "classes_named", lambda name: [])  # as in another session
        with pytest.raises(TypeError, match="Could not locate class 'Scaling'"):
            keras.models.load_model(path)
        loaded = scope("with_custom_object_scope(list(Scaling), load_model(path))")
    x = np.ones((2, 3), "float32")
    expected = scope("model")(x)
    np.testing.assert_array_equal(loaded(x), expected)
    assert "Scaling" not in keras.saving.get_custom_objects()


def test_a_scope_ends_with_an_error_too(scope, keras):
    scope(LAYER)
    with pytest.raises(RuntimeError, match="on purpose"):
        scope("with_custom_object_scope(list(Scaling), stop('on purpose'))")
    assert keras.saving.get_registered_object("Scaling") is None


def test_set_custom_objects_gives_what_was_there(scope, keras):
    scope(LAYER)
    scope("set_custom_objects(list(Mine = Scaling), clear = FALSE)")
    assert keras.saving.get_custom_objects()["Mine"] is scope("Scaling")
    before = scope("names(set_custom_objects())")
    assert before == "Mine" or "Mine" in before
    assert keras.saving.get_custom_objects() == {}
    with pytest.raises(RuntimeError, match="is a function that needs a name"):
        scope("set_custom_objects(list(function(x) x))")


def test_a_registered_class_is_loaded_by_its_name(scope, keras):
    scope(LAYER)
    scope("register_keras_serializable(Scaling, package = 'mine')")
    assert keras.saving.get_registered_name(scope("Scaling")) == "mine>Scaling"
    copy = scope("deserialize_keras_object(serialize_keras_object(Scaling(by = 5)))")
    assert copy.by == 5


def test_a_registered_function_is_known_wherever_it_crosses(scope, keras):
    scope("to_1 <- function(x) op_clip(x, 0, 1)")
    scope("registered <- register_keras_serializable(to_1, package = 'mine')")
    for name in ("registered", "to_1"):
        config = scope(f"serialize_keras_object(layer_dense(units = 1, activation = {name}))")
        layer = keras.saving.deserialize_keras_object(config)
        assert config["config"]["activation"]["config"] == "mine>to_1"
        assert float(layer.activation(keras.ops.convert_to_tensor(3.0))) == 1
    with pytest.raises(RuntimeError, match="an anonymous function needs `name`"):
        scope("register_keras_serializable(function(x) x)")


# ---- what models have learnt -------------------------------------------------------------------


def test_the_state_goes_out_and_in(scope, keras):
    model = scope("""
      model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
      model |> compile(optimizer = 'adam', loss = 'mse')
      model |> fit(matrix(1:8 / 8, 4), 1:4, epochs = 1, verbose = 0)
      state <- get_state_tree(model, 'numpy_array')
      model
    """)

    def values():
        return [v.numpy() for v in (*model.weights, *model.optimizer.variables)]

    before = values()
    scope("model |> fit(matrix(1:8 / 8, 4), 1:4, epochs = 1, verbose = 0)")
    assert not np.array_equal(before[0], values()[0])
    scope("set_state_tree(model, state)")
    for one, other in zip(before, values(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(RuntimeError, match="should be one of"):
        scope("get_state_tree(model, 'list')")


def test_vocabularies(scope, keras):
    assert scope("get_vocabulary(set_vocabulary(layer_text_vectorization(), c('a', 'cat')))") == [
        "", "[UNK]", "a", "cat"
    ]  # fmt: skip
    assert scope("get_vocabulary(set_vocabulary(layer_string_lookup(), 'one'), FALSE)") == "one"
    layer = scope("set_vocabulary(layer_integer_lookup(), c(12, 36))")
    assert layer.get_vocabulary() == [-1, 12, 36]


def test_a_vocabulary_of_a_file(scope, tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("the\ncat\n")
    code = "get_vocabulary(set_vocabulary(layer_string_lookup(), path), FALSE)"
    assert scope(code, path=str(path)) == ["the", "cat"]


def test_configurations_are_json(scope, keras, tmp_path):
    scope(LAYER)
    path = tmp_path / "model.json"
    scope("model <- keras_model_sequential(input_shape = 2)")
    scope("model$add(Scaling(by = 4))")
    scope("save_model_config(model, path)", path=str(path))
    assert path.read_text().strip() == scope("model").to_json()
    for source in ("path", "save_model_config(model)"):
        loaded = scope(f"load_model_config({source}, list(Scaling))")
        assert loaded.layers[0].by == 4
    with pytest.raises(RuntimeError, match="already exists; overwrite = TRUE replaces it"):
        scope("save_model_config(model, path)")


def test_weights_are_quantized_as_by_keras(scope, keras):
    model = scope("keras_model_sequential(input_shape = 4) |> layer_dense(2, name = 'out')")
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    with pytest.warns(UserWarning, match="InputLayer"):
        twin.quantize("int8")
        scope("quantize_weights(model, 'int8')", model=model)
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_generate_is_the_model_s_own(scope):
    class Echo:
        def generate(self, prompt, max_length=1):
            return [prompt] * max_length

    assert scope("generate(model, 'again', max_length = 2L)", model=Echo()) == ["again"] * 2


# ---- feature spaces ----------------------------------------------------------------------------


def test_a_feature_space_is_that_of_python(scope, keras):
    tf = pytest.importorskip("tensorflow")
    space = scope("""
      layer_feature_space(
        features = list(
          size = feature_float_rescaled(scale = 0.5), kind = feature_string_categorical(),
          code = feature_integer_hashed(num_bins = 4),
          bin = feature_float_discretized(num_bins = 3),
          own = feature_custom("float32", layer_rescaling(scale = 2), "float"),
          raw = feature_float(), norm = feature_float_normalized(),
          word = feature_string_hashed(num_bins = 4), number = feature_integer_categorical()
        ),
        crosses = list(feature_cross(c("kind", "code"), crossing_dim = 8))
      )
    """)
    make = keras.utils.FeatureSpace
    twin = make(
        features={
            "size": make.float_rescaled(scale=0.5), "kind": make.string_categorical(),
            "code": make.integer_hashed(num_bins=4), "bin": make.float_discretized(num_bins=3),
            "own": make.feature("float32", keras.layers.Rescaling(scale=2), "float"),
            "raw": make.float(), "norm": make.float_normalized(),
            "word": make.string_hashed(num_bins=4), "number": make.integer_categorical(),
        },
        crosses=[make.cross(("kind", "code"), crossing_dim=8)],
    )  # fmt: skip
    data = {
        "size": [1.0, 2.0, 3.0], "kind": ["a", "b", "a"], "code": [1, 2, 3],
        "bin": [1.0, 5.0, 9.0], "own": [1.0, 2.0, 3.0], "raw": [1.0, 2.0, 3.0],
        "norm": [1.0, 2.0, 3.0], "word": ["x", "y", "z"], "number": [7, 8, 7],
    }  # fmt: skip
    for each in (space, twin):
        each.adapt(tf.data.Dataset.from_tensor_slices(data))
    encoded = scope("as.matrix(space(data))", space=space, data=data)
    np.testing.assert_array_equal(encoded, np.array(twin(data)))


def test_feature_names_is_another_name(scope):
    assert list(scope("layer_feature_space(feature_names = list(a = 'float'))").features) == ["a"]
    with pytest.raises(TypeError, match="`feature_names` is another name of `features`"):
        scope("layer_feature_space(list(), list(a = 'float'), feature_names = list(a = 'float'))")


# ---- arguments of R's own ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("op_arange(3)", [1, 2, 3]),
        ("op_arange(3L)", [1, 2, 3]),
        ("op_arange(end = 3)", [1, 2, 3]),
        ("op_arange(3, 7)", [3, 4, 5, 6, 7]),
        ("op_arange(3, 1)", [3, 2, 1]),
        ("op_arange(-2L)", [1, 0, -1, -2]),
        ("op_arange(2, 2)", [2]),
        ("op_arange(1, 10, 3)", [1, 4, 7, 10]),
        ("op_arange(1, 9, 3)", [1, 4, 7]),
        ("op_arange(5L, 1L, -2L)", [5, 3, 1]),
        ("op_arange(0, 0.3, 0.1)", [0, 0.1, 0.2, 0.3]),
        ("op_arange(3, dtype = 'int32')", [1, 2, 3]),
        ("op_arange(op_array(3L))", [1, 2, 3]),
        ("op_arange(3, include_end = FALSE)", [1, 2]),
        ("op_arange(0L, 3L, include_end = FALSE)", [0, 1, 2]),
        ("op_arange(5L, 1L, include_end = FALSE)", [5, 4, 3, 2]),
        ("op_pmax(c(1, 5), c(3, 2))", [3, 5]),
        ("op_pmin(c(1, 5), c(3, 2))", [1, 2]),
        ("op_maximum(c(1, 5), 3)", [3, 5]),
    ],
)
def test_ranges_and_extremes(scope, keras, code, expected):
    np.testing.assert_allclose(keras.ops.convert_to_numpy(scope(code)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("code", "dtype"),
    [
        ("op_arange(3)", "float32"),
        ("op_arange(3L)", "int32"),
        ("op_arange(1L, 2)", "float32"),
        ("op_arange(1, op_array(3L))", "int32"),
        ("op_arange(3, dtype = 'int64')", "int64"),
    ],
)
def test_the_type_of_a_range_is_that_of_its_ends(scope, keras, code, dtype):
    if keras.backend.backend() == "jax":
        dtype = dtype.replace("64", "32")
    assert keras.backend.standardize_dtype(scope(code).dtype) == dtype


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("op_arange(10, 1, 3)", r"steps of 3 do not lead from 10 to 1: change `step` or its sign"),
        ("op_arange(1, 3, 0)", r"steps of 0 do not lead from 1 to 3"),
        ("op_arange(c(1, 2))", r"op_arange\(\) takes single numbers, not list"),
        ("op_arange()", r"op_arange\(\) needs the argument `start`"),
    ],
)
def test_a_range_that_leads_nowhere_is_an_error(scope, code, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        scope(code)


def test_arguments_of_functions_are_for_computing(scope, keras):
    y_true, y_pred = np.array([[[1.0, 0.0]], [[0.9, 0.2]]], "float32")
    value = scope("metric_binary_crossentropy(a, b, axis = 2)", a=y_true, b=y_pred)
    twin = keras.metrics.binary_crossentropy(y_true, y_pred, axis=1)
    np.testing.assert_allclose(value, twin, rtol=1e-5)
    with pytest.raises(TypeError, match="takes `axis` only together with `y_true` and `y_pred`"):
        scope("metric_binary_crossentropy(axis = 2)")
    assert isinstance(scope("loss_circle(gamma = 2)"), keras.losses.Loss)


def test_arguments_that_keras_takes_by_name(scope, keras):
    assert scope("layer_conv_lstm_1d(filters = 1, kernel_size = 1, unroll = TRUE)").unroll is True
    assert scope("layer_string_lookup(vocabulary_dtype = 'string')").vocabulary_dtype == "string"
    with pytest.raises(ValueError, match="there is layer_integer_lookup"):
        scope("layer_string_lookup(vocabulary_dtype = 'int64')")
    with pytest.raises(ValueError, match="set `clipnorm` on the `inner_optimizer`"):
        scope("optimizer_loss_scale(optimizer_sgd(), clipnorm = 1)")
    image = np.arange(48, dtype="float32").reshape(4, 4, 3)
    smart = keras.preprocessing.image.smart_resize(image, (2, 2))
    code = "image_smart_resize(x, c(2, 2), backend_module = import('keras.src.backend'))"
    given = scope(code, x=image)
    np.testing.assert_array_equal(given, smart)


def test_a_pipeline_takes_its_layers_first(scope, keras):
    pipeline = scope("layer_pipeline(list(layer_rescaling(scale = 2), layer_rescaling(scale = 3)))")
    assert isinstance(pipeline, keras.layers.Pipeline) and len(pipeline.layers) == 2


def test_a_data_set_is_r_s_or_numpy_s(scope, keras, monkeypatch):
    x, y = np.zeros((2, 3), "uint8"), np.array([1, 0], "uint8")
    from pyclass_bridge.surface import own

    monkeypatch.setattr(own, "_downloaded", lambda *args: ((x, y), (x, y)))
    scope("c(c(x, y), c(test_x, test_y)) %<-% dataset_mnist()")
    assert scope("list(is.matrix(x), is_py_object(y), class(y))")[:2] == [True, False]
    scope("c(c(x, y), c(test_x, test_y)) %<-% dataset_mnist(convert = FALSE)")
    assert scope("is_py_object(x) && is_py_object(test_y)") is True
    assert scope("dataset_mnist(convert = FALSE)$train$x") is x


# ---- applications ------------------------------------------------------------------------------


def test_an_application_knows_its_preprocessing(scope, keras):
    code = "model <- application_mobilenet_v2(weights = NULL, input_shape = c(32, 32, 3))"
    scope(code)
    x = np.arange(32 * 32 * 3, dtype="float64").reshape(1, 32, 32, 3) % 256
    given = scope("application_preprocess_inputs(model, x)", x=x)
    np.testing.assert_array_equal(given, keras.applications.mobilenet_v2.preprocess_input(x.copy()))
    plain = scope("imagenet_preprocess_input(x)", x=x)
    expected = keras.applications.imagenet_utils.preprocess_input(x.copy())
    np.testing.assert_array_equal(plain, expected)
    with pytest.raises(ValueError, match=r"use imagenet_preprocess_input\(\)"):
        scope("application_preprocess_inputs(keras_model_sequential(), x)", x=x)


def test_predictions_are_data_frames(scope, keras, monkeypatch):
    from keras.src.applications import imagenet_utils

    classes = {str(i): [f"n{i}", f"class {i}"] for i in range(1000)}
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX", classes)
    scores = np.zeros((2, 1000))
    scores[0, 7], scores[0, 3], scores[1, 1] = 0.6, 0.3, 0.9
    frames = scope("decoded <- imagenet_decode_predictions(preds, top = 2)", preds=scores)
    assert len(frames) == 2
    assert scope("decoded[[1]]$class_description") == ["class 7", "class 3"]
    assert scope("c(decoded[[1]]$score, decoded[[2]]$score[1])") == [0.6, 0.3, 0.9]
    scope("model <- application_mobilenet_v2(weights = NULL, input_shape = c(32, 32, 3))")
    assert scope("identical(application_decode_predictions(model, preds, top = 2), decoded)")
