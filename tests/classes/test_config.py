"""The configuration of an instance whose R class has no `get_config`. What a model is after a
journey through a file: surface/test_model_files.py.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

LAYER = """
  Scaling <- Layer("Scaling",
    initialize = function(by, times = sum(1, 1), label = "x", act = NULL, ...) {
      super$initialize(...)
      self$by <- by
      self$times <- times
      self$act <- act
    },
    call = function(inputs) inputs * self$by
  )
"""


def own(config: dict) -> dict:
    return {k: v for k, v in config.items() if k not in ("name", "trainable", "dtype")}


def test_the_arguments_that_were_given_and_the_literal_defaults(keras, define):
    layer = define(LAYER + "Scaling(3, name = 'mine')")
    assert own(layer.get_config()) == {"by": 3, "label": "x", "act": None}
    assert layer.get_config()["name"] == "mine" and layer.get_config()["trainable"] is True
    again = type(layer).from_config(layer.get_config())
    assert (again.by, again.times, again.name) == (3, 2, "mine")  # the other default is R's again
    assert again.get_config() == layer.get_config()


def test_what_was_set_later_is_kept(keras, define):
    layer = define(LAYER + "Scaling(3)")
    layer.trainable = False
    assert layer.get_config()["trainable"] is False
    assert type(layer).from_config(layer.get_config()).trainable is False


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ("c(1, 2)", [1, 2]),
        ("list(a = 1, b = 'x')", {"a": 1, "b": "x"}),
        ("NULL", None),
        ("matrix(1:4 / 2, 2)", None),
        ("function(x) x", None),
        ("initializer_constant(2)", None),
        ("list(layer_dense(units = 2), 3)", None),
    ],
)
def test_values_of_many_kinds(keras, define, given, config):
    layer = define(LAYER + f"{{ f <- {given}; Scaling(by = f) }}")
    said = layer.get_config()["by"]
    assert config is None or said == config
    with keras.saving.custom_object_scope({"f": define("f")} if "function" in given else {}):
        again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    if "matrix" in given:
        np.testing.assert_array_equal(again.by, [[0.5, 1.5], [1, 2]])


def test_a_class_over_a_class(keras, define):
    layer = define(
        LAYER
        + """
      Over <- Layer("Over", inherit = Scaling,
        initialize = function(power, ...) {
          super$initialize(by = 2^power, ...)
        })
      Plain <- Layer("Plain", inherit = Over)
      list(Over(3), Plain(power = 2))
    """
    )
    for made, power in zip(layer, (3, 2), strict=True):
        assert own(made.get_config()) == {"power": power}
        assert type(made).from_config(made.get_config()).by == 2**power


def test_a_get_config_of_the_class_is_the_class_s_affair(keras, define):
    layers = define(
        LAYER
        + """
      Own <- Layer("Own", inherit = Scaling,
        initialize = function(k, ...) {
          super$initialize(by = k, ...)
          self$k <- k
        },
        get_config = function() c(super$get_config(), list(k = self$k)))
      Under <- Layer("Under", inherit = Own,
        initialize = function(m, ...) super$initialize(k = m, ...))
      list(Own(3), Under(4))
    """
    )
    assert own(layers[0].get_config()) == {"k": 3}
    assert own(layers[1].get_config()) == {"k": 4, "m": 4}


def test_a_class_that_takes_no_name(keras, define):
    layer = define("""
      Closed <- Layer("Closed", initialize = function(by) {
        super$initialize()
        self$by <- by
      }, call = function(inputs) inputs)
      Closed(2)
    """)
    layer.trainable = False
    again = type(layer).from_config(layer.get_config())
    assert (again.by, again.trainable, again.name) == (2, False, layer.name)


@pytest.mark.parametrize(
    ("code", "config"),
    [
        ("Metric('M', initialize = function(k = 1, name = 'm', ...) super$initialize(name = name),"
         " update_state = function(y_true, y_pred, sample_weight = NULL) NULL,"
         " result = function() op_ones(1))(k = 3)", {"k": 3}),
        ("Loss('L', initialize = function(k = 1, ...) super$initialize(...),"
         " call = function(y_true, y_pred) y_pred)(k = 3)",
         {"k": 3, "reduction": "sum_over_batch_size"}),
        ("Constraint('C', initialize = function(k = 1) self$k <- k, call = function(w) w)(k = 3)",
         {"k": 3}),
        ("Regularizer('R', call = function(x) op_sum(x))()", {}),
        ("LearningRateSchedule('S', initialize = function(k = 1) self$k <- k,"
         " call = function(step) self$k)(3)", {"k": 3}),
    ],
)  # fmt: skip
def test_other_kinds_of_keras(keras, define, code, config):
    made = define(code)
    assert own(made.get_config()) == config
    assert type(made).from_config(made.get_config()).get_config() == made.get_config()


def test_a_model_class_keeps_what_it_was_given(keras, define):
    """Keras itself would save the default."""
    model = define("""
      Net <- Model("Net", initialize = function(units = 3, ...) {
        super$initialize(...)
        self$out <- layer_dense(units = units)
      }, call = function(inputs, training = FALSE) self$out(inputs))
      Net(5, name = "n")
    """)
    assert own(model.get_config()) == {"units": 5}
    assert type(model).from_config(model.get_config()).out.units == 5


def test_a_model_of_layers_is_made_from_them(keras, define):
    """Its `initialize` takes what Keras' own takes, so that is Keras' affair."""
    made = define("""
      Own <- Model("Own", initialize = function(inputs, outputs, ...) {
        super$initialize(inputs, outputs, ...)
      })
      Row(keras$Sequential) %py_class% {
        initialize <- function(...) super$initialize(...)
      }
      input <- keras_input(2)
      row <- Row(name = "row")
      row$add(keras_input(2))
      row$add(layer_dense(units = 3))
      list(Own(input, layer_dense(input, 1)), row)
    """)
    for model in made:
        again = type(model).from_config(model.get_config())
        assert type(again) is type(model) and len(again.layers) == len(model.layers)
        assert again.output_shape == model.output_shape


def test_an_initialize_that_gives_a_name_itself(keras, define):
    metric = define("""
      M <- Metric("M",
        initialize = function(k = 1, ...) {
          super$initialize(name = "m", ...)
          self$k <- k
        },
        update_state = function(y_true, y_pred, sample_weight = NULL) NULL,
        result = function() op_ones(1))
      M(k = 3)
    """)
    again = type(metric).from_config(metric.get_config())
    assert (again.k, again.name) == (3, "m")


def test_an_error_of_initialize_is_its_own(keras, define):
    made = define("""
      Picky <- Layer("Picky", initialize = function(k, ...) {
        if (k > 3) stop("k is too large")
        super$initialize(...)
      }, call = function(inputs) inputs)
      Picky(3)
    """)
    with pytest.raises(Exception, match="k is too large"):
        type(made).from_config(made.get_config() | {"k": 4})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("by = new.env()", "argument `by` is an R value"),
        ("by = quote(a + b)", "argument `by` is an R value"),
        ("by = list(1, new.env())", "argument `by` "),
        ("by = 1, act = py_eval('object()')", "argument `act` is of class `object`"),
    ],
)
def test_what_a_configuration_cannot_hold_is_named(keras, define, given, said):
    code = LAYER.replace("super$initialize(...)", "super$initialize()")
    layer = define(code + f"Scaling({given})")
    text = rf"the class `Scaling` has no `get_config`, and its {said}.*define `get_config ="
    with pytest.raises(NotImplementedError, match=text):
        layer.get_config()


def test_values_without_names_are_no_configuration(keras, define):
    layer = define("""
      Dots <- Layer("Dots", initialize = function(...) {
        super$initialize()
        self$all <- list(...)
      }, call = function(inputs) inputs)
      Dots(1, 2)
    """)
    with pytest.raises(NotImplementedError, match=r"argument `\.\.\.` has values without names"):
        layer.get_config()


def test_callbacks_and_plain_classes_have_no_configuration(define, keras):
    for code in (
        "Callback('C', initialize = function(k) self$k <- k)(3)",
        "PyClass('P', list(initialize = function(k) self$k <- k))(3)",
    ):
        made = define(code)
        assert not hasattr(made, "get_config") and "__r_arguments__" not in vars(made)


def test_the_kept_arguments_hold_no_instance(keras, define):
    layer = define(LAYER + "Scaling(3)")
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    define("gc(); NULL")
    gc.collect()
    assert gone() is None
