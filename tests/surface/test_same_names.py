"""R classes of one name in a model that is saved. Functions: surface/test_functions.py."""

from __future__ import annotations

import json

import pytest

from pyclass_bridge.surface.same_names import classes_in, told_apart

TWO = """
  scaling <- function(by) {
    Scaling <- Layer("Scaling", call = function(inputs) inputs * by)
    Scaling
  }
  two <- scaling(2)
  three <- scaling(3)
  model <- keras_model_sequential(input_shape = 1) |> two() |> three()
"""


def test_two_classes_of_one_name_are_numbered_and_told(keras, define, tmp_path):
    define(TWO)
    with pytest.warns(UserWarning, match="has another class `Scaling`, so one is `r_globalenv>Sca"):
        model = define("model")
        model.save(tmp_path / "m.keras")
    names = [
        layer["registered_name"] for layer in json.loads(model.to_json())["config"]["layers"][1:]
    ]
    assert names == ["Scaling", "r_globalenv>Scaling"]
    with pytest.raises(ValueError, match="two classes are called `Scaling`"):
        keras.saving.load_model(tmp_path / "m.keras")
    given = {"Scaling": define("two"), "r_globalenv>Scaling": define("three")}
    again = keras.saving.load_model(tmp_path / "m.keras", custom_objects=given)
    assert float(again(define("matrix(1)"))[0, 0]) == 6


def test_keras_has_no_names_of_them_after_the_save(keras, define):
    from keras.src.saving import object_registration

    before = dict(object_registration.GLOBAL_CUSTOM_NAMES)
    define('Dense <- Layer("Dense", call = function(inputs) inputs)')
    model = define("keras_model_sequential(input_shape = 1) |> Dense()")
    with told_apart(model):
        named = keras.saving.get_registered_name(define("Dense"))
    assert named == "r_globalenv>Dense"
    assert before == object_registration.GLOBAL_CUSTOM_NAMES
    with pytest.raises(ZeroDivisionError), told_apart(model):
        raise ZeroDivisionError
    assert before == object_registration.GLOBAL_CUSTOM_NAMES


def test_a_registered_class_keeps_its_name(keras, define):
    registry = dict(keras.saving.get_custom_objects())
    define('Dense <- Layer("Dense", call = function(inputs) inputs)')
    define("register_keras_serializable(Dense, package = 'mine')")
    model = define("keras_model_sequential(input_shape = 1) |> Dense()")
    config = json.loads(model.to_json())
    assert config["config"]["layers"][1]["registered_name"] == "mine>Dense"
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(registry)
    from keras.src.saving import object_registration

    object_registration.GLOBAL_CUSTOM_NAMES.pop(define("Dense"))


def test_the_classes_in_a_model(keras, define):
    model = define("""
      Kept <- Constraint("Kept", call = function(w) w)
      Loss1 <- Loss("Loss1", call = function(y_true, y_pred) y_pred)
      Layer1 <- Layer("Layer1", call = function(inputs) inputs)
      model <- keras_model_sequential(input_shape = 1) |>
        layer_dense(1, kernel_constraint = Kept()) |> Layer1() |> Layer1()
      compile(model, "sgd", Loss1())
      model
    """)
    assert {cls.__name__ for cls in classes_in(model)} == {"Kept", "Loss1", "Layer1"}
    assert len(classes_in(model)) == 3
