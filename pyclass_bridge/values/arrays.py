"""NumPy's arrays and scalars as R values: an array has equal [i, j], and NA where NumPy masks.

The rows are in `values/table.py`; other modules of this room make columns of data frames with the
functions here. It has no other half in R. Nothing changes without a word: a number that a double
can't hold exactly is a warning.
"""

from __future__ import annotations

import numpy as np

from .. import _core
from ..bridge.r_functions import r_function, r_handle
from .convert import DTYPES
from .times import read_local_zone, zone_name

INT_MAX = 2**31 - 1
EXACT_IN_DOUBLE = 2**53
NA_REAL = 0x7FF00000000007A2  # the bits of R's NA_real_
NA_INTEGER = -INT_MAX - 1
PART = 2**16  # bytes of a large array that are copied at once, and at least so many of its rows
LEAST_ROWS = 8
_SCALARS = (bool, int, float, complex)
_SEEN = ("double", "integer", "complex")  # the types that come back as they are


def scalar_to_r(o):
    """A NumPy scalar crosses as the Python scalar of equal value; integers of 64 bits, whose arrays
    are doubles, as doubles. One beyond 2**53 is a proxy."""
    if o.dtype.kind in "mM":
        stamps = stamps_to_r(np.atleast_1d(o))
        return NotImplemented if stamps is None else stamps
    if o.dtype.type in (np.longdouble, np.clongdouble):
        return numbers(np.atleast_1d(o))
    if o.dtype.names is not None:
        return _core.to_r({name: o[name] for name in o.dtype.names})
    value = o.item()
    if type(value) is int and abs(value) > EXACT_IN_DOUBLE:
        return NotImplemented
    if o.dtype.kind in "iu" and r_type(o.dtype) == "double":
        value = float(value)
    return _core.to_r(value) if type(value) in _SCALARS else NotImplemented


def array_to_r(a):
    """An R array with equal [i, j]; a 0-d array is a scalar, one of objects an R list. The view of
    an R array is that array."""
    seen = _seen_array(a)
    if seen is not None:
        return seen
    if a.ndim == 0 and isinstance(a, np.ma.MaskedArray):
        return vector(np.ma.atleast_1d(a))
    if a.ndim == 0:
        return _core.to_r(a.item() if a.dtype == object else a[()])
    return NotImplemented if max(a.shape) > INT_MAX else vector(a, a.shape)


def _seen_array(a):
    """The R array, a handle, of which `a` is the whole view that `convert.convert_array` has made;
    None for other arrays, and if R's has more than dims or a sign for NA."""
    flat = a.base
    if type(a) is not np.ndarray or type(flat) is not np.ndarray:
        return None
    if type(flat.base) is not _core.Memory or a.size != flat.size or not a.flags.f_contiguous:
        return None
    handle = flat.base.handle
    if handle.typeof not in _SEEN or a.dtype != DTYPES[handle.typeof]:
        return None
    return handle if r_function("is_seen_as")(handle, list(a.shape)) else None


def vector(a, dim: tuple[int, ...] = ()):
    """The R vector of an array's elements, in R's order, with these dims."""
    missing = np.ma.getmaskarray(a) if isinstance(a, np.ma.MaskedArray) else None
    a = np.asarray(a)
    kind = a.dtype.kind
    if kind in "biufc":
        return numbers(a, missing, dim=dim)
    if kind in "mM":
        known = a if missing is None else np.where(missing, a.dtype.type("NaT"), a)
        stamps = stamps_to_r(known, dim)
        if stamps is not None:
            return stamps
    if kind == "V" and a.dtype.names is not None:
        return _records(a)
    values = list(np.ravel(a, order="F")) if kind == "m" else np.ravel(a, order="F").tolist()
    if kind == "S":
        values = _decoded(values)
    elif kind == "T":
        values = [v if isinstance(v, str) else None for v in values]
    if missing is not None:
        values = [None if m else v for v, m in zip(values, missing.ravel("F"), strict=True)]
    return texts_or_list(values, dim)


def texts_or_list(values: list, dim: tuple[int, ...] = ()):
    """A character vector of texts and None (NA), of these dims; an R list of other values, or if R
    can't hold a text. A list has dims only if they are several: so it comes back as a list."""
    texts = None
    if all(value is None or isinstance(value, str) for value in values):
        texts = _core.texts(values, dim)
    if texts is not None:
        return texts
    return r_handle("as_list_of")(tuple(values), list(dim) if len(dim) > 1 else None)


def _decoded(values: list) -> list:
    """The texts of an array of bytes, or the bytes, if they are no text."""
    try:
        return [value.decode() for value in values]
    except UnicodeDecodeError:
        return values


def _records(a):
    """A structured array is a data frame, one of several dims a list of its fields."""
    if a.ndim != 1:
        return _core.to_r({name: a[name] for name in a.dtype.names})
    fields = [a[name] for name in a.dtype.names]
    columns = [vector(field, field.shape if field.ndim > 1 else ()) for field in fields]
    return data_frame(a.dtype.names, columns, len(a))


def data_frame(names, columns: list, n: int, rows: list[str] | None = None):
    """A data.frame of columns that are handles; `rows` are its row names, None: 1 to n."""
    return r_handle("as_frame")([str(name) for name in names], rows, n, *columns)


# ---- numbers -----------------------------------------------------------------------------------


