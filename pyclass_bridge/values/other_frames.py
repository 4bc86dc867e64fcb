"""The columns and tables of pyarrow and polars as R's vectors and data frames. It has no other half
in R.

The rows are in `values/table.py`. It imports neither library: their objects have all it needs.
Integers are R's where all of a column fit, since both mark what is missing.
"""

from __future__ import annotations

import numpy as np

from ..bridge.r_functions import r_handle
from .arrays import data_frame, factor, numbers, stamps_to_r, texts_or_list
from .times import zone_of_text


def _days(days, missing):
    return r_handle("as_days")(numbers(days.astype("d"), missing))


def _ticks(ticks, missing, kind: str, unit: str, zone: str | None):
    stamps = ticks.astype("int64").view(f"{kind}[{unit}]").copy()
    stamps[missing] = "NaT"
    return stamps_to_r(stamps, zone=zone_of_text(zone) if zone else "UTC")


# ---- pyarrow -----------------------------------------------------------------------------------


def arrow_to_r(table):
    """A data.frame of a Table or RecordBatch."""
    columns = [arrow_column(table.column(i)) for i in range(table.num_columns)]
    return data_frame(table.schema.names, columns, table.num_rows)


def arrow_column(array):
    """The R vector of an Array or ChunkedArray."""
    if hasattr(array, "combine_chunks"):
        array = array.combine_chunks()
    name = str(array.type)
    missing = array.is_null().to_numpy(zero_copy_only=False)
    if name.startswith("dictionary"):
        codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return factor(codes, arrow_column(array.dictionary), array.type.ordered)
    if name == "null":
        return numbers(np.zeros(len(array), bool), missing)
    if name in _NUMBERS:
        filled = array.fill_null(False if name == "bool" else 0) if missing.any() else array
        return numbers(filled.to_numpy(zero_copy_only=False), missing, narrow=True)
    if name in ("string", "large_string", "string_view"):
        return texts_or_list(array.to_pylist())
    if name.startswith("date"):
        ticks = array.cast("date32").cast("int32").fill_null(0)
        return _days(ticks.to_numpy(zero_copy_only=False), missing)
    if name.startswith(("timestamp", "duration")):
        ticks = array.cast("int64").fill_null(0).to_numpy(zero_copy_only=False)
        kind = "M8" if name.startswith("timestamp") else "m8"
        return _ticks(ticks, missing, kind, array.type.unit, getattr(array.type, "tz", None))
    return texts_or_list(array.to_pylist())


_NUMBERS = {"bool", "halffloat", "float", "double"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


# ---- polars ------------------------------------------------------------------------------------


def polars_to_r(frame):
    """A data.frame of a DataFrame."""
    columns = [polars_column(column) for column in frame.get_columns()]
    return data_frame(frame.columns, columns, frame.height)


def polars_column(series):
    """The R vector of a Series."""
    kind, name = series.dtype, series.dtype.base_type().__name__
    missing = series.is_null().to_numpy()
    if name == "Boolean":
        return numbers(series.fill_null(False).to_numpy(), missing)
    if name == "Null":
        return numbers(np.zeros(len(series), bool), missing)
    if name == "String":
        return texts_or_list(series.to_list())
    if name in ("Categorical", "Enum"):
        return _polars_factor(series, kind.categories.to_list() if name == "Enum" else None)
    if name in ("Date", "Datetime", "Duration"):
        ticks = series.to_physical().fill_null(0).to_numpy()
        if name == "Date":
            return _days(ticks, missing)
        zone = getattr(kind, "time_zone", None)
        return _ticks(ticks, missing, "M8" if name == "Datetime" else "m8", kind.time_unit, zone)
    if kind.is_integer() or kind.is_float():
        return numbers(series.fill_null(0).to_numpy(), missing, narrow=True)
    return texts_or_list(series.to_list())


def _polars_factor(series, levels: list | None):
    """Categories that are not a fixed list are levels in their order of appearance."""
    texts = series.to_list()
    levels = levels or list(dict.fromkeys(text for text in texts if text is not None))
    codes = {level: code for code, level in enumerate(levels)}
    return factor(
        np.array([codes.get(text, -1) for text in texts], "i4"), texts_or_list(levels), False
    )
