"""Keras' texts in R's words."""

from __future__ import annotations

import pytest

from pyclass_bridge.help.words import ANY, AXIS, Argument, Rules


@pytest.fixture
def rules():
    arguments = {"axis": Argument("axis", "axis", AXIS, 0), "f": Argument("f", "function", ANY)}
    return Rules("layer", arguments, counts=True)


@pytest.mark.parametrize(
    ("python", "r"),
    [
        ("A tuple of ints or None", "A vector of integers or NULL"),
        ("List of 2 floats", "Vector of 2 numbers"),
        ("Python boolean", "TRUE or FALSE"),
        ("a dict, a NumPy array", "a named list, an array"),
        ("`keras.layers.Dense`", "`layer_dense()`"),
        ("`keras.ops.mean(x, axis=0)`", "`op_mean(x, axis = 1)`"),
        ("see keras.losses.Huber", "see loss_huber()"),
        ("`layers.Input()`", "`keras_input()`"),
        ("`keras.no_such.Thing`", "`keras$no_such$Thing`"),
        ("`np.mean`", "`np.mean`"),
        ("`(224, 224, 3)`", "`c(224, 224, 3)`"),
        ("`(None, 10)`", "`(NA, 10)`"),
        ("in the range `(0, 1)`", "in the range `(0, 1)`"),
        ('`{"a", "b"}`', '`c("a", "b")`'),
        ("`x == 1`, `x >= 2`, `x ** 2`", "`x == 1`, `x >= 2`, `x ^ 2`"),
        ("`float('inf')`", "`Inf`"),
        ('`mode="None"`', '`mode = "None"`'),
        ("`~/.keras/keras.json`", "`~/.keras/keras.json`"),
        ("`model.stop_training` is `True`", "`model$stop_training` is `TRUE`"),
        ("`function`", "`f`"),
        ("float32 and `int32`", "float32 and `int32`"),
    ],
)
def test_words(keras, rules, python, r):
    assert rules.prose(python) == r


def test_a_default_is_that_of_the_usage_only_if_it_is_the_same(rules):
    tell = rules.argument
    assert tell("axis", {"axis": "Where. Defaults to `0`."}).startswith("Where. Defaults to `1L`.")
    assert tell("axis", {"axis": "Where. Defaults to `5`."}).startswith("Where. Defaults to `5`.")
    assert tell("f", {"function": "A callable."}) == "A function."
    assert tell("nonsense", {}) == "Keras does not describe it."
