"""What `py_to_r()` in R and `to_r()` give for a Python value that the table leaves a proxy: its
nearest R value. The opposite direction is values/request.py; the other half is R/values_handle.R.
The rows are FROM_PYTHON in `values/table.py`.

What is asked for may lose what only Python knows (microseconds below a double's, an index). pandas
is only used for its own objects.
"""

from __future__ import annotations

import datetime
import sys

from .. import _core
from ..bridge.r_functions import r_handle
from .convert import array_to_r

NA_INTEGER = -(2**31)
_EPOCH = datetime.date(1970, 1, 1)


def nearest_r(o):
    """A handle of the nearest R value of `o`, or `o` itself where there is none.

    Example:
        >>> import datetime, pyclass_bridge
        >>> pyclass_bridge.to_r(datetime.date(2024, 2, 29)).r_class
        ('Date',)
    """
    if isinstance(o, datetime.datetime):
        return _time(o)
    if isinstance(o, datetime.date):
        return r_handle("as_days")(float((o - _EPOCH).days))
    if isinstance(o, datetime.timedelta):
        return r_handle("as_seconds")(o.total_seconds())
    if isinstance(o, (set, frozenset)):
        return _core.to_r(list(o))
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(o, (numpy.ndarray, numpy.generic)) and o.dtype.kind in "mM":
        return _stamps(numpy.atleast_1d(o), None)
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return o
    if isinstance(o, pandas.DataFrame):
        return _data_frame(o, pandas)
    if isinstance(o, (pandas.Series, pandas.Index)):
        return _column(pandas.Series(o), pandas)
    return o


def _time(o: datetime.datetime):
    """A time without a zone is one of R's own zone, as it is one of Python's."""
    zone = "" if o.tzinfo is None else str(getattr(o.tzinfo, "key", None) or o.tzname() or "UTC")
    return r_handle("as_time")(o.timestamp(), zone)


# ---- pandas ------------------------------------------------------------------------------------


def _data_frame(frame, pandas):
    names = [str(name) for name in frame.columns]
    columns = [_column(frame.iloc[:, i], pandas) for i in range(len(names))]
    counts = isinstance(frame.index, pandas.RangeIndex)
    rows = None if counts else [str(row) for row in frame.index]
    return r_handle("as_frame")(names, rows, len(frame), *columns)


def _column(series, pandas):
    """The R vector of a Series. pandas' missing values are NA; a NaN among floats is NaN."""
    kind = series.dtype
    if isinstance(kind, pandas.CategoricalDtype):
        levels = [str(level) for level in kind.categories]
        return r_handle("as_factor")(
            _numbers(series.cat.codes.to_numpy() + 1), levels, kind.ordered
        )
    if kind.kind in "mM":
        zone = getattr(kind, "tz", None)
        values = series.dt.tz_convert("UTC").dt.tz_localize(None) if zone else series
        return _stamps(values.to_numpy(), str(zone) if zone else None)
    if kind.kind in "biufc":
        plain = not hasattr(kind, "numpy_dtype")
        return _numbers(series.to_numpy()) if plain else _masked(series, series.isna())
    missing = series.isna()
    values = [None if gone else value for gone, value in zip(missing, series, strict=True)]
    if all(value is None or type(value) is str for value in values):
        return r_handle("as_text")(values)
    return r_handle("as_list_column")([nearest_r(value) for value in values])


def _numbers(array):
    """An R vector without dims."""
    return r_handle("as_plain")(array_to_r(array))


def _masked(series, missing):
    """A column whose pandas dtype has a sign for what is missing, as NumPy's have none."""
    import numpy as np

    filled = series.fillna(False if series.dtype.kind == "b" else 0)
    at = [int(i) + 1 for i in np.flatnonzero(missing)]
    return r_handle("with_na")(_numbers(filled.to_numpy(dtype=series.dtype.numpy_dtype)), at)


def _stamps(stamps, zone: str | None):
    """Times, or durations, in microseconds: what a double holds of today's seconds."""
    import numpy as np

    is_time = stamps.dtype.kind == "M"
    ticks = stamps.astype("M8[us]" if is_time else "m8[us]").astype("int64")
    seconds = np.where(np.isnat(stamps), np.nan, ticks / 1e6)
    values = _numbers(seconds)
    return r_handle("as_time")(values, zone or "UTC") if is_time else r_handle("as_seconds")(values)
