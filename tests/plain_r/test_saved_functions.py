"""The R functions of metrics, losses and layers in files: a model is loaded with the function that
it was saved with, or there is an error.

Of: plain_r/saved_functions.py, R/plain_r_saved_functions.R.
"""

from __future__ import annotations

import gc
import warnings

import numpy as np
import pytest
from support.r_packages import made
from support.subprocesses import output_of

import pyclass_bridge

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = np.arange(1, 13, dtype="float32")

LOADED = """
import keras, numpy as np, pyclass_bridge
{before}
x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
y = np.arange(1, 13, dtype="float32")
try:
    model = keras.saving.load_model({path!r})
    print(model.evaluate(x, y, verbose=0, return_dict=True))
except Exception as error:
    print(repr(str(error)))
"""


def model_of(keras, loss="mse", metrics=(), layer=None):
    keras.utils.set_random_seed(1)
    layers = [keras.Input((3,)), keras.layers.Dense(1, "sigmoid"), *([layer] if layer else [])]
    model = keras.Sequential(layers)
    model.compile("sgd", loss, metrics=list(metrics))
    return model


def scores(model) -> dict:
    return model.evaluate(X, Y, verbose=0, return_dict=True)


def saved(model, path) -> str:
    with warnings.catch_warnings():  # a name of Keras gets a number
        warnings.simplefilter("ignore")
        model.save(path)
    return str(path)


def in_a_new_session(path: str, before: str = ""):
    told = output_of(LOADED.format(path=path, before=before), timeout=240)
    return eval(told.splitlines()[-1])


# ---- functions of packages -----------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_functions_of_packages_are_found_in_them(keras, define, tmp_path, ending):
    """Whatever they are called by here."""
    metrics = [
        define(code)
        for code in (
            "metric_r(stats::cor, over = 'epoch')",
            "metric_r('by_name', stats::cor, over = 'epoch')",
            "metric_r('hidden', stats:::cor, over = 'epoch')",
            "own <- stats::cor\nmetric_r('own', own, over = 'epoch')",
            "metric_r('attached', cor)",
        )
    ]
    model = model_of(
        keras, define("loss_r(stats::dpois)"), metrics,
        define("layer_r(f = stats::plogis, output_shape = 1)"),
    )  # fmt: skip
    expected = scores(model)
    assert expected["own"] == expected["by_name"] == expected["cor"]
    path = saved(model, tmp_path / f"model.{ending}")
    assert in_a_new_session(path) == pytest.approx(expected)


@pytest.mark.parametrize(
    "package, name, text",
    [
        ("nosuchpackage", "f", "`nosuchpackage` is not installed: install.packages"),
        ("stats", "nosuchfunction", "which the package has no more in version"),
        ("base", "quit", "which a file can't name"),
        ("tools", "pskill", "which a file can't name"),
        ("utils", "unzip", "which a file can't name"),
    ],
)
def test_functions_of_packages_that_are_not_there(keras, define, package, name, text):
    config = define("metric_r('m', stats::cor)").get_config()
    config["function"] = {"r_package": package, "name": name}
    with pytest.raises(Exception, match=rf"`m` has the function `{package}::{name}`, .*{text}"):
        type(define("metric_r('m', stats::cor)")).from_config(config)


def test_a_file_does_not_load_a_package(keras, define):
    made("neverloaded", "share <- function(y_true, y_pred) mean(y_true == y_pred)")
    config = define("metric_r('m', stats::cor)").get_config()
    config["function"] = {"r_package": "neverloaded", "name": "share"}
    kind = type(define("metric_r('m', stats::cor)"))
    with pytest.raises(
        Exception, match=r"is not loaded: if you trust the file, call library\(neverloaded"
    ):
        kind.from_config(config)
    assert define("isNamespaceLoaded('neverloaded')") is False
    with keras.src.saving.serialization_lib.SafeModeScope(False):
        assert kind.from_config(config).name == "m"
    assert define("isNamespaceLoaded('neverloaded')") is True
    define("unloadNamespace('neverloaded')")


def test_functions_that_act_are_not_named_in_a_file(define):
    config = define("metric_r('m', base::max)").get_config()
    assert config["function"]["config"] == "max"


def test_a_function_that_is_made_of_one_of_a_package_is_the_users(define):
    define("cor <- stats::cor\nbody(cor) <- quote(7)")
    config = define("metric_r('m', cor)").get_config()
    assert config["function"]["config"] == "cor"


# ---- names of Keras ------------------------------------------------------------------------------

OF_KERAS = ["mae", "mse", "binary_accuracy", "accuracy", "auc"]


