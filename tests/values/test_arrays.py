"""NumPy's arrays and scalars as R values, beyond the examples of the table."""

from __future__ import annotations

import numpy as np
import pytest
from support.paths import ROOT
from support.subprocesses import output_of

import pyclass_bridge
from pyclass_bridge import _core


def raw(code: str):
    return _core.evaluate(code)


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "i2", "u1", "u4", "?", "c16"])
@pytest.mark.parametrize("order", ["C", "F", "strided", "reversed"])
def test_every_layout_has_equal_elements(dtype, order):
    plain = np.arange(24).reshape(2, 3, 4)
    made = {
        "C": plain,
        "F": np.asfortranarray(plain),
        "strided": np.repeat(plain, 2, axis=2)[..., ::2],
    }
    array = made.get(order, plain[::-1, :, ::-1]).astype(dtype)
    at = pyclass_bridge.r("function(a, i, j, k) a[i, j, k]")
    for i, j, k in ((0, 0, 0), (1, 2, 3), (1, 0, 2)):
        assert at(array, i + 1, j + 1, k + 1) == array[i, j, k]


def test_the_lengths_of_an_array_of_lists_and_its_elements():
    reviews = np.empty(3, dtype=object)
    reviews[:] = [[7, 8, 9], [9, 4], [1]]
    code = "function(x) list(lengths(x), x[[1]], x[[3]], is.list(x), length(x), class(x))"
    assert pyclass_bridge.r(code)(reviews) == [[3, 2, 1], [7, 8, 9], 1, True, 3, "list"]
    assert pyclass_bridge.r("function(x) rev(x)")(reviews) == [1, [9, 4], [7, 8, 9]]


def test_text_that_r_cant_hold_makes_a_list_of_it():
    texts = pyclass_bridge.r("function(x) list(x[[2]], is_py_object(x[[1]]))")
    assert texts(np.array(["a\0b", "c"])) == ["c", True]
    assert texts(np.array([b"\xff", b"c"]))[1] is True


def test_masked_elements_are_na_of_the_type():
    of_type = pyclass_bridge.r("function(x) list(typeof(x), is.na(x[1]), is.nan(x[1]))")
    for dtype, r_type in (("f8", "double"), ("i4", "integer"), ("?", "logical"), ("i8", "double")):
        masked = np.ma.masked_array(np.array([1, 0], dtype), [True, False])
        assert of_type(masked) == [r_type, True, False]
    assert of_type(np.ma.masked_array([1j, 2j], [True, False]))[:2] == ["complex", True]
    assert _core.to_r(np.ma.masked) == raw("NA_real_")
    days = np.ma.masked_array(np.array(["1970-01-02", "1970-01-03"], "M8[D]"), [True, False])
    assert _core.to_r(days) == raw(".POSIXct(c(NA, 172800), 'UTC')")


def test_long_doubles_that_a_double_holds_are_doubles():
    assert _core.to_r(np.array([1.5], "longdouble")) == raw("array(1.5, 1)")
    with pytest.warns(pyclass_bridge.RWarning, match="long doubles"):
        _core.to_r(np.array([1], "longdouble") / 3)


def test_integers_beyond_2_53_are_integer64_where_bit64_is_loaded(monkeypatch):
    """A namespace of that name stands for bit64, whose class is only bits and an attribute."""
    from pyclass_bridge.values import arrays

    monkeypatch.setattr(arrays, "r_function", lambda name: lambda: True)
    made = _core.to_r(np.array([2**53 + 1, -1]))
    assert made.r_class == ("integer64",)
    assert made.to_python() == [2**53 + 1, -1]


def test_durations_without_a_length_stay_objects():
    is_object = pyclass_bridge.r("function(x) is_py_object(x[[1]])")
    assert is_object(np.array([1, 2], "m8[M]"))


def test_a_structured_array_of_several_dims_is_a_list_of_arrays():
    grid = np.zeros((2, 2), dtype=[("a", "i4"), ("b", "f8")])
    assert _core.to_r(grid) == raw("list(a = matrix(0L, 2, 2), b = matrix(0, 2, 2))")
    nested = np.zeros(1, dtype=[("p", "f8", 3)])
    assert pyclass_bridge.r("function(x) dim(x$p)")(nested) == [1, 3]


@pytest.mark.parametrize(
    "shape", [(70_000, 3), (3, 70_000), (50, 60, 70), (1, 200_000), (9, 30_000)]
)
@pytest.mark.parametrize("dtype", ["f8", "i4", "?", "c16"])
def test_large_arrays_are_copied_in_parts(shape, dtype):
    plain = np.random.default_rng(1).integers(0, 1000, shape).astype(dtype)
    for array in (plain, np.asfortranarray(plain), plain[::-1], plain[:, ::2], plain[..., ::-1]):
        assert np.array_equal(_core.to_python(_core.to_r(array)), array)


@pytest.mark.parametrize(
    "make",
    ["a", "a.T", "a.astype('i4')", "a.astype('i4').T", "a > 1", "(a > 1).T", "a.astype('f4')"],
)
def test_an_array_is_written_into_rs_memory_in_one_pass(make):
    """Nothing of its size is made beside the R value."""
    code = f"""
    sys.path.insert(0, {str(ROOT / "benchmarks")!r})
    from memory_fit import megabytes
    import numpy as np, pathlib, pyclass_bridge
    from pyclass_bridge import _core
    _core.to_r(np.ones((2, 3)))
    a = np.ones((2**20, 8))
    a = {make}
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = megabytes("VmRSS")
    made = _core.to_r(a)
    size = (8 if made.typeof == "double" else 4) * a.size / 2**20
    print((megabytes("VmHWM") - before) / size)
    """
    assert float(output_of(code)) < 1.25
