"""Layers of `Layer()` in a pipe, tensors as R sees them, and classes of Keras' bases.

Of: surface/calls.py, classes/required.py, R/classes_factory.R.
"""

from __future__ import annotations

import pytest
from support.r_scope import RScope

from pyclass_bridge import RError

keras = pytest.importorskip("keras")

CODE = """
Scaled <- Layer("Scaled",
  initialize = function(scale = 2, ...) {
    super$initialize(...)
    self$scale <- scale
  },
  call = function(inputs) { self$width <- inputs$shape[[2]]; inputs * self$scale },
  get_config = function() c(super$get_config(), list(scale = self$scale)))
Strict <- Layer("Strict",
  initialize = function(scale) { super$initialize(); self$scale <- scale },
  call = function(inputs) inputs * self$scale)
Plain <- Layer("Plain", call = function(inputs) inputs + 1)
"""


@pytest.fixture
def ns(source):
    return source(CODE)


@pytest.fixture
def scope():
    scope = RScope()
    scope(CODE)
    yield scope
    scope.close()


def test_onto_a_tensor(scope):
    assert isinstance(scope("keras_input(shape = 4) |> Scaled(3)"), keras.KerasTensor)
    assert isinstance(scope("keras_input(shape = 4) |> Strict(3)"), keras.KerasTensor)
    assert isinstance(scope("Plain(keras_input(shape = 4))"), keras.KerasTensor)


def test_onto_a_sequential_model(scope):
    model = scope(
        "keras_model_sequential(input_shape = 4) |> layer_dense(2) |> Scaled(scale = 0.5)"
    )
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Scaled"]
    assert model.layers[1].scale == 0.5


@pytest.mark.parametrize("arguments", ["(7)", "(scale = 7)", "(, 7)", "(NULL, 7)"])
def test_alone(scope, arguments):
    assert scope(f"Strict{arguments}").scale == 7.0
    assert scope("do.call(Strict, list(7))").scale == 7.0
    assert float(scope("Plain()(as_tensor(1))")) == 2.0


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("Strict(1, 2)", r"Strict\(\) takes 1 argument .* 2 were given"),
        ("Strict(sclae = 3)", "no argument `sclae`; did you mean `scale`"),
    ],
)
def test_wrong_arguments(scope, code, text):
    with pytest.raises(RError, match=text):
        scope(f"keras_input(shape = 4) |> {code}")


def test_from_config_of_a_layer_whose_argument_begins_like_keras(source, r):
    ns = source(
        """
        L <- Layer("L",
          initialize = function(trainable_scale = 1, ...) {
            super$initialize(...)
            self$trainable_scale <- trainable_scale
          },
          call = function(x) x * self$trainable_scale,
          get_config = function() {
            c(super$get_config(), list(trainable_scale = self$trainable_scale))
          })
        """
    )
    layer = ns.L(trainable=False)
    assert (layer.trainable_scale, layer.trainable) == (1.0, False)
    again = ns.L.from_config(ns.L(trainable_scale=3).get_config())
    assert again.trainable_scale == 3.0


def test_shapes_count_from_1(ns, r):
    assert r("op_ones(c(2L, 3L, 5L))$shape[[1]]") == 2
    assert r("as.integer(op_ones(c(2L, 3L, 5L))$shape)") == [2, 3, 5]
    assert r("keras_input(shape = 4)$shape[[2]]") == 4
    layer = ns.Scaled()
    layer(keras.ops.ones((2, 3)))
    assert layer.width == 3


def test_a_shape_without_a_rank_stays_an_object(r):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow has shapes without a rank")
    import tensorflow as tf

    assert r("function(s) is_py_object(s)")(tf.TensorShape(None)) is True


def test_as_tensor_takes_a_shape(r):
    assert r("function() as_tensor(1:6, shape = c(2, 3))")().shape == (2, 3)
    assert r("function() as_tensor(0, shape = c(2, 3))")().shape == (2, 3)
    assert r("function() as_tensor(1:6, shape = c(NA, 3))")().shape == (2, 3)
    assert r("function() as_tensor(1:6, shape = shape(3, NA))")().shape == (3, 2)
    assert r("function() as_tensor(1:6, shape = -1)")().shape == (6,)
    assert r("function() as_tensor(5, shape = c(NA, 1))")().shape == (1, 1)
    with pytest.raises(Exception, match="no argument `foo`"):
        r("as_tensor(1, foo = 3)")


def test_vectors_for_every_backend(r):
    both = "as.numeric(op_where(c(TRUE, FALSE), c(1, 2), c(3, 4)))"
    assert r(both) == [1.0, 4.0]
    assert r("as.integer(op_top_k(c(1, 9, 5), k = 2)[[2]])") == [2, 3]


def test_custom_objects_without_names(ns, r, tmp_path):
    path = tmp_path / "model.keras"
    inputs = keras.Input((2,))
    keras.Model(inputs, ns.Scaled(3.0)(inputs)).save(path)
    again = r("function(path, S) load_model(path, custom_objects = list(S))")(str(path), ns.Scaled)
    assert again.layers[-1].scale == 3.0


def test_a_class_where_its_instance_belongs(source, r):
    ns = source('Rate <- LearningRateSchedule("Rate", call = function(step) 0.1)')
    with pytest.raises(TypeError, match=r"`learning_rate` is the class `Rate`.*forget `\(\)`"):
        r("function(Rate) optimizer_sgd(learning_rate = Rate)")(ns.Rate)


@pytest.mark.parametrize("kind", ["Metric", "Layer", "Loss", "Model", "EarlyStopping"])
def test_an_initialize_without_super(source, kind):
    base = (
        "Callback('A', inherit = callback_early_stopping,"
        if kind == "EarlyStopping"
        else (f"{kind}('A',")
    )
    ns = source(f"A <- {base} initialize = function() NULL)")
    with pytest.raises(RuntimeError, match=r"`initialize` of class `A` .*super\$initialize"):
        ns.A()


def test_a_plain_callback_needs_no_super(source):
    ns = source("A <- Callback('A', initialize = function() self$n <- 1)")
    assert ns.A().n == 1.0


def test_call_is_known_to_super_and_to_raw_classes(source):
    ns = source(
        """
        Doubled <- Constraint("Doubled", inherit = keras$constraints$NonNeg,
          call = function(w) super$call(w) * 2)
        Half <- Initializer("Half", call = function(shape, dtype = NULL, ...) op_ones(shape) / 2)
        Seven(Half) %py_class% { call <- function(shape, dtype = NULL, ...) op_ones(shape) * 7 }
        """
    )
    assert keras.ops.convert_to_numpy(ns.Doubled()(keras.ops.array([-1.0, 2.0]))).tolist() == [0, 4]
    assert float(keras.ops.sum(ns.Seven()((2,)))) == 14.0


def test_values_of_python_objects(r):
    assert r("as.vector(py_eval('range(3)'))") == [0, 1, 2]
    with pytest.raises(Exception, match=r"as.matrix\(\): .* has no R value"):
        r("as.matrix(py_eval('object()'))")