@pytest.mark.parametrize("name", OF_KERAS)
def test_a_function_named_like_one_of_keras_is_the_users(keras, source, tmp_path, name):
    namespace = source(f"{name} <- function(y_true, y_pred) mean(0 * y_pred + 7)")
    own = getattr(namespace, name)
    metric, loss = (
        pyclass_bridge.r(f"function({name}) {make}({name})")(own) for make in ("metric_r", "loss_r")
    )
    for thing in (metric, loss):
        config = keras.saving.serialize_keras_object(thing)
        again = keras.saving.deserialize_keras_object(config)
        assert float(again(Y, Y)) == 7
    path = saved(model_of(keras, loss, [metric]), tmp_path / "model.keras")
    expected = scores(keras.saving.load_model(path))
    assert set(expected.values()) == {7}
    if name not in ("mae", "auc"):
        return  # a new session takes seconds
    sourced = f"pyclass_bridge.source({str(tmp_path / 'defined.R')!r})"
    assert in_a_new_session(path, sourced) == expected
    error = in_a_new_session(path)
    assert "Could not locate function" in error and name in error


# ---- functions without names ---------------------------------------------------------------------

NAMELESS = {
    "metric": "metric_r('{name}', function(y_true, y_pred) {value})",
    "loss": "loss_r(function(y_true, y_pred) {value}, name = '{name}')",
    "layer": "layer_r(f = function(x) 0 * x + {value}, output_shape = 1, name = '{name}')",
}


def both(keras, define, kind: str, names):
    """Models with two functions that have no names of their own, and what each of them gives."""
    made = [
        define(NAMELESS[kind].format(name=name, value=value))
        for name, value in zip(names, (3, 5), strict=True)
    ]
    if kind == "layer":
        given = keras.Input((1,))
        return [keras.Model(given, [each(given) for each in made])]
    x = keras.Input((3,))
    if kind == "loss":
        model = keras.Model(x, [keras.layers.Dense(1, name=name)(x) for name in "ab"])
        model.compile("sgd", made)
        return [model]
    model = keras.Model(x, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse", metrics=made)
    return [model]


def numbers(model, kind: str) -> list:
    if kind == "layer":
        return [float(out[0, 0]) for out in model.predict(np.ones((2, 1)), verbose=0)]
    y = [Y, Y] if kind == "loss" else Y
    logs = model.evaluate(X, y, verbose=0, return_dict=True)
    names = ("a_loss", "b_loss") if kind == "loss" else ("metric_3", "metric_5")
    return [logs[name] for name in names]


@pytest.mark.parametrize("kind", NAMELESS)
def test_two_functions_without_names_stay_two(keras, define, tmp_path, kind):
    (model,) = both(keras, define, kind, (f"{kind}_3", f"{kind}_5"))
    assert numbers(model, kind) == [3, 5]
    path = saved(model, tmp_path / "model.keras")
    assert numbers(keras.saving.load_model(path), kind) == [3, 5]
    told = output_of(
        f"""
        import keras, pyclass_bridge
        try:
            keras.saving.load_model({path!r})
        except TypeError as error:
            print(error)
        """,
        timeout=240,
    )
    assert f"Could not locate function '{kind}_3'" in told


@pytest.mark.parametrize("kind", NAMELESS)
def test_two_of_one_name_are_an_error_when_they_are_loaded(keras, define, tmp_path, kind):
    first = define(NAMELESS[kind].format(name="one", value=3))
    second = define(NAMELESS[kind].format(name="one", value=5))
    with pytest.raises(ValueError, match="have a function `one`, so the model can't tell"):
        type(first).from_config(first.get_config())
    del second
    gc.collect()


def test_functions_without_any_name_are_not_taken_for_each_other(keras, define):
    """The name says nothing of them."""
    layer = define("layer_r(f = function(x) x, output_shape = 1)")
    with pytest.raises(TypeError, match=f"Could not locate .* of the layer `{layer.name}`"):
        type(layer).from_config(layer.get_config())


def test_the_gradient_has_the_name_of_its_function(define):
    code = "loss_r({}, function(y_true, y_pred) y_pred{})"
    named = define("squared <- function(y_true, y_pred) y_pred^2\n" + code.format("squared", ""))
    assert named.gradient.__name__ == "squared_gradient"
    nameless = define(code.format("function(y_true, y_pred) y_pred^2", ", name = 'mine'"))
    assert (nameless.fn.__name__, nameless.gradient.__name__) == ("mine", "mine_gradient")


def test_functions_without_a_name_in_one_model(keras, tmp_path):
    loss = pyclass_bridge.r(
        "loss_r(function(y_true, y_pred) (y_true - y_pred)^2, function(y_true, y_pred) "
        "2 * (y_pred - y_true))"
    )
    model = model_of(keras, loss)
    with pytest.warns(pyclass_bridge.RWarning, match=r"several functions without a name.*`loss_r"):
        model.save(tmp_path / "m.keras")
    said = pyclass_bridge.r("function(path) tryCatch(load_model(path), error = conditionMessage)")(
        str(tmp_path / "m.keras")
    )
    assert "To save it so that it can be loaded, name the function, as `loss_r(..., name" in said
