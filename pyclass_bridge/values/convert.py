"""Which function makes the R value of a Python type that the core's C rows don't know; and R arrays
in Python.

The rows are in `values/table.py`. It has no other half in R. The modules of the table below are
imported when the first object of such a type crosses. An object without an R counterpart is never
changed: NotImplemented makes it a proxy.
"""

from __future__ import annotations

import functools
from importlib import import_module

from .. import _core
from ..bridge.r_functions import r_handle
from ..bridge.rpy2_edge import from_rpy2, is_rpy2

DTYPES = {"double": "d", "integer": "i", "logical": "i", "complex": "D", "raw": "B"}


# ---- Python to R -------------------------------------------------------------------------------


def converter_of(kind: type):
    """The function that makes a handle (or NotImplemented: a proxy) of an object of the type; None
    if all of them are proxies, or scalars for the core. The core asks once for each type. A handle
    in a tuple says that the object only holds that R value.

    An object of an R class is R's own, whatever it inherits from, and one that can be called is
    more than its base's value.
    """
    if is_rpy2(kind):
        return _rpy2_to_r
    if any({"__r_class__", "__call__"} & vars(base).keys() for base in kind.__mro__):
        return None
    if kind is dict:
        return mapping_to_r
    if issubclass(kind, (int, float, str)):  # NumPy's float64 and str_ are, too
        return None
    for base in kind.__mro__:
        known = _CONVERTERS.get((base.__module__.partition(".")[0], base.__qualname__))
        if callable(known):
            return known
        if known is not None:
            module, name = known.split(": ")
            return getattr(import_module(f"{__package__}.{module}"), name)
    return None


def _rpy2_to_r(o):
    """rpy2's object only holds an R value."""
    return (from_rpy2(o),)


def by_method(o):
    """What a user's `py_to_r()` method makes of the object."""
    return _method()(o)


@functools.cache
def _method():
    """The generic, called with a proxy of the object."""
    return _core.Function(
        r_handle("py_to_r_of")(), "py_to_r", (), (), convert=False, as_handle=True
    )


def mapping_to_r(mapping):
    """A named list, its names by `str()`; not if two keys have the same, or one R can't hold."""
    names = [key if type(key) is str else str(key) for key in mapping]
    if len(set(names)) < len(names) or not all(map(is_r_text, names)):
        return NotImplemented
    return _core.to_r(dict(zip(names, mapping.values(), strict=True)))


def is_r_text(text: str) -> bool:
    """Can R's strings hold it? They have neither NUL nor lone surrogates."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def list_to_r(values):
    """The R value of a list that is of a subclass."""
    return _core.to_r(list.__getitem__(values, slice(None)))


def _tuple_to_r(values):
    return _core.to_r(tuple(values))


def _bytearray_to_r(data):
    return _core.to_r(bytearray(data))


def _dims_to_r(shape):
    """The dims of a TensorFlow shape, as a tuple's; a shape of unknown rank stays as it is."""
    return NotImplemented if shape.rank is None else _core.to_r(tuple(shape.as_list()))


# {(package of the type, its name): a function, or "module: function" of this room}. A type has the
# row of the first of its bases that has one. Keras and TensorFlow replace a list or dict that is
# assigned to a layer, optimizer or module by an object of the Tracked and Wrapper classes. (A
# TrackedSet has no R value, as a set has none.) The shape of a tensor is a list of its dims on
# every backend.
_CONVERTERS = {
    ("builtins", "list"): list_to_r,
    ("builtins", "bytearray"): _bytearray_to_r,
    ("collections", "OrderedDict"): mapping_to_r,
    ("collections", "defaultdict"): mapping_to_r,
    ("collections", "Counter"): mapping_to_r,
    ("keras", "TrackedDict"): mapping_to_r,
    ("keras", "TrackedOrderedDict"): mapping_to_r,
    ("tensorflow", "ListWrapper"): list_to_r,
    ("tensorflow", "_DictWrapper"): mapping_to_r,
    ("tensorflow", "_TupleWrapper"): _tuple_to_r,
    ("tensorflow", "TensorShape"): _dims_to_r,
    ("torch", "Size"): _tuple_to_r,
    ("datetime", "datetime"): "times: time_to_r",
    ("datetime", "date"): "times: date_to_r",
    ("datetime", "timedelta"): "times: duration_to_r",
    ("numpy", "ndarray"): "arrays: array_to_r",
    ("numpy", "generic"): "arrays: scalar_to_r",
    ("pandas", "DataFrame"): "frames: frame_to_r",
    ("pandas", "Series"): "frames: series_to_r",
    ("pandas", "Index"): "frames: values_to_r",
    ("pandas", "ExtensionArray"): "frames: values_to_r",
    ("pandas", "NAType"): "frames: missing_to_r",
    ("pandas", "NaTType"): "frames: missing_to_r",
    ("pandas", "Timestamp"): "frames: stamp_to_r",
    ("polars", "DataFrame"): "other_frames: polars_to_r",
    ("polars", "Series"): "other_frames: polars_column",
    ("pyarrow", "Table"): "other_frames: arrow_to_r",
    ("pyarrow", "RecordBatch"): "other_frames: arrow_to_r",
    ("pyarrow", "Array"): "other_frames: arrow_column",
    ("pyarrow", "ChunkedArray"): "other_frames: arrow_column",
    ("scipy", "_spbase"): "sparse: sparse_to_r",
}


# ---- R to Python -------------------------------------------------------------------------------


def convert_array(data, shape: tuple[int, ...]):
    """The NumPy array of an R array without NA: `data` are its texts, or a handle of its numbers.

    Numbers are R's own, in R's order: a read-only view that keeps the R value, which R copies
    before it changes it. NumPy's booleans are smaller than R's, so they are a copy, read-only too.
    """
    import numpy as np

    if isinstance(data, list):
        return np.array(data, dtype=np.str_).reshape(shape, order="F")
    flat = numbers_of(data)
    if data.typeof == "logical":
        flat = flat.astype(np.bool_)
        flat.flags.writeable = False
    return flat.reshape(shape, order="F")


def numbers_of(handle, dtype: str | None = None):
    """The numbers of an R vector as R has them, read-only and without a copy; NA is not marked."""
    import numpy as np

    return np.frombuffer(_core.Memory(handle), dtype=dtype or DTYPES[handle.typeof])
