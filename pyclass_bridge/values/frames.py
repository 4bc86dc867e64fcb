"""pandas' data frames, Series and the like as R's data.frame, vectors and factors.

The rows are in `values/table.py`; the other half is R/values_handle.R. What is missing in pandas is
NA; a NaN among floats is NaN. Columns of numbers are written straight into R's memory, columns of
texts go through one list.
"""

from __future__ import annotations

import datetime

import numpy as np
import pandas

from .. import _core
from ..bridge.r_functions import r_handle
from .arrays import (
    beyond_double,
    data_frame,
    dates_to_r,
    factor,
    numbers,
    stamps_to_r,
    texts_or_list,
    times_to_r,
    vector,
)
from .times import time_to_r, zone_name


def missing_to_r(o):
    """NA, for pandas' NA and NaT."""
    return r_handle("no_value")()


def stamp_to_r(o: pandas.Timestamp):
    """A POSIXct; a Timestamp without a zone is of UTC, as pandas' columns are."""
    return time_to_r(o if o.tzinfo is not None else o.tz_localize("UTC"))


def frame_to_r(frame):
    """A data.frame."""
    columns = [column(frame.iloc[:, i]) for i in range(frame.shape[1])]
    return data_frame(frame.columns, columns, len(frame), _row_names(frame.index))


def series_to_r(series):
    """A vector, with names if the index has any."""
    labels = _labels(series.index)
    values = column(series)
    return values if labels is None else r_handle("with_names")(values, labels)


def values_to_r(o):
    """A vector of an Index or of one of pandas' own arrays."""
    several = isinstance(o, pandas.MultiIndex)
    return texts_or_list(list(o)) if several else column(pandas.Series(o))


def _labels(index) -> list[str] | None:
    """The labels as text; None for an index that only counts. R counts from 1."""
    if isinstance(index, pandas.RangeIndex):
        counts = index.start == 0 and index.step == 1
        return None if counts else [str(i + 1) for i in index]
    if isinstance(index, pandas.MultiIndex):
        return [str(row) for row in index]
    return index.astype(str).tolist()


def _row_names(index) -> list[str] | None:
    labels = _labels(index)
    if labels is None or index.is_unique:
        return labels
    twice = str(index[index.duplicated()][0])
    r_handle("warn_of_value")(
        f"The index of the data frame has {twice!r} more than once. R's row names can't be equal, "
        "so the data.frame has none: use reset_index() to have the index as a column."
    )
    return None


# ---- columns -----------------------------------------------------------------------------------


def column(series):
    """The R vector of a Series, without names."""
    kind = series.dtype
    if isinstance(kind, pandas.CategoricalDtype):
        levels = _levels(kind.categories)
        return factor(series.cat.codes.to_numpy(), levels, kind.ordered)
    if isinstance(kind, pandas.SparseDtype):
        return column(series.sparse.to_dense())
    if isinstance(kind, pandas.ArrowDtype):
        from .other_frames import arrow_column

        return arrow_column(series.array.__arrow_array__())
    if isinstance(kind, pandas.DatetimeTZDtype):
        return _zoned(series)
    if isinstance(kind, pandas.StringDtype):
        texts = series.to_numpy(object, na_value=None).tolist()
        return texts_or_list(texts)
    if isinstance(kind, np.dtype) and kind.kind in "biufcmM":
        return vector(series.to_numpy())
    if hasattr(kind, "numpy_dtype"):
        return _masked(series)
    missing = series.isna()
    return _objects([None if gone else v for gone, v in zip(missing, series, strict=True)])


def _levels(categories):
    """The labels of categories: R's text of numbers, logicals and times, Python's of the others."""
    if categories.dtype.kind in "fbM" or isinstance(categories.dtype, pandas.StringDtype):
        return column(categories.to_series())
    return _core.texts([str(label) for label in categories], ())


def _masked(series):
    """A column whose pandas dtype has a sign for what is missing, as NumPy's have none."""
    dtype, missing = series.dtype.numpy_dtype, series.isna().to_numpy()
    zero = {"na_value": dtype.type(0)} if missing.any() else {}
    return numbers(series.to_numpy(dtype=dtype, **zero), missing, narrow=True)


def _zoned(series):
    """A column of times with a zone."""
    zone = zone_name(series.dt.tz, (time for time in series.dropna()))
    return stamps_to_r(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), zone=zone)


def _objects(values: list):
    """A column of Python objects, with None for what is missing: a vector if all are of one kind
    that R has, else a list."""
    if not values:
        return _core.texts([], ())
    kinds = {_kind_of(type(value)) for value in values if value is not None}
    if not kinds:
        return numbers(np.zeros(len(values), bool), np.ones(len(values), bool))
    convert = _BY_KIND.get(kinds.pop()) if len(kinds) == 1 else None
    made = convert and convert(values, np.array([value is None for value in values]))
    return texts_or_list(values) if made is None else made


def _kind_of(kind: type) -> type | None:
    return next((known for known in _BY_KIND if issubclass(kind, known)), None)


def _known(values: list, dtype):
    return np.array([0 if value is None else value for value in values], dtype)


def _whole(values: list, missing):
    try:
        return numbers(_known(values, "int64"), missing, narrow=True)
    except OverflowError:
        return beyond_double(_known(values, "d"), missing)


def _stamps(values: list, missing):
    if any(value is not None and value.tzinfo is not None for value in values):
        return times_to_r(values)
    return stamps_to_r(np.array(values, "M8[us]"))


# The first class that an object is an instance of is its kind, so the order counts.
_BY_KIND = {
    str: lambda values, missing: _core.texts(values, ()),
    bool: lambda values, missing: numbers(_known(values, bool), missing),
    np.bool_: lambda values, missing: numbers(_known(values, bool), missing),
    int: _whole,
    np.integer: _whole,
    float: lambda values, missing: numbers(_known(values, "d"), missing),
    pandas.Timestamp: _stamps,
    datetime.datetime: lambda values, missing: times_to_r(values),
    datetime.date: lambda values, missing: dates_to_r(values),
    datetime.timedelta: lambda values, missing: stamps_to_r(np.array(values, "m8[us]")),
}
