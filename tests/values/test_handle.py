"""`RObject`: an R value in Python, and what it converts to on request.

Also of: values/values.py, core/handle.c.
"""

from __future__ import annotations

import copy
import datetime
import gc
import pickle
import sys

import numpy as np
import pandas as pd
import pytest

import pyclass_bridge
from pyclass_bridge import RObject, _core, to_python, to_r


def raw(code: str) -> RObject:
    return _core.evaluate(code)


# ---- as a Python object ------------------------------------------------------------------------


def test_repr_is_what_r_prints():
    assert repr(raw("factor(c('a', 'b'))")) == "<RObject factor>\n[1] a b\nLevels: a b"


def test_class_and_names(r):
    assert r("data.frame(a = 1)").r_class == ("data.frame",)
    assert raw("matrix(1)").r_class == ("matrix", "array")
    assert r("getClass('numeric')").r_class == ("classRepresentation",)
    assert r("c(a = 1, b = 2)").names == ["a", "b"]
    assert r("c(a = 1)").names == ["a"]
    assert r("factor('a')").names is None


def test_length_and_elements(r):
    value = r("c(a = 1, b = 2, c = NA)")
    assert len(value) == 3
    assert value[0] == value["a"] == 1.0
    assert value[-2] == value[np.int64(1)] == 2.0
    assert list(value)[:2] == [1.0, 2.0]
    assert value[1:].names == ["b", "c"]
    assert value[::-1] == r("c(c = NA, b = 2, a = 1)")
    assert value[:0] == raw("c(a = 1)[0]")
    assert value._ipython_key_completions_() == ["a", "b", "c"]


def test_elements_of_lists_data_frames_and_environments(r):
    frame = r("data.frame(a = 1:2, b = factor(c('x', 'y')))")
    assert frame["a"] == [1, 2]
    assert frame["b"].r_class == ("factor",)
    assert len(frame) == 2
    env = r("list2env(list(x = 1))")
    assert env["x"] == 1.0
    with pytest.raises(KeyError, match="'y'"):
        env["y"]


def test_wrong_elements(r):
    value = r("c(a = 1, b = 2)")
    for index in (2, -3):
        with pytest.raises(IndexError, match="out of range for an R value of length 2"):
            value[index]
    with pytest.raises(KeyError, match="'z'"):
        value["z"]
    with pytest.raises(TypeError, match="has a number or a name, not a float"):
        value[1.0]
    with pytest.raises(KeyError):
        r("list(a = 1, 2)")["z"]


def test_equality_is_identical(r):
    assert r("factor('a')") == r("factor('a')")
    assert r("factor('a')") != r("factor('b')")
    assert r("NA") != r("NA_integer_")
    assert r("NA") != None  # noqa: E711
    assert (r("factor('a')") == "a") is False
    env = r("globalenv()")
    assert env == r("globalenv()") and env != r("new.env()")


def test_no_hash_no_truth_no_call(r):
    value = r("factor('a')")
    with pytest.raises(TypeError, match="unhashable"):
        hash(value)
    with pytest.raises(TypeError, match="R value of class factor has no truth value"):
        bool(value)
    with pytest.raises(TypeError, match="R value of class factor is not a function"):
        value()
    with pytest.raises(TypeError, match="RObject is made by R"):
        RObject()


def test_typed_na_is_no_number(r):
    with pytest.raises(TypeError, match="has no truth value"):
        if r("NA"):
            pass


def test_copies_and_pickles(r):
    for code in ("factor(c('a', NA))", "data.frame(a = 1:2)", "c(a = 1)", "y ~ x", "quote(f(x))"):
        value = raw(code)
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy({"a": [value]})["a"][0] == value
        assert copy.copy(value) == value


def test_handles_are_released(r):
    gc.collect()  # what earlier tests have left is released first
    r("1")
    before = _core.counters()["handles"]
    values = [r("factor('a')") for _ in range(100)]
    assert _core.counters()["handles"] >= before + 90
    del values
    gc.collect()
    r("1")
    assert _core.counters()["handles"] <= before + 5


