"""Arrays for plain R, and calls of plain R functions.

Of: plain_r/arrays.py, R/plain_r_call.R, surface/plain_code.py, surface/replaced.py.
"""

from __future__ import annotations

import types

import numpy as np
import pytest
from support.twin import backend

import pyclass_bridge
from pyclass_bridge.bridge.r_functions import r_function, r_handle
from pyclass_bridge.plain_r.arrays import as_r, given
from pyclass_bridge.surface.plain_code import as_plain_code, refuse_operation
from pyclass_bridge.surface.replaced import replace_method

SHOWN = "function(x) paste(typeof(x), paste(dim(x), collapse = 'x'), paste(x, collapse = ' '))"


@pytest.mark.parametrize(
    "array, expected",
    [
        (np.array([1.5, 2], "float32"), "double  1.5 2"),
        (np.array([[1.5], [2]], "float64"), "double  1.5 2"),
        (np.array([[1, 2], [3, 4]], "float16"), "double 2x2 1 3 2 4"),
        (np.arange(8).reshape(2, 2, 2), "integer 2x2x2 0 4 2 6 1 5 3 7"),
        (np.array([2**40, 1]), "double  1099511627776 1"),
        (np.array([3, 250], "uint8"), "integer  3 250"),
        (np.array([True, False]), "logical  TRUE FALSE"),
        (np.array([b"a", b"\xc3\xa9"], object), "character  a \u00e9"),
        (np.array([[5.0]]), "double  5"),
        (np.zeros((0, 1)), "double  "),
    ],
)
def test_arrays_in_r(array, expected):
    assert pyclass_bridge.r(SHOWN)(as_r(array)) == expected


def test_bfloat16_in_r():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="it comes with TensorFlow and JAX")
    assert pyclass_bridge.r(SHOWN)(as_r(np.array([1.5, 2], ml_dtypes.bfloat16))) == "double  1.5 2"


def test_a_number_that_r_does_not_have():
    with pytest.raises(ValueError, match=r"beyond 2\^53"):
        as_r(np.array([2**60 + 1]))


def test_what_a_direct_call_gives(keras):
    factor = pyclass_bridge.r("factor(c('b', 'a', 'b'), levels = c('b', 'a'))")
    codes, levels = given(factor)
    assert codes.tolist() == [0, 1, 0] and list(levels) == ["b", "a"]
    assert given(2.5)[0].tolist() == [2.5] and given([1, 2])[1] is None
    tensor = keras.ops.ones((2,))
    assert given(tensor)[0] is tensor


@pytest.mark.parametrize("codes", [[0.5, 1], [0, 2], [-1, 0]])
def test_codes_that_no_factor_has(codes):
    with pytest.raises(pyclass_bridge.RError, match="not codes of the 2 levels of its factor"):
        r_function("plain_factor")(as_r(np.array(codes)), r_handle("as_strings")(["u", "v"]))


def test_errors_of_a_call_say_for_what():
    call = r_function("plain_call")
    failing = pyclass_bridge.r("function(a, b) stop('no')").__r_function__
    with pytest.raises(pyclass_bridge.RError, match=r"Error in f\(y_true, y_pred\) : loss `l`: no"):
        call(failing, [1.0, 2.0], "loss `l`")
    classed = pyclass_bridge.r(
        "function(a, b) stop(structure(class = c('mine', 'error', 'condition'), "
        "list(message = 'm', call = NULL)))"
    ).__r_function__
    with pytest.raises(pyclass_bridge.RError) as caught:
        call(classed, [1.0, 2.0], "loss `l`")
    assert caught.value.message == "m" and caught.value.r_class[0] == "mine"


def test_operations_are_refused_in_plain_code(keras):
    refuse_operation("op_mean")
    with as_plain_code("metric `m`"), pytest.raises(RuntimeError, match="in the metric `m`"):
        pyclass_bridge.r("op_mean(c(1, 2))")
    assert float(pyclass_bridge.r("as.numeric(op_mean(c(1, 2)))")) == 1.5


def test_a_method_is_replaced_once():
    owner = types.SimpleNamespace(method=lambda x: x)
    for _ in range(2):
        replace_method(owner, "method", lambda former, x: former(x) + 1)
    assert owner.method(1) == 2


@pytest.mark.skipif(backend() != "tensorflow", reason="only TensorFlow has ragged tensors")
def test_ragged_tensors_are_an_error():
    import tensorflow as tf

    metric = pyclass_bridge.r("metric_r('m', function(y_true, y_pred) 1)")
    ragged, whole = tf.ragged.constant([[1.0, 2.0], [3.0]]), tf.ones((2, 2))
    for arguments in ((ragged, whole), (whole, ragged)):
        with pytest.raises(TypeError, match=r"^metric `m`: a ragged tensor .*: pad it in the data"):
            metric.update_state(*arguments)
