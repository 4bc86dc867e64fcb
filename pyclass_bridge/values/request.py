"""Values with a class in Python, and conversion on request: what `RObject.to_python()` and
`numpy.asarray()` give for an R value.

The other half is R/values_handle.R; the rows are R_TO_PYTHON and ON_REQUEST in `values/table.py`.
In a call, what would lose a typed NA stays a handle. What is asked for may lose what only R knows
(a factor's unused levels, a fraction of a day), and gives None for NA; what has no Python
counterpart is a TypeError.
"""

from __future__ import annotations

import datetime
import math

from .. import _core
from ..bridge.r_functions import r_function, r_handle
from .convert import convert_array, numbers_of

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
NA_INTEGER = -(2**31)
NA_INTEGER64 = -(2**63)


class NoCounterpart(TypeError):
    """The R value has no Python counterpart; the text says what to do in R."""


def nearest_python(handle):
    """The nearest Python value of an R value.

    Raises:
        NoCounterpart: there is none.
    """
    kind = r_function("request_kind")(handle)
    convert = _BY_KIND.get(kind)
    if convert is not None:
        return convert(handle)
    value = _core.to_python(handle)
    if isinstance(value, _core.Handle):
        raise no_counterpart(handle, "convert it in R first")
    return value


def by_rule(handle, rule: str):
    """What a value with a class becomes in a call, by the rule of this name; the handle itself
    where Python has no counterpart, or none for an NA among the elements."""
    try:
        value = _BY_KIND[rule](handle)
    except (NoCounterpart, UnicodeError):
        return handle
    value = _unboxed(value) if isinstance(value, list) else value
    has_na = value is None or (isinstance(value, list) and None in value)
    return handle if has_na else value


def no_counterpart(handle, remedy: str) -> NoCounterpart:
    kind = "/".join(handle.r_class)
    return NoCounterpart(f"an R value of class {kind} has no Python counterpart: {remedy}")


# ---- vectors -----------------------------------------------------------------------------------


def _elements(handle) -> list:
    """The elements of an atomic vector, with None for NA; NaN is a number."""
    return list(numbers_of(handle)) if handle.typeof == "raw" else _core.elements(handle)


def _unboxed(values: list):
    return values[0] if len(values) == 1 else values


def _vector(handle):
    return bytearray(numbers_of(handle)) if handle.typeof == "raw" else _unboxed(_elements(handle))


def _named(handle, values) -> dict:
    names = handle.names
    if any(not isinstance(n, str) or not n for n in names) or len(set(names)) < len(names):
        raise no_counterpart(handle, "its names are not all there, once; use unname() in R")
    return dict(zip(names, values, strict=True))


def _named_vector(handle) -> dict:
    return _named(handle, _elements(handle))


def _array(handle):
    """NumPy's array; with NA a masked one (numbers, logicals), or one of objects (text)."""
    import numpy as np

    plain = r_handle("without_dimnames")(handle)
    value = _core.to_python(plain)
    if not isinstance(value, _core.Handle):
        return value
    shape = tuple(r_function("dim_list")(handle))
    if handle.typeof == "character":
        return np.array(_elements(handle), dtype=object).reshape(shape, order="F")
    return np.ma.masked_array(
        convert_array(plain, shape), mask=convert_array(r_handle("is_na")(plain), shape)
    )


def _list(handle):
    values = [element.to_python() for element in elements(handle)]
    return values if handle.names is None else _named(handle, values)


def elements(handle):
    """The elements of a list of any class, each as a handle."""
    plain = r_handle("unclassed")(handle)
    return [r_handle("element_at")(plain, i + 1) for i in range(len(plain))]


# ---- classes -----------------------------------------------------------------------------------


def _factor(handle) -> list:
    return _elements(r_handle("labels_of")(handle))


def _each(convert):
    def convert_each(handle):
        values = numbers_of(r_handle("plain_numbers")(handle)).tolist()
        return _unboxed([None if math.isnan(v) else convert(handle, v) for v in values])

    return convert_each


def _date(handle, days: float) -> datetime.date:
    return (EPOCH + datetime.timedelta(math.floor(days))).date()


def _duration(handle, seconds: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=seconds)


def zone_of(handle) -> datetime.tzinfo:
    """The time zone of a POSIXct; R's own when it has none."""
    from .times import zone_of_name

    name = r_function("zone_name")(handle)
    try:
        return zone_of_name(name)
    except (KeyError, ValueError):
        raise no_counterpart(handle, f"Python knows no time zone {name!r}") from None


def _time(handle):
    zone = zone_of(handle)
    read = _each(lambda _, s: (EPOCH + datetime.timedelta(seconds=s)).astimezone(zone))
    return read(handle)


def _whole_numbers(handle):
    """The class integer64 keeps whole numbers in the bits of doubles."""
    whole = numbers_of(handle, "int64").tolist()
    return _unboxed([None if n == NA_INTEGER64 else n for n in whole])


def _guarded(convert):
    def or_type_error(handle):
        try:
            return convert(handle)
        except OverflowError:
            raise no_counterpart(handle, "Python's years end at 9999") from None

    return or_type_error


# ---- data frames -------------------------------------------------------------------------------


def _data_frame(handle):
    """pandas' DataFrame, or a dict of lists where pandas is not installed."""
    names = _elements(r_handle("names_of")(handle))
    columns = elements(handle)
    try:
        import pandas
    except ImportError:
        return {n: _column_list(c) for n, c in zip(names, columns, strict=True)}
    rows = r_function("row_labels")(handle)
    index = pandas.RangeIndex(row_count(handle)) if rows is None else pandas.Index(rows)
    columns = {i: _column(column, pandas, len(index)) for i, column in enumerate(columns)}
    frame = pandas.DataFrame(columns, index=index, copy=False)
    frame.columns = pandas.Index(names) if names else pandas.RangeIndex(0)
    return frame


