"""R definitions in the files of models: what is in there, who evaluates it, what a refusal says.
How each kind of class and function fares: surface/test_model_files.py.
"""

from __future__ import annotations

import itertools
import json
import zipfile

import numpy as np
import pytest

import pyclass_bridge
from pyclass_bridge.surface import custom_objects, definitions

X = np.ones((2, 4), "float32")

CODE = """
  factor <- {number}
  scaled <- function(x) x * factor
  Scaling <- Layer("Scaling",
    initialize = function(by, ...) {{
      super$initialize(...)
      self$by <- by
    }},
    call = function(inputs) scaled(inputs) * self$by
  )
  model <- keras_model_sequential(input_shape = 4) |>
    layer_dense(1, activation = scaled) |>
    Scaling(2)
"""

numbers = itertools.count(3)


def code() -> str:
    """R code that makes `model`. Each has another number, since a class of the same content is the
    one that this process knows, and the environment of a test ends with it."""
    return CODE.format(number=next(numbers))


@pytest.fixture
def elsewhere(monkeypatch):
    """No R definition is known, as in another session."""
    monkeypatch.setattr(custom_objects, "classes_named", lambda name: [])


@pytest.fixture(params=[".keras", ".h5", ""])
def saved(request, keras, define, tmp_path):
    """The path of a model that was saved with its definitions, in each format, and the model."""
    path = tmp_path / f"model{request.param}"
    options = {} if request.param else {"zipped": False}
    model = define(code() + "model")
    pyclass_bridge.save_model(model, path, **options)
    return path, model


def test_a_file_has_its_definitions_beside_the_model(saved, keras, elsewhere):
    path, model = saved
    assert definitions.names_in(path) == {"Scaling", "scaled"}
    again = keras.saving.load_model(path, safe_mode=False)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_the_refusal_names_the_class_and_the_remedies(saved, keras, elsewhere):
    path, _ = saved
    with pytest.raises(TypeError) as caught:
        keras.saving.load_model(path)
    said = str(caught.value)
    assert "Could not locate" in said and ("'Scaling'" in said or "'scaled'" in said)
    assert "source or import that file first" in said and "custom_objects" in said
    assert "The file has its R definition, which `safe_mode=False` evaluates" in said
    code = "function(path) tryCatch(load_model(path), error = conditionMessage)"
    in_r = pyclass_bridge.r(code)(str(path))
    assert "is not known: source() the R file that defines it" in in_r
    assert "load_model(safe_mode = FALSE)` evaluates the R definition in the file" in in_r


def test_nothing_is_evaluated_in_safe_mode(keras, define, tmp_path, elsewhere, monkeypatch):
    monkeypatch.setattr(definitions.pickle, "loads", lambda data: pytest.fail("it is evaluated"))
    path = tmp_path / "model.keras"
    pyclass_bridge.save_model(define(code() + "model"), path)
    given = define("list(Scaling = Scaling, scaled = scaled)")
    keras.saving.load_model(path, custom_objects=given)
    with pytest.raises(TypeError, match="Could not locate"):
        keras.saving.load_model(path)
    scope = keras.src.saving.serialization_lib.SafeModeScope(True)  # it counts more
    with scope, pytest.raises(TypeError, match="Could not locate"):
        keras.saving.load_model(path, safe_mode=False)


def test_what_the_user_gives_counts_more(keras, define, tmp_path):
    path = tmp_path / "model.keras"
    pyclass_bridge.save_model(define(code() + "model"), path)
    given = {"scaled": define("function(x) x * 5"), "Scaling": keras.layers.Identity}
    with pytest.raises((TypeError, ValueError)):  # Identity has no argument `by`
        keras.saving.load_model(path, custom_objects=given, safe_mode=False)
    again = keras.saving.load_model(
        path, custom_objects={"scaled": given["scaled"]}, safe_mode=False
    )
    assert again.layers[0].activation(1.0) == 5


def test_keras_reads_the_file_without_looking_at_them(saved, keras, define):
    path, model = saved
    again = define("load_model(path, custom_objects = list(Scaling, scaled))", path=str(path))
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            held = json.loads(archive.read(definitions.MEMBER))
        assert held["objects"] == {"Scaling": "class", "scaled": "function"}


def test_r_saves_definitions_if_they_are_asked_for(keras, define, tmp_path, elsewhere):
    path = tmp_path / "model.keras"
    define(code() + "save_model(model, path)", path=str(path))
    assert definitions.names_in(path) == set()
    define("save_model(model, path, overwrite = TRUE, definitions = TRUE)")
    assert definitions.names_in(path) == {"Scaling", "scaled"}
    bytes_in_r = define("""
      saved <- save_model(model, definitions = TRUE)
      x <- matrix(1, 2, 4)
      identical(predict(load_model(saved, safe_mode = FALSE), x), predict(model, x))
    """)
    assert bytes_in_r is True


def test_a_model_without_r_has_no_definitions(keras, tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    pyclass_bridge.save_model(model, tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert definitions.MEMBER not in archive.namelist()
    assert definitions.names_in(tmp_path / "none.keras") == set()


def test_a_definition_that_cannot_be_saved_leaves_the_former_file(keras, define, tmp_path):
    path = tmp_path / "model.keras"
    pyclass_bridge.save_model(define(code() + "model"), path)
    before = path.read_bytes()
    model = define("""
      connection <- file(tempfile(), "w")
      writes <- function(x) { writeLines("x", connection); x }
      keras_model_sequential(input_shape = 4) |> layer_dense(1, activation = identity) |>
        layer_lambda(function(x) { if (is.null(x)) writes(x); x })
    """)
    with pytest.raises(Exception, match="connection"):
        pyclass_bridge.save_model(model, path)
    define("close(connection)")
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == [path.name]


def test_definitions_of_another_version_are_an_error(keras, define, tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    with monkeypatch.context() as patch:
        patch.setattr(definitions, "_FORMAT", 99)
        pyclass_bridge.save_model(define(code() + "model"), path)
    with pytest.raises(ValueError, match="are of another version of pyclass_bridge"):
        keras.saving.load_model(path, safe_mode=False)


def test_damaged_definitions_are_one_sentence(keras, define, tmp_path):
    path, broken = tmp_path / "model.keras", tmp_path / "broken.keras"
    pyclass_bridge.save_model(define(code() + "model"), path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for member in old.namelist():
            new.writestr(member, "{" if member == definitions.MEMBER else old.read(member))
    with pytest.raises(
        Exception, match=r"broken\.keras is damaged: its R definitions can't be read"
    ):
        define("load_model(path, safe_mode = FALSE)", path=str(broken))
