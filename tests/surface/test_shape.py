"""Shapes are R's: `x$shape` of a tensor, op_shape() and shape(), and how tensors print them."""

from __future__ import annotations

import pytest

TENSORS = {
    "op_array(1:3)": "shape(3)",
    "op_array(matrix(1:6, 2))": "shape(2, 3)",
    "op_convert_to_tensor(1)": "shape()",
    "keras_input(c(28, 28))": "shape(NA, 28, 28)",
    "keras_input(3)": "shape(NA, 3)",
    "keras_variable(c(1, 2))": "shape(2)",
}


@pytest.mark.parametrize(("code", "shown"), TENSORS.items())
def test_the_shape_of_a_tensor(keras, r, code, shown):
    assert r(f"utils::capture.output(print(({code})$shape))") == shown


@pytest.mark.parametrize("code", ["op_array(1:3)", "1:3", "op_ones(3)", "keras_variable(1:3)"])
def test_op_shape_gives_a_shape(keras, r, code):
    assert r(f"op_shape({code}) == shape(3)") is True


@pytest.mark.parametrize("dim", ["NA", "-1"])
def test_an_open_dim(keras, r, dim):
    assert r(f"keras_input(c({dim}, 4))$shape == shape(NA, NA, 4)") is True
    assert r(f"keras_input(batch_shape = shape(2, {dim}))$shape == shape(2, NA)") is True
    assert r(f"op_reshape(1:6, c({dim}, 2))$shape == shape(3, 2)") is True


def test_python_gets_a_tuple(keras, r):
    assert r("op_ones(shape(2, 3))").shape == (2, 3)
    assert r("function(x) x$shape")(keras.ops.ones((2, 3))) == (2, 3)
    assert r("op_reshape(1:6, op_ones(c(3, 2))$shape)").shape == (3, 2)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("format(shape(2))", "shape(2)"),
        ("format(shape(NA, 2, 3)[-1])", "shape(2, 3)"),
        ("format(shape(NA, 2, 3)[2:3])", "shape(2, 3)"),
        ("format(c(shape(NA, 2), 5))", "shape(NA, 2, 5)"),
        ("format(rev(shape(2, 3)))", "shape(3, 2)"),
        ("format(shape(op_ones(c(2, 3)), 4))", "shape(2, 3, 4)"),
        ("format(shape(keras_input(3), 4))", "shape(NA, 3, 4)"),
        ("op_reshape(1:6, shape(op_array(2L), 3))$shape == shape(2, 3)", True),
        ("shape(2, 3)[[2]]", 3),
        ("is.null(shape(NA, 3)[[1]])", True),
        ("length(shape(NA, 3))", 2),
        ("shape(NA, 3) == c(NA, 3)", True),
        ("shape(NA, 3) == shape(3, 3)", False),
        ("prod(shape(2, 3))", 6),
        ("max(shape(2, 3), 7)", 7),
        ("range(shape(5, 3))", [3, 5]),
        ("is.na(sum(shape(NA, 3)))", True),
        ("sum(shape(NA, 3), na.rm = TRUE)", 3),
        ("as.integer(shape(4, 3))", [4, 3]),
        ("max(shape(2, 3), 3.5)", 3.5),
        ("shape(2, 3) != c(2, 4)", True),
        ("is.na(shape(NA, 3))", [True, False]),
        ("inherits(as.list(shape(2, 3)), 'keras_shape')", False),
        ("utils::capture.output(str(shape(NA, 3)))", " shape(NA, 3)"),
    ],
)
def test_what_r_does_with_shapes(keras, r, code, value):
    assert r(code) == value


def test_tensors_print_shapes_as_r_writes_them(keras, r):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tensors of other backends print without their shapes")
    shown = r("function(x) utils::capture.output(print(x))")
    assert shown(r("op_array(1:3)")) == "tf.Tensor([1 2 3], shape=(3), dtype=int32)"
    assert "shape=(2, 1)" in shown(r("op_ones(c(2, 1))"))[-1]


def test_str_of_a_tensor_is_one_line(keras, r):
    assert type(r("utils::capture.output(str(op_array(matrix(1:4, 2))))")) is str