def row_count(handle) -> int:
    return r_function("row_count")(handle)


def _column_list(column) -> list:
    value = column.to_python()
    return value if isinstance(value, list) else [value]


def _column(column, pandas, rows: int):
    """What pandas makes a column of, in memory of its own, with R's NA as a missing value."""
    kind = r_function("request_kind")(column)
    if kind == "factor":
        return _categories(column, pandas)
    if kind == "POSIXlt":
        column, kind = r_handle("as_ct")(column), "POSIXct"
    if kind in ("Date", "POSIXct", "difftime"):
        return _time_column(column, kind, pandas)
    if kind == "integer64":
        whole = numbers_of(column, "int64")
        return pandas.arrays.IntegerArray(whole.copy(), whole == NA_INTEGER64)
    if kind in ("vector", "named") and column.typeof in ("integer", "logical"):
        return _whole_column(column, pandas)
    if kind in ("vector", "named") and column.typeof != "character":
        return numbers_of(column).copy()
    if kind in ("vector", "named"):
        return _elements(column)
    values = None
    if kind in ("list", "named list"):
        values = [_core.to_python(element) for element in elements(column)]
    elif kind == "":  # a user's r_to_py() method may know more
        values = _core.to_python(column)
    if not isinstance(values, list) or len(values) != rows:
        raise no_counterpart(column, "a column of a data.frame is a vector, or a list")
    return _objects(values)


def _objects(values: list):
    """An array of these objects, which NumPy looks at no closer."""
    import numpy as np

    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _categories(column, pandas):
    import numpy as np

    levels = _elements(r_handle("levels_of")(column))
    small = np.int8 if len(levels) < 127 else np.int32
    codes = np.maximum(numbers_of(column), 0).astype(small) - small(1)  # NA, the least integer: -1
    ordered = "ordered" in column.r_class
    return pandas.Categorical.from_codes(codes, categories=levels, ordered=ordered)


def _whole_column(column, pandas):
    numbers = numbers_of(column)
    values = numbers.astype(bool) if column.typeof == "logical" else numbers.copy()
    if not numbers.size or numbers.min() != NA_INTEGER:
        return values
    masked = pandas.arrays.BooleanArray if values.dtype == bool else pandas.arrays.IntegerArray
    return masked(values, numbers == NA_INTEGER)


def _time_column(column, kind: str, pandas):
    """Dates as objects; times in microseconds, which is what a double holds of today's seconds."""
    import numpy as np

    numbers = numbers_of(r_handle("plain_numbers")(column))
    missing = ~np.isfinite(numbers)
    known = np.where(missing, 0, numbers)
    if kind == "Date":
        days = np.floor(known).astype("M8[D]")
        days[missing] = "NaT"
        return days.astype(object)
    stamps = np.rint(known * 10**6).astype("m8[us]" if kind == "difftime" else "M8[us]")
    stamps[missing] = "NaT"
    if kind == "difftime":
        return stamps
    return pandas.DatetimeIndex(stamps, tz="UTC").tz_convert(zone_of(column))


# ---- sparse matrices ---------------------------------------------------------------------------

_SPARSE = {"dgCMatrix": "csc", "dgRMatrix": "csr", "dgTMatrix": "coo"}


def _sparse(handle):
    """The scipy.sparse matrix of a sparse matrix of the R package Matrix."""
    try:
        from scipy import sparse
    except ImportError:
        raise ImportError(
            f"an R matrix of class {handle.r_class[0]} becomes one of scipy.sparse, and this "
            "Python has no scipy: install it (`pip install scipy`), or give as.matrix() of it"
        ) from None
    general = r_handle("general_sparse")(handle)
    layout = _SPARSE[general.r_class[0]]

    def part(name: str):
        return numbers_of(r_handle("slot_of")(general, name)).copy()

    places = {"csc": ("i", "p"), "csr": ("j", "p"), "coo": ("i", "j")}[layout]
    values, (a, b) = part("x"), map(part, places)
    make = getattr(sparse, f"{layout}_matrix")
    return make((values, (a, b)) if layout == "coo" else (values, a, b), shape=tuple(part("Dim")))


# ---- NumPy -------------------------------------------------------------------------------------


def as_numpy(handle):
    """The numbers or texts of an R vector or array as a NumPy array, for ``numpy.asarray``.

    Raises:
        TypeError: the value is no vector, or holds an NA that NumPy has no sign for.
    """
    import numpy as np

    kind = r_function("request_kind")(handle)
    if kind not in ("vector", "named", "array"):
        raise TypeError(
            f"an R value of class {'/'.join(handle.r_class)} is no array: convert it in R first"
        )
    if kind != "array":
        handle = r_handle("as_array")(handle)
    array = _array(handle)
    if isinstance(array, np.ma.MaskedArray) or array.dtype == object:
        raise TypeError(
            "the R vector holds NA, which NumPy has no sign for: replace it in R, "
            "or convert with .to_python()"
        )
    return array


_BY_KIND = {
    "vector": _vector,
    "named": _named_vector,
    "array": _array,
    "list": _list,
    "named list": _list,
    "factor": _factor,
    "Date": _guarded(_each(_date)),
    "POSIXct": _guarded(_time),
    "POSIXlt": lambda handle: _guarded(_time)(r_handle("as_ct")(handle)),
    "difftime": _guarded(_each(_duration)),
    "integer64": _whole_numbers,
    "data.frame": _data_frame,
    "sparseMatrix": _sparse,
}
