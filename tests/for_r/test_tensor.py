"""Tensors in R's functions: the Python half of Ops, Math, Summary, dim() and `[`, without R.

Also of: for_r/index.py, for_r/ops.py.
"""

import math

import numpy as np
import pytest

from pyclass_bridge.for_r import functions
from pyclass_bridge.for_r.tensor import SymbolicValueError


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Keras is imported when the first test begins, not when the module is collected."""
    global keras, ops
    keras = pytest.importorskip("keras")
    ops = keras.ops


def value(x):
    return np.asarray(ops.convert_to_numpy(x))


@pytest.fixture
def m():
    return ops.convert_to_tensor(np.arange(6, dtype="float32").reshape(2, 3))


def kind(x):
    return keras.backend.standardize_dtype(x.dtype)


def test_which_are_tensors(m):
    assert functions.is_any_tensor(m) and functions.is_any_tensor(keras.Variable(1.0))
    assert functions.is_any_tensor(keras.KerasTensor((2, 3)))
    for plain in (1, 1.0, [m], np.ones(2), "a", None, keras, keras.layers.Dense):
        assert not functions.is_any_tensor(plain)


def test_numbers_of_r_do_not_upcast(m):
    for other in (2.0, [1.0, 2.0, 3.0], np.ones((2, 3)), [1, 2, 3], np.ones((2, 3), "int32"), 2):
        for op in ("+", "-", "*", "/", "^", "%%", "%/%"):
            assert kind(functions.binary(op, m, other)) == "float32", (op, other)
            assert kind(functions.binary(op, other, m + 1)) == "float32"
    half = ops.cast(m, "float16")
    assert kind(functions.binary("+", half, np.ones((2, 3)))) == "float16"
    wide = ops.cast(m, "float64")
    assert kind(functions.binary("+", wide, 1.0)) == kind(wide)
    small = ops.cast(m, "uint8")
    assert value(functions.binary("+", small, [300, 300, 300])).max() == 305
    flags = ops.convert_to_tensor([True, False])
    assert value(functions.binary("+", flags, flags)).tolist() == [2, 0]
    assert value(functions.binary("+", flags, True)).tolist() == [2, 1]


def test_r_division_and_modulo():
    x = ops.convert_to_tensor([-7.0, 7.0])
    assert value(functions.binary("%%", x, 3.0)).tolist() == [2, 1]
    assert value(functions.binary("%/%", x, 3.0)).tolist() == [-3, 2]
    n = ops.convert_to_tensor([-7, 7])
    assert value(functions.binary("/", n, 2)).tolist() == [-3.5, 3.5]
    assert value(functions.unary("-", n)).tolist() == [7, -7]


def test_comparison_and_logic(m):
    assert value(functions.binary(">", m, 2.0)).sum() == 3
    assert value(functions.binary("==", 0.0, m)).sum() == 1
    both = functions.binary("&", functions.binary(">", m, 1.0), functions.binary("<", m, 4.0))
    assert value(both).sum() == 2
    assert value(functions.unary("!", both)).sum() == 4


MATH = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "floor": np.floor,
    "ceiling": np.ceil,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "acosh": lambda x: np.arccosh(x),
    "sinpi": lambda x: np.sin(np.pi * x),
    "cumsum": lambda x: np.cumsum(x.ravel(order="F")),
    "cumprod": lambda x: np.cumprod(x.ravel(order="F")),
    "cummax": lambda x: np.maximum.accumulate(x.ravel(order="F")),
    "cummin": lambda x: np.minimum.accumulate(x.ravel(order="F")),
}


@pytest.mark.parametrize("name", MATH)
def test_math(name, m):
    x = m * 0.7 + 1.1
    np.testing.assert_allclose(
        value(functions.math(name, x)), MATH[name](value(x)), rtol=1e-5, atol=1e-6
    )


def test_math_with_arguments():
    x = ops.convert_to_tensor([1234.567, -0.00123456, 0.0])
    np.testing.assert_allclose(
        value(functions.math("signif", x, 3)), [1230, -0.00123, 0], rtol=1e-6
    )
    np.testing.assert_allclose(value(functions.math("round", x, 1)), [1234.6, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(
        value(functions.math("log", ops.convert_to_tensor([8.0]), 2.0)), [3], rtol=1e-6
    )
    with pytest.raises(NotImplementedError, match="lgamma"):
        functions.math("lgamma", x)


def test_summary(m):
    assert value(functions.summary("sum", [m])) == 15
    assert value(functions.summary("sum", [m, 1.0, [2.0, 3.0]])) == 21
    assert value(functions.summary("max", [m, 9.0])) == 9
    assert value(functions.summary("range", [m])).tolist() == [0, 5]
    assert value(functions.summary("sum", [functions.binary(">", m, 2.0)])) == 3
    assert value(functions.summary("any", [functions.binary(">", m, 4.0)]))
    assert not value(functions.summary("all", [functions.binary(">", m, 4.0)]))
    x = ops.convert_to_tensor([1.0, math.nan, 3.0])
    assert value(functions.summary("sum", [x], True)) == 4
    assert value(functions.summary("max", [x], True)) == 3
    assert value(functions.mean(x, True)) == 2 and math.isnan(value(functions.mean(x)))
    assert value(functions.mean(m)) == 2.5


def test_dims_and_values(m):
    assert functions.dim_of(m) == [2, 3] and functions.size_of(m) == 6
    symbolic = keras.KerasTensor((None, 3))
    assert functions.dim_of(symbolic) == [-1, 3] and functions.size_of(symbolic) == -1
    assert functions.dim_of(ops.convert_to_tensor(1.0)) == []
    assert functions.read_value(ops.convert_to_tensor(1.5)) == 1.5
    assert functions.read_value(m).dtype == np.float64
    assert functions.read_value(keras.Variable([1.0, 2.0])).tolist() == [1, 2]
    assert functions.read_value(ops.cast(m, "bfloat16")).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert functions.read_value(ops.cast(m, "int64")).dtype == np.int32
    assert functions.read_value(np.array([2**40])).dtype == np.float64
    assert functions.read_value(np.array([2**60])).dtype == np.int64
    assert functions.read_value(ops.cast(m, "bool")).dtype == bool
    assert functions.read_value("text") is None
    assert functions.dim_of("text") is None


def test_symbolic_values_are_refused_in_code_whose_names_are_any_mapping():
    class Names:
        def __getitem__(self, name):
            return globals()[name]

        def __setitem__(self, name, value):
            raise AssertionError(name)

    with pytest.raises(SymbolicValueError, match="`y_pred` is symbolic here"):
        exec('functions.read_value(keras.KerasTensor((2,)), "y_pred")', globals(), Names())


def test_symbolic_values_are_refused(m):
    with pytest.raises(SymbolicValueError, match="`y_pred` is symbolic here"):
        functions.read_value(keras.KerasTensor((2,)), "y_pred")
    variable = keras.Variable(1.0)
    seen = []

    def traced(x):
        for symbol in (x, variable):
            try:
                functions.read_value(symbol, "x")
            except SymbolicValueError as error:
                seen.append(str(error))
        return functions.binary("+", functions.summary("sum", [functions.math("exp", x)]), variable)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.function(traced)(m)
        assert len(seen) == 2
        assert functions.dim_of(tf.ragged.constant([[1], [2, 3]])) == [2, -1]
    if keras.backend.backend() == "jax":
        import jax

        jax.jit(traced)(m)
        assert len(seen) == 1


def test_matmul_and_aperm(m):
    assert value(functions.matmul(m, np.ones((3, 1)))).tolist() == [[3], [12]]
    assert kind(functions.matmul([1.0, 2.0], m)) == "float32"
    assert value(functions.aperm(m)).shape == (3, 2)
    assert value(functions.aperm(ops.ones((2, 3, 4)), [3, 1, 2])).shape == (4, 2, 3)
    assert value(functions.transposed(ops.ones(3))).shape == (1, 3)
    with pytest.raises(ValueError):
        functions.transposed(ops.ones((1, 2, 3)))


def test_predicates():
    x = ops.convert_to_tensor([1.0, math.nan, math.inf])
    assert value(functions.predicate("isnan", x)).tolist() == [False, True, False]
    assert value(functions.predicate("isinf", x)).tolist() == [False, False, True]
    assert functions.predicate("isnan", "text") is False


# ---- `[` on tensors

A = np.arange(24, dtype="float32").reshape(2, 3, 4)
CASES = [
    ([("at", 1)], A[0]),
    ([("at", -1)], A[-1]),
    ([("all", None), ("at", 2)], A[:, 1]),
    ([("all", None), ("range", [2, 3])], A[:, 1:3]),
    ([("all", None), ("range", [-2, -1])], A[:, -2:]),
    ([("all", None), ("range", [2, -1])], A[:, 1:]),
    ([("all", None), ("range", [2, None])], A[:, 1:]),
    ([("all", None), ("range", [None, -2])], A[:, :-1]),
    ([("rest", None), ("at", 1)], A[..., 0]),
    ([("at", 1), ("rest", None), ("at", 4)], A[0, ..., 3]),
    ([("newaxis", None), ("at", 1)], A[None, 0]),
    ([("rest", None), ("newaxis", None)], A[..., None]),
    ([("all", None), ("take", [3, 1])], A[:, [2, 0]]),
    ([("all", None), ("take", [-1, 1])], A[:, [-1, 0]]),
    ([("all", None), ("take", [])], A[:, []]),
    ([("at", 2), ("take", [3, 1]), ("range", [1, 2])], A[1][[2, 0], 0:2]),
    ([("rest", None), ("take", [1, 3]), ("at", 2)], A[..., [0, 2], 1]),
    ([("all", None), ("mask", [True, False, True])], A[:, [0, 2]]),
    ([("newaxis", None), ("all", None), ("take", [3, 1]), ("at", 1)], A[None, :, [2, 0], 0]),
]


@pytest.mark.parametrize("indices, expected", CASES)
@pytest.mark.parametrize("kind", ["tensor", "variable"])
def test_tensor_item(indices, expected, kind):
    kinds, values = [k for k, _ in indices], [v for _, v in indices]
    x = keras.Variable(A) if kind == "variable" else ops.convert_to_tensor(A)
    got = value(functions.tensor_item(x, kinds, values))
    assert got.shape == expected.shape and (got == expected).all()
    symbolic = keras.KerasTensor((2, 3, 4))
    got = keras.Function(symbolic, functions.tensor_item(symbolic, kinds, values) + 0)(A)
    assert (value(got) == expected).all()


def test_tensor_item_by_tensors():
    x = ops.convert_to_tensor(A)
    index = ops.convert_to_tensor([3, -3], dtype="int32")
    assert (value(functions.tensor_item(x, ["all", "tensor"], [None, index])) == A[:, [2, 0]]).all()
    one = ops.convert_to_tensor(2, dtype="int32")
    got = functions.tensor_item(x, ["all", "tensor", "tensor"], [None, one, one])
    assert (value(got) == A[:, 1, 1]).all()
    got = functions.tensor_item(x, ["rest", "tensor", "tensor"], [None, one, one])
    assert (value(got) == A[..., 1, 1]).all()
    mask = A > 10
    for m in (mask, ops.convert_to_tensor(mask)):
        got = functions.tensor_item(x, ["mask" if m is mask else "tensor"], [m])
        assert value(got).tolist() == A.ravel(order="F")[mask.ravel(order="F")].tolist()
    with pytest.raises(SymbolicValueError, match="a logical index needs values"):
        symbolic = keras.KerasTensor((2, 3, 4))
        functions.tensor_item(symbolic, ["tensor"], [symbolic > 1])


@pytest.mark.parametrize(
    "kinds, values, message",
    [
        (["at"], [0], "R counts from 1"),
        (["at"], [3], "out of bounds for a dim of size 2"),
        (["range"], [[1, 5]], "index 5 is out of bounds"),
        (["at"] * 4, [1] * 4, "4 indices for a tensor of 3 dims"),
        (["rest", "rest"], [None, None], "only once"),
        (["mask"], [[True]], "does not fit a dim of size 2"),
    ],
)
def test_wrong_indices(kinds, values, message):
    with pytest.raises(IndexError, match=message):
        functions.tensor_item(ops.convert_to_tensor(A), kinds, values, "x")


def test_unknown_dims_and_traced_indices():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf.function is TensorFlow's")
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([], tf.int32)])
    def f(x, i):
        return (
            functions.tensor_item(x, ["tensor", "range"], [i, [1, 2]]),
            functions.tensor_item(x, ["take"], [[-1, 1]]),
            functions.dim_of(x)[0],
        )

    row, rows, dim = f(A[0, :, :3], 2)
    assert row.numpy().tolist() == [4, 5] and dim == -1
    assert rows.numpy().tolist() == A[0, :, :3][[-1, 0]].tolist()


# ---- tensors of a library beside Keras' backend -------------------------------------------------


@pytest.fixture
def foreign():
    """[[1, 3], [2, 4]] as TensorFlow's tensor, or as JAX's where Keras runs on TensorFlow."""
    numbers = np.array([[1.0, 3.0], [2.0, 4.0]])
    if keras.backend.backend() == "tensorflow":
        return pytest.importorskip("jax.numpy").asarray(numbers)
    return pytest.importorskip("tensorflow").constant(numbers)


def test_they_are_tensors_for_r_but_not_for_keras(foreign):
    from pyclass_bridge.for_r.tensor import is_foreign, is_tensor

    assert functions.is_any_tensor(foreign) and is_foreign(foreign) and not is_tensor(foreign)
    assert not is_foreign(ops.ones(2)) and not is_foreign(np.ones(2)) and not is_foreign("a")


@pytest.mark.parametrize(
    ("kinds", "values", "expected"),
    [
        (["at"], [1], [1, 3]),
        (["at", "at"], [2, 1], 2),
        (["at"], [-1], [2, 4]),
        (["take"], [[2, 1]], [[2, 4], [1, 3]]),
        (["all", "range"], [None, [2, 2]], [[3], [4]]),
        (["mask"], [[False, True]], [[2, 4]]),
        (["mask"], [np.array([[True, False], [False, True]])], [1, 4]),
    ],
)
def test_they_count_from_1(foreign, kinds, values, expected):
    item = functions.tensor_item(foreign, kinds, values)
    assert type(item).__module__.split(".")[0] == type(foreign).__module__.split(".")[0]
    assert np.asarray(item).tolist() == expected
    with pytest.raises(IndexError, match="R counts from 1"):
        functions.tensor_item(foreign, ["at"], [0])


def test_they_are_reduced_over_all_elements(foreign):
    given = {"sum": 10, "prod": 24, "max": 4, "min": 1}
    assert {name: float(functions.summary(name, [foreign])) for name in given} == given
    assert float(functions.mean(foreign)) == 2.5
    assert float(functions.summary("sum", [foreign, 1])) == 11
    np.testing.assert_allclose(functions.math("sqrt", foreign)[1], np.sqrt([2, 4]), 1e-6)
    np.testing.assert_allclose(functions.math("log", foreign, 2)[1], [1, 2], 1e-6)
    with pytest.raises(NotImplementedError, match="cumsum"):
        functions.math("cumsum", foreign)