def test_public_conversions(r):
    assert to_r([1, 2]).r_class == ("integer",)
    assert to_r(None).to_python() is None
    assert to_python(r("factor('a')")) == ["a"]
    assert to_python(3) == 3


# ---- NumPy -------------------------------------------------------------------------------------


def test_asarray(r):
    np.testing.assert_array_equal(np.asarray(r("c(a = 1, b = NaN)")), [1.0, np.nan])
    assert np.asarray(raw("c(1L, 2L)")).dtype == np.int32
    assert np.asarray(raw("c('a', 'bc')")).tolist() == ["a", "bc"]
    assert np.asarray(raw("matrix(1:4, 2)"))[0].tolist() == [1, 3]
    assert np.asarray(raw("as.raw(1:2)")).dtype == np.uint8
    assert np.asarray(r("integer()")).shape == (0,)
    assert np.asarray(raw("c(1L, 2L)"), dtype="f4").dtype == np.float32
    assert np.array(raw("c(TRUE, FALSE)")).tolist() == [True, False]
    assert float(np.sum(r("c(a = 1, b = 2)"))) == 3.0


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("c(1L, NA)", "NA, which NumPy has no sign for"),
        ("c('a', NA)", "NA, which NumPy has no sign for"),
        ("matrix(c(TRUE, NA), 1)", "NA, which NumPy has no sign for"),
        ("factor('a')", "class factor is no array"),
        ("as.Date('2020-01-01')", "class Date is no array"),
        ("new.env()", "class environment is no array"),
    ],
)
def test_asarray_never_changes_silently(code, text):
    with pytest.raises(TypeError, match=text):
        np.asarray(raw(code))


def test_asarray_without_a_copy_is_refused(r):
    with pytest.raises(ValueError, match="needs a copy"):
        np.asarray(r("c(a = 1)"), copy=False)


def test_no_raw_memory_by_the_buffer_protocol(r):
    with pytest.raises(TypeError):
        memoryview(r("factor('a')"))


# ---- data frames -------------------------------------------------------------------------------

FRAME = """
local({{
frame <- {make}(
  int = c(1L, NA), whole = 1:2, dbl = c(1.5, NA), lgl = c(NA, TRUE), yes = TRUE,
  chr = c("x", NA), fac = factor(c("b", NA), levels = c("b", "a")),
  ord = factor(c("a", "b"), ordered = TRUE),
  date = as.Date(c("2024-02-29", NA)),
  time = as.POSIXct(c("2024-07-01 12:00:00", NA), tz = "Europe/Paris"),
  span = as.difftime(c(1.5, NA), units = "mins"),
  cpl = c(1i, 2)
)
frame$big <- structure(c(4.94e-324, -0), class = "integer64")
frame
}})
"""


@pytest.mark.parametrize("make", ["data.frame", "tibble::tibble"])
def test_data_frames(make):
    frame = raw(FRAME.format(make=make)).to_python()
    assert frame.shape == (2, 13)
    assert frame["int"].dtype == "Int32" and frame["int"].isna().tolist() == [False, True]
    assert frame["whole"].dtype == np.int32
    assert frame["dbl"].dtype == np.float64
    assert frame["lgl"].dtype == "boolean" and frame["lgl"][1] is np.True_
    assert frame["yes"].dtype == np.bool_
    assert frame["chr"][0] == "x" and pd.isna(frame["chr"][1])
    assert frame["fac"].cat.categories.tolist() == ["b", "a"] and not frame["fac"].cat.ordered
    assert pd.isna(frame["fac"][1])
    assert frame["ord"].cat.ordered
    assert frame["date"].tolist() == [datetime.date(2024, 2, 29), None]
    assert frame["time"][0] == pd.Timestamp("2024-07-01 12:00", tz="Europe/Paris")
    assert str(frame["time"].dtype.tz) == "Europe/Paris" and pd.isna(frame["time"][1])
    assert frame["span"][0] == pd.Timedelta(seconds=90) and pd.isna(frame["span"][1])
    assert frame["cpl"].tolist() == [1j, 2 + 0j]
    assert frame["big"].dtype == "Int64" and frame["big"][0] == 1 and pd.isna(frame["big"][1])