def r_type(dtype) -> str:
    """R's type for numbers of a NumPy dtype. Integers that R's may not hold are doubles, so that
    the type does not depend on the values."""
    kind, size = dtype.kind, dtype.itemsize
    if kind == "b":
        return "logical"
    if kind == "c":
        return "complex"
    return "integer" if kind in "iu" and size <= (4 if kind == "i" else 2) else "double"


def numbers(a, missing=None, narrow: bool = False, dim: tuple[int, ...] = ()):
    """An R vector of numbers, written straight into R's memory, in R's order.

    Args:
        a: an array of booleans, integers, floats or complex numbers.
        missing: a boolean array: where the R vector has NA. None: nowhere.
        narrow: are integers R's integers if all of them fit?
        dim: the dims of the R vector.
    """
    known = a if missing is None or not missing.any() else np.where(missing, a.dtype.type(0), a)
    to = r_type(a.dtype)
    if a.dtype.kind in "iu" and (narrow or a.dtype.itemsize >= 4):
        low = int(known.min()) if a.size else 0
        high = INT_MAX if a.dtype == np.int32 else int(known.max()) if a.size else 0
        fits = low >= -INT_MAX and high <= INT_MAX
        to = "integer" if fits and (narrow or to == "integer") else "double"
        if low < -EXACT_IN_DOUBLE or high > EXACT_IN_DOUBLE:
            if high < 2**63 and r_function("uses_bit64")():
                return _integer64(known, missing, dim)
            return beyond_double(a, missing, dim)
    elif a.dtype.kind == "f" and a.dtype.itemsize > 8 and (known.astype("d") != known).any():
        _warn("long doubles of NumPy", "Convert them in Python with astype('float64')")
    return _filled(to, a, missing, dim)


def beyond_double(a, missing=None, dim: tuple[int, ...] = ()):
    """The doubles nearest to integers beyond 2**53, with a warning."""
    _warn("integers beyond 2^53", "Load bit64 to have those of 64 bits as integer64")
    return _filled("double", a, missing, dim)


def _warn(what: str, remedy: str) -> None:
    r_handle("warn_of_value")(
        f"R has {what} as doubles, which do not hold all of them exactly. {remedy}."
    )


def _filled(to: str, a, missing, dim):
    handle = _core.vector(to, a.size, dim)
    if a.size == 0:
        return handle
    memory = np.frombuffer(_core.Memory(handle, True), DTYPES[to]).reshape(a.shape, order="F")
    _copy(memory, a)
    if missing is not None and missing.any():
        if to == "complex":
            memory.real[missing] = memory.imag[missing] = np.nan
        bits = memory.view({"double": "u8", "complex": "D"}.get(to, "i4"))
        bits[missing] = {"double": NA_REAL, "complex": complex("nan")}.get(to, NA_INTEGER)
    return handle


def _copy(to, a) -> None:
    """A large array of rows goes in parts that a processor keeps at hand: R's order is that of
    columns."""
    at_once = len(a)
    if a.ndim > 1 and a.nbytes > 2**20 and not a.flags.f_contiguous:
        at_once = max(LEAST_ROWS, PART * len(a) // a.nbytes)
    for i in range(0, len(a), at_once):
        np.copyto(to[i : i + at_once], a[i : i + at_once], casting="unsafe")


def factor(codes, levels, ordered: bool):
    """A factor of codes that count from 0, with -1 for NA; `levels` is a handle."""
    missing = codes < 0
    return r_handle("as_factor")(numbers(codes.astype("int32") + 1, missing), levels, bool(ordered))


def _integer64(a, missing, dim):
    """The class of bit64: whole numbers in the bits of doubles."""
    whole = np.where(False if missing is None else missing, -(2**63), a.astype("i8"))
    return r_handle("as_integer64")(_filled("double", whole.view("d"), None, dim))


# ---- times -------------------------------------------------------------------------------------


def stamps_to_r(stamps, dim: tuple[int, ...] = (), zone: str = "UTC"):
    """A POSIXct of NumPy's dates, which are of UTC, or a difftime of its durations; NaT is NA. In
    microseconds, which is what a double holds of today's seconds. None for durations in years,
    months or without a unit, whose length is not known."""
    is_time = stamps.dtype.kind == "M"
    missing = np.isnat(stamps)
    unit = np.datetime_data(stamps.dtype)[0]
    if unit in ("Y", "M", "generic") and not (is_time or missing.all()):
        return None
    ticks = stamps.astype("M8[us]" if is_time else "m8[us]").astype("int64")
    seconds = numbers(ticks / 1e6, missing, dim=dim if len(dim) > 1 else ())
    return r_handle("as_time")(seconds, zone) if is_time else r_handle("as_seconds")(seconds)


def dates_to_r(dates: list):
    """A Date of dates and None (NA)."""
    days = np.array(dates, dtype="M8[D]")
    return r_handle("as_days")(numbers(days.astype("int64").astype("d"), np.isnat(days)))


def times_to_r(times: list):
    """A POSIXct of datetimes and None (NA). All have R's own zone, or all one of theirs."""
    known = [t for t in times if t is not None]
    aware = [t for t in known if t.tzinfo is not None]
    if aware and len(aware) < len(known):
        return None
    read_local_zone()
    seconds = np.array([0.0 if t is None else t.timestamp() for t in times])
    missing = np.array([t is None for t in times])
    zones = {t.tzinfo for t in aware}
    name = zone_name(zones.pop(), aware) if len(zones) == 1 else "UTC"
    return r_handle("as_time")(numbers(seconds, missing), name if aware else None)
