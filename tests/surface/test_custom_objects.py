"""The R classes and functions that a configuration names, found without `custom_objects`: which of
several, which not, and what the errors say. Through files: surface/test_model_files.py.
"""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
import pytest

import pyclass_bridge
from pyclass_bridge.bridge.source import forget_sourced
from pyclass_bridge.surface.custom_objects import Reference, references

SCALING = """
  Scaling <- Layer("Scaling",
    initialize = function(by = {by}, ...) {{
      super$initialize(...)
      self$by <- by
    }},
    call = function(inputs) inputs * {by}
  )
  act <- function(x) x * {by}
  model <- function() {{
    keras_model_sequential(input_shape = 2) |> layer_dense(2, activation = act) |> Scaling()
  }}
"""
X = np.ones((1, 2), "float32")


@pytest.fixture
def file(keras, tmp_path):
    """`file("name", by)` sources a file of this name that defines Scaling and `act`."""

    def source(name: str, by: int, folder: str = "."):
        path = tmp_path / folder / f"{name}.R"
        path.parent.mkdir(exist_ok=True)
        path.write_text(SCALING.format(by=by))
        return pyclass_bridge.source(path)

    forget_sourced()
    yield source
    forget_sourced()


# ---- which class -------------------------------------------------------------------------------


def test_a_class_that_was_sourced_is_found_by_every_reader(file, keras, tmp_path):
    layers = file("layers", 3)
    model = layers.model()
    model.save(tmp_path / "m.keras")
    config = keras.saving.serialize_keras_object(model.layers[-1])
    assert type(keras.saving.deserialize_keras_object(config)) is layers.Scaling
    assert type(keras.layers.deserialize(config)) is layers.Scaling
    for again in (
        keras.saving.load_model(tmp_path / "m.keras"),
        keras.models.load_model(tmp_path / "m.keras"),
        keras.models.model_from_json(model.to_json()),
        keras.models.clone_model(model),
        type(model).from_config(model.get_config()),
        pyclass_bridge.r("function(path) load_model(path)")(str(tmp_path / "m.keras")),
    ):
        assert type(again.layers[-1]) is layers.Scaling
        assert again.layers[0].activation(1.0) == 3


def test_a_class_that_was_imported_is_found(keras, tmp_path, monkeypatch):
    (tmp_path / "imported_layers.R").write_text(SCALING.format(by=6))
    monkeypatch.syspath_prepend(tmp_path)
    pyclass_bridge.enable_imports()
    import imported_layers

    imported_layers.model().save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert type(again.layers[-1]) is imported_layers.Scaling
    assert again.layers[0].activation(1.0) == 6
    del sys.modules["imported_layers"]
    forget_sourced()


def test_nothing_is_added_to_the_registry_of_keras(file, keras, tmp_path):
    before = dict(keras.saving.get_custom_objects())
    file("layers", 3).model().save(tmp_path / "m.keras")
    keras.saving.load_model(tmp_path / "m.keras")
    assert dict(keras.saving.get_custom_objects()) == before


def test_a_file_need_not_be_kept_by_the_user(file, keras, tmp_path):
    import gc

    file("layers", 3).model().save(tmp_path / "m.keras")
    file("other", 4)  # no name has it
    gc.collect()
    again = keras.saving.load_model(tmp_path / "m.keras", custom_objects={"act": abs})
    assert again.layers[-1].by == 3


def test_a_class_that_is_defined_again_is_the_newest(file, keras, tmp_path):
    old = file("layers", 3)
    old.model().save(tmp_path / "m.keras")
    new = file("layers", 5)
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert type(again.layers[-1]) is new.Scaling and type(again.layers[-1]) is not old.Scaling
    assert again.layers[0].activation(1.0) == 5


def test_a_class_of_the_global_environment_is_the_newest(keras, r, tmp_path):
    for by in (3, 5):
        r(SCALING.format(by=by) + f"save_model(model(), '{tmp_path}/m{by}.keras')")
    again = keras.saving.load_model(tmp_path / "m3.keras")
    assert float(again.layers[-1](X)[0, 0]) == 5 and again.layers[0].activation(1.0) == 5
    r("rm(Scaling, act, model)")


def test_each_file_has_its_class(file, keras, tmp_path):
    one, other = file("one", 3), file("other", 5)
    for layers in (one, other):
        layers.model().save(tmp_path / "m.keras")
        again = keras.saving.load_model(tmp_path / "m.keras", custom_objects={"act": layers.act})
        assert type(again.layers[-1]) is layers.Scaling


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_classes_of_one_name_do_not_clash_silently(file, keras, tmp_path, ending):
    one, other = file("layers", 3), file("layers", 5, "elsewhere")
    path = tmp_path / f"m{ending}"
    one.model().save(path)
    with pytest.raises(ValueError) as caught:
        keras.saving.load_model(path, custom_objects={"act": one.act})
    for part in ("two classes are called `Scaling`", "/layers.R and of ", "elsewhere/layers.R",
                 "Give the right one in `custom_objects`, as `Scaling`"):  # fmt: skip
        assert part in str(caught.value)
    given = {"Scaling": other.Scaling, "act": other.act}
    again = keras.saving.load_model(path, custom_objects=given)
    assert type(again.layers[-1]) is other.Scaling
    with pytest.raises(ValueError, match="two functions are called `act`"):
        keras.saving.load_model(path, custom_objects={"Scaling": one.Scaling})