def test_row_names_and_other_shapes():
    frame = raw("data.frame(a = 1:2, row.names = c('x', 'y'))").to_python()
    assert frame.index.tolist() == ["x", "y"] and frame.loc["y", "a"] == 2
    assert raw("mtcars").to_python().shape == (32, 11)
    assert raw("data.frame()").to_python().shape == (0, 0)
    assert raw("data.frame(a = integer(), b = character())").to_python().shape == (0, 2)
    assert raw("iris[0, ]").to_python()["Species"].cat.categories[0] == "setosa"
    assert raw("tibble::tibble(a = list(1, 'x'))").to_python()["a"].tolist() == [1.0, "x"]
    assert raw("iris[1:2, ]").to_python().index.tolist() == [0, 1]
    assert raw("iris[3:4, ]").to_python().index.tolist() == [3, 4]


def test_a_column_that_is_no_column():
    with pytest.raises(TypeError, match="AsIs has no Python counterpart: a column"):
        raw("data.frame(a = I(matrix(1:4, 2)))").to_python()
    assert raw("data.frame(a = I(list(1, 'x')))").to_python()["a"].tolist() == [1.0, "x"]


def test_without_pandas_a_dict_of_lists(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    value = raw("data.frame(a = 1, d = as.Date('2020-01-01'), f = factor('x'))").to_python()
    assert value == {"a": [1.0], "d": [datetime.date(2020, 1, 1)], "f": ["x"]}


# ---- times -------------------------------------------------------------------------------------


def test_times_without_a_zone_have_rs_own(monkeypatch):
    value = raw("as.POSIXct(0, origin = '1970-01-01')")
    assert value.to_python() == datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    assert value.to_python().tzinfo is not None


def test_a_time_zone_that_python_does_not_know():
    value = raw("structure(0, class = c('POSIXct', 'POSIXt'), tzone = 'No/Where')")
    with pytest.raises(TypeError, match="Python knows no time zone 'No/Where'"):
        value.to_python()


def test_times_are_exact_to_the_microsecond(r):
    moment = datetime.datetime(2024, 2, 29, 12, 30, 15, 123457, datetime.timezone.utc)
    value = r("function(s) as.POSIXct(s, origin = '1970-01-01', tz = 'UTC')")(moment.timestamp())
    assert value == moment


@pytest.mark.parametrize(
    "code",
    [
        "structure(new.env(), class = c('A', 'R6'))",
        "structure(list(a = 1, b = structure(new.env(), class = 'A')), class = 'plot')",
        "getDLLRegisteredRoutines('stats')[[1]][[1]]$address",
    ],
)
def test_objects_of_a_class_that_r_cannot_take_away(code):
    with pytest.raises(TypeError, match=r"of class (A|Reg).* has no Python counterpart"):
        raw(code).to_python()


def test_a_list_with_a_function(r):
    value = raw("list(f = function(x) x + 1, d = as.Date('1970-01-01'))").to_python()
    assert value["f"](1) == 2.0


def test_everything_printed_and_documented():
    assert pyclass_bridge.RObject is RObject
    assert all(getattr(RObject, name).__doc__ for name in ("to_python", "r_class", "names"))


def test_a_pickle_of_before_is_read():
    data = pickle.dumps(raw("factor('a')"), protocol=0)
    before = data.replace(b"cpyclass_bridge.values.handle\n", b"cpyclass_bridge.robject\n")
    assert before != data
    assert pickle.loads(before) == raw("factor('a')")
    error = b"cpyclass_bridge.condition\nRError\n(Vno\ntR."
    assert str(pickle.loads(error)) == "no"


def test_the_class_is_known_by_its_public_name():
    assert f"{RObject.__module__}.{RObject.__qualname__}" == "pyclass_bridge.RObject"
