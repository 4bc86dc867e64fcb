"""Losses in plain R in files: models that are saved and loaded, configurations, pickles, copies.

Of: plain_r/loss.py, R/plain_r_loss.R.
"""

from __future__ import annotations

import copy
import gc
import pickle

import numpy as np
import pytest

CODE = """
  cubed <- function(y_true, y_pred) abs(y_true - y_pred)^3
  cubed_slope <- function(y_true, y_pred) 3 * (y_pred - y_true) * abs(y_true - y_pred)
  loss <- function(...) loss_r(cubed, gradient = cubed_slope, ...)
"""
X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=40).astype("float32")


def model_of(keras, loss):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), loss)
    return model


def train(model):
    return model.fit(X, Y, epochs=2, verbose=0, shuffle=False).history["loss"]


@pytest.fixture
def sourced(source, request):
    """The functions of a file, with names that no other test has."""
    own = f"cubed_{abs(hash(request.node.name))}"
    namespace = source(CODE.replace("cubed", own))
    namespace.own = own
    return namespace


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_model_is_loaded_with_its_loss_and_trained_on(keras, sourced, tmp_path, ending):
    loss = sourced.loss(name="third", reduction="sum")
    model = model_of(keras, loss)
    train(model)
    path = tmp_path / f"model.{ending}"
    model.save(path)
    loaded = keras.saving.load_model(path)
    found = loaded.loss
    assert type(found) is type(loss)
    assert (found.name, found.reduction) == ("third", "sum")
    assert (found.fn.__name__, found.gradient.__name__) == (sourced.own, f"{sourced.own}_slope")
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    if ending == "keras":  # Keras can't train on with an optimizer of an .h5 file
        assert train(loaded) == train(model)


def test_from_the_global_environment_by_r(keras, r, tmp_path):
    r("function(code) eval(parse(text = code), globalenv())")(CODE.replace("cubed", "fourth"))
    first, second = r("""
      function(path, x, y) {
        set_random_seed(1)
        model <- keras_model_sequential(input_shape = 3) |> layer_dense(1)
        model |> compile(optimizer = "sgd", loss = loss_r(fourth, fourth_slope))
        model |> fit(x, y, epochs = 1, verbose = 0)
        save_model(model, path)
        loaded <- load_model(path)
        list(evaluate(model, x, y, verbose = 0)$loss, evaluate(loaded, x, y, verbose = 0)$loss)
      }
    """)(str(tmp_path / "model.keras"), X, Y)
    assert first == second


def test_a_function_that_is_not_there_is_an_error_that_names_it(keras, define, tmp_path):
    define(CODE.replace("cubed", "gone"))
    model = model_of(keras, define("loss()"))
    model.save(tmp_path / "model.keras")
    del model
    define("rm(gone, gone_slope, loss)")
    keras.backend.clear_session()
    gc.collect()
    with pytest.raises(Exception, match="Could not locate function 'gone'"):
        keras.saving.load_model(tmp_path / "model.keras")
    define(CODE)
    names = {"gone": define("cubed"), "gone_slope": define("cubed_slope")}
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects=names)
    assert train(loaded) == train(model_of(keras, define("loss()")))


def test_the_name_is_that_of_the_function(keras, define):
    define(CODE)
    assert define("loss()").name == "cubed"
    assert define("loss_r(cubed)").fn.__name__ == "cubed"
    anonymous = define("loss_r(function(y_true, y_pred) y_pred, function(y_true, y_pred) 1)")
    assert isinstance(anonymous.name, str)


def test_configurations(keras, sourced):
    loss = sourced.loss(reduction="none")
    config = loss.get_config()
    assert config["reduction"] == "none"
    names = {f.__name__: f for f in (loss.fn, loss.gradient)}
    again = keras.losses.deserialize(keras.losses.serialize(loss), custom_objects=names)
    assert again.get_config() == config
    bare = type(loss)(loss.fn)
    assert bare.get_config()["gradient"] is None
    assert type(bare).from_config({"fn": loss.fn}).fn is loss.fn


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_pickles_and_copies(keras, sourced, copied):
    loss = sourced.loss(name="third")
    value = float(loss(Y, Y + 1))
    again = copied(loss)
    assert again is not loss
    assert again.name == "third"
    assert float(again(Y, Y + 1)) == value
    assert train(model_of(keras, again)) == train(model_of(keras, loss))


def test_a_model_with_such_a_loss_is_pickled(keras, sourced):
    model = model_of(keras, sourced.loss())
    train(model)
    again = pickle.loads(pickle.dumps(model))
    assert train(again) == train(model)


def test_two_functions_of_one_name_are_numbered(keras, define, tmp_path):
    first = define("cubed <- function(y_true, y_pred) abs(y_true - y_pred)^3\nloss_r(cubed)")
    second = define("cubed <- function(y_true, y_pred) abs(y_pred)^3\nloss_r(cubed)")
    x = keras.layers.Input((3,))
    outputs = [keras.layers.Dense(1, name=name)(x) for name in "ab"]
    model = keras.Model(x, outputs)
    model.compile("sgd", [first, second])
    with pytest.warns(match="another function `cubed`, so yours is `cubed_1`"):
        model.save(tmp_path / "model.keras")


def test_losses_leave_nothing_behind(keras, define):
    import weakref

    loss = define("loss_r(function(a, b) (a - b)^2, function(a, b) 2 * (b - a), name = 'gone')")
    train(model_of(keras, loss))
    seen = weakref.ref(loss)
    del loss
    keras.backend.clear_session()
    for _ in range(3):
        gc.collect()
    assert seen() is None
