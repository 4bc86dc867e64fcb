"""The columns and tables of pyarrow and polars as R's vectors and data frames."""

from __future__ import annotations

import datetime
import decimal

import pandas as pd
import pytest

import pyclass_bridge
from pyclass_bridge import _core

REASON = "has no wheel for this platform"
VALUES = {
    "whole": [1, None],
    "large": [2**40, None],
    "number": [1.5, None],
    "flag": [True, None],
    "text": ["é", None],
    "day": [datetime.date(1970, 1, 2), None],
    "time": [datetime.datetime(1970, 1, 2), None],
    "span": [datetime.timedelta(seconds=1.5), None],
    "parts": [[1, 2], None],
    "nothing": [None, None],
}
EXPECTED = """
structure(list(
  whole = c(1L, NA), large = c(2^40, NA), number = c(1.5, NA), flag = c(TRUE, NA),
  text = c("\\u00e9", NA), day = as.Date(c("1970-01-02", NA)), time = .POSIXct(c(86400, NA), "UTC"),
  span = as.difftime(c(1.5, NA), units = "secs"), parts = list(1:2, NULL), nothing = c(NA, NA)
), class = "data.frame", row.names = c(NA, -2L))
"""


def raw(code: str):
    return _core.evaluate(code)


def test_a_table_of_pyarrow():
    pa = pytest.importorskip("pyarrow", reason=f"pyarrow {REASON}")
    table = pa.table(VALUES)
    assert _core.to_r(table) == raw(EXPECTED)
    assert _core.to_r([table, {"a": table.to_batches()[0]}])[0] is not None
    assert _core.to_r(table.to_batches()[0]) == raw(EXPECTED)
    assert _core.to_r(table.slice(1).slice(0, 1)["text"]) == raw("NA_character_")
    assert _core.to_r(pa.concat_tables([table, table])["whole"]) == raw("c(1L, NA, 1L, NA)")
    assert _core.to_r(table.slice(2)["whole"]) == raw("integer()")


def test_columns_of_pyarrow():
    pa = pytest.importorskip("pyarrow", reason=f"pyarrow {REASON}")
    zoned = pa.array([0, None], pa.timestamp("ms", "Asia/Tokyo"))
    assert _core.to_r(zoned) == raw(".POSIXct(c(0, NA), 'Asia/Tokyo')")
    offset = pa.array([0], pa.timestamp("ns", "+05:30"))
    assert _core.to_r(offset) == raw(".POSIXct(0, '<+0530>-05:30')")
    levels = pa.array(["b", None, "a"]).dictionary_encode()
    assert _core.to_r(levels) == raw("factor(c('b', NA, 'a'), c('b', 'a'))")
    assert _core.to_r(pa.array([86400000], pa.date64())) == raw("as.Date('1970-01-02')")
    assert _core.to_r(pa.array([1, None], pa.uint8())) == raw("c(1L, NA)")
    money = [decimal.Decimal("1.5")]
    assert pyclass_bridge.r("function(x) is_py_object(x[[1]])")(pa.array(money))
    with pytest.warns(pyclass_bridge.RWarning, match="beyond"):
        assert _core.to_r(pa.array([2**60])) == raw("2^60")


def test_columns_of_pandas_with_arrow_dtypes():
    pytest.importorskip("pyarrow", reason=f"pyarrow {REASON}")
    for dtype, values, code in (
        ("int64[pyarrow]", [1, None], "c(1L, NA)"),
        ("bool[pyarrow]", [True, None], "c(TRUE, NA)"),
        ("double[pyarrow]", [1.5, None], "c(1.5, NA)"),
        ("string[pyarrow]", ["a", None], "c('a', NA)"),
        ("timestamp[us][pyarrow]", [pd.Timestamp(0), None], ".POSIXct(c(0, NA), 'UTC')"),
    ):
        assert _core.to_r(pd.Series(values, dtype=dtype)) == raw(code), dtype
        assert _core.to_r(pd.DataFrame({"a": pd.Series(values, dtype=dtype)})["a"]) == raw(code)


def test_a_data_frame_of_polars():
    pl = pytest.importorskip("polars", reason=f"polars {REASON}")
    frame = pl.DataFrame(VALUES)
    assert _core.to_r(frame) == raw(EXPECTED)
    assert _core.to_r({"a": [frame, 1]})["a"][0] is not None
    assert pyclass_bridge.r("function(x) nrow(x[x$whole > 0, ])")(frame.drop_nulls("whole")) == 1
    assert _core.to_python(_core.to_r(lazy := frame.lazy())) is lazy


def test_columns_of_polars():
    pl = pytest.importorskip("polars", reason=f"polars {REASON}")
    zoned = pl.Series([datetime.datetime(1970, 1, 1)]).dt.replace_time_zone("Asia/Tokyo")
    assert _core.to_r(zoned) == raw(".POSIXct(-32400, 'Asia/Tokyo')")
    levels = pl.Series(["b", None, "a"], dtype=pl.Categorical)
    assert _core.to_r(levels) == raw("factor(c('b', NA, 'a'), c('b', 'a'))")
    fixed = pl.Series(["b", None], dtype=pl.Enum(["a", "b"]))
    assert _core.to_r(fixed) == raw("factor(c('b', NA), c('a', 'b'))")
    assert _core.to_r(pl.Series([1, None], dtype=pl.UInt8)) == raw("c(1L, NA)")