def test_a_class_of_another_file_is_taken_with_a_warning(file, keras, tmp_path):
    file("one", 3).model().save(tmp_path / "m.keras")
    forget_sourced()
    model = json.loads(file("two", 5).model().to_json())
    model["config"]["layers"][-1]["module"] = "one"
    import gc

    gc.collect()
    with pytest.warns(
        UserWarning, match=r"the class `Scaling` of `one`; that of .*two\.R is taken"
    ):
        again = keras.models.model_from_json(json.dumps(model))
    assert again.layers[-1].by == 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model["config"]["layers"][-1]["module"] = "r_globalenv"  # it has moved into a file
        keras.models.model_from_json(json.dumps(model))


# ---- names of Keras and of others ----------------------------------------------------------------


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_class_does_not_take_over_one_of_keras(keras, tmp_path, ending):
    path = tmp_path / "own.R"
    path.write_text("""
      Dense <- Layer("Dense",
        initialize = function(units, ...) {
          super$initialize(...)
          self$units <- units
        },
        call = function(inputs) inputs * self$units)
      model <- function() {
        keras_model_sequential(input_shape = 2) |> layer_dense(1) |> Dense(units = 4)
      }
    """)
    own = pyclass_bridge.source(path)
    model = own.model()
    model.save(tmp_path / f"m{ending}")
    again = keras.saving.load_model(tmp_path / f"m{ending}")
    assert [type(layer) for layer in again.layers] == [keras.layers.Dense, own.Dense]
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain.save(tmp_path / f"plain{ending}")
    layers = keras.saving.load_model(tmp_path / f"plain{ending}").layers
    assert type(layers[0]) is keras.layers.Dense
    forget_sourced()


def test_what_is_registered_or_in_a_scope_comes_first(file, keras, tmp_path):
    layers, other = file("layers", 3), file("other", 5)
    layers.model().save(tmp_path / "m.keras")
    with keras.saving.custom_object_scope({"Scaling": other.Scaling, "act": other.act}):
        again = keras.saving.load_model(tmp_path / "m.keras")
    assert type(again.layers[-1]) is other.Scaling and again.layers[0].activation(1.0) == 5


def test_a_user_s_relu_is_found_by_the_name_it_was_saved_with(keras, tmp_path):
    path = tmp_path / "acts.R"
    path.write_text("""
      relu <- function(x) x * 7
      model <- function() {
        keras_model_sequential(input_shape = 2) |> layer_dense(1, activation = relu)
      }
    """)
    with pytest.warns(UserWarning, match="yours is `relu_1`"):
        pyclass_bridge.source(path).model().save(tmp_path / "m.keras")
    assert keras.saving.load_model(tmp_path / "m.keras").layers[0].activation(1.0) == 7
    forget_sourced()


@pytest.mark.parametrize("name", ["system", "quit", "local_function", "active", "not_a_function"])
def test_only_the_user_s_own_functions_are_found(keras, r, tmp_path, name):
    r("""
      (function() { local_function <- function(x) x })()
      makeActiveBinding("active", function() stop("it is evaluated"), globalenv())
      not_a_function <- 3
    """)
    layer = keras.layers.Dense(1, activation=abs_of_mine)
    config = keras.saving.serialize_keras_object(layer)
    config["config"]["activation"]["config"] = name
    with pytest.raises((TypeError, ValueError), match=name):
        keras.saving.deserialize_keras_object(config)
    r("rm(active, not_a_function)")


def abs_of_mine(x):
    return abs(x)


# ---- errors and configurations -------------------------------------------------------------------


def test_an_unknown_class_is_an_error_with_remedies(file, keras):
    config = json.loads(file("layers", 3).model().to_json())
    config["config"]["layers"][-1] |= {"class_name": "Scalling", "registered_name": "Scalling"}
    with pytest.raises(TypeError) as caught:
        keras.models.model_from_json(json.dumps(config))
    assert str(caught.value) == (
        "Could not locate class 'Scalling' of the module `layers`. If an R file defines it, source "
        "or import that file first; else give it as `custom_objects={'Scalling': ...}`."
    )
    assert isinstance(caught.value.__cause__, TypeError)  # that of Keras


def test_errors_of_other_kinds_stay_keras_s(keras):
    config = keras.saving.serialize_keras_object(keras.layers.Dense(1))
    config["config"]["units"] = "many"
    with pytest.raises((TypeError, ValueError)) as caught:
        keras.saving.deserialize_keras_object(config)
    assert "Could not locate" not in str(caught.value)


def test_the_references_of_a_configuration(keras):
    inner = {"class_name": "Own", "config": {"f": {"class_name": "function", "config": "g"}}}
    config = {
        "module": "keras", "registered_name": None, "class_name": "Sequential", "config": {
            "layers": [
                inner | {"module": "a", "registered_name": "a>Own"},
                {"module": "keras.layers", "class_name": "Dense", "config": {}},
                {"class_name": "Dense", "config": {"activation": "h"}},
                {"class_name": "__tensor__", "config": {"value": 1}},
                inner,
            ],
        },
    }  # fmt: skip
    assert references(config) == [
        Reference("class", "a>Own", "Own", "a"),
        Reference("function", "g", "g"),
        Reference("class", "Own", "Own"),
    ]
    compiled = {
        "optimizer_config": {},
        "loss": {"a": "mine", "b": "mse"},
        "metrics": [["acc", "m"]],
    }
    assert {r.key for r in references(compiled)} == {"mine", "m"}
    assert references([1, "x", None]) == []
