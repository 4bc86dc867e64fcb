"""Values that the core's C rows leave to Python: NumPy's arrays and scalars, rpy2's objects.

The rows are in `values/table.py`. It has no other half in R. Assumes a started session; imports
NumPy only when a NumPy object or an R array crosses. An object without an R counterpart is never
changed: NotImplemented makes it a proxy.
"""

from __future__ import annotations

import sys

from .. import _core
from ..bridge.rpy2_edge import from_rpy2, is_rpy2

INT_MAX = 2**31 - 1
EXACT_IN_DOUBLE = 2**53
_DTYPES = {"double": "d", "integer": "i", "logical": "i", "complex": "D", "raw": "B"}
_SCALARS = (bool, int, float, complex, str, bytes)


# ---- Python to R -------------------------------------------------------------------------------


def convert_object(o):
    """The R value of an object that the core doesn't know, or NotImplemented for a proxy; in a
    tuple if the object itself is only rpy2's hold of that value."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if type(o) is numpy.ndarray:
            return array_to_r(o)
        if issubclass(type(o), numpy.generic):
            return numpy_scalar_to_r(o)
    if is_rpy2(type(o)):
        return (from_rpy2(o),)
    plain = _PLAIN.get((type(o).__module__, type(o).__name__))
    value = o if plain is None else plain(o)
    return NotImplemented if value is o else _core.to_r(value)


def _dims(shape):
    """The dims of a TensorFlow shape as a tuple, for the rule of tuples; a shape of unknown rank
    stays as it is."""
    return shape if shape.rank is None else tuple(shape.as_list())


# Keras and TensorFlow replace a list or dict that is assigned to a layer, optimizer or module by an
# object of these classes; in R it is a list as before. (A TrackedSet has no R value, as a set has
# none.) The shape of a tensor is a list of its dims on every backend.
_KERAS, _TF = "keras.src.utils.tracking", "tensorflow.python.trackable.data_structures"
_PLAIN = {
    (_KERAS, "TrackedList"): list,
    (_KERAS, "TrackedDict"): dict,
    (_KERAS, "TrackedOrderedDict"): dict,
    (_TF, "ListWrapper"): list,
    (_TF, "_DictWrapper"): dict,
    (_TF, "_TupleWrapper"): tuple,
    ("tensorflow.python.framework.tensor_shape", "TensorShape"): _dims,
    ("torch", "Size"): tuple,
}


def numpy_scalar_to_r(o):
    """A NumPy scalar crosses as the Python scalar of equal value; dates and records have none."""
    value = o.item() if o.dtype.kind in "biufcUS" else o
    if type(value) not in _SCALARS or not _fits(value):
        return NotImplemented
    return _core.to_r(value)


def _fits(value) -> bool:
    """Has R a value for this Python scalar?"""
    if type(value) is int:
        return -EXACT_IN_DOUBLE <= value <= EXACT_IN_DOUBLE
    return type(value) is not str or _is_r_text(value)


def _is_r_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def array_to_r(a):
    """An R array with equal [i, j]; a 0-d array is a scalar."""
    import numpy as np

    if a.ndim == 0:
        return numpy_scalar_to_r(a[()])
    if max(a.shape) > INT_MAX:
        return NotImplemented
    if a.dtype.kind == "U":
        return _text_array(a)
    typed = _r_type(a)
    if typed is None:
        return NotImplemented
    r_type, dtype = typed
    return _core.vector(r_type, np.ravel(a, order="F").astype(dtype, copy=False), a.shape)


def _r_type(a):
    """R's type of a NumPy array and the dtype that it has in memory; None where R has none."""
    kind, size = a.dtype.kind, a.dtype.itemsize
    if kind == "b":
        return "logical", "int32"
    if kind == "f" and size <= 8:
        return "double", "float64"
    if kind == "c" and size <= 16:
        return "complex", "complex128"
    if kind in "iu":
        low, high = (int(a.min()), int(a.max())) if a.size else (0, 0)
        if low >= -INT_MAX and high <= INT_MAX:
            return "integer", "int32"
        if low >= -EXACT_IN_DOUBLE and high <= EXACT_IN_DOUBLE:
            return "double", "float64"
    return None


def _text_array(a):
    from ..bridge.r_functions import r_handle

    texts = a.ravel(order="F").tolist()
    if not all(map(_is_r_text, texts)):
        return NotImplemented
    return r_handle("character_array")(texts, list(a.shape))


# ---- R to Python -------------------------------------------------------------------------------


def convert_array(data, shape: tuple[int, ...]):
    """The NumPy array of an R array without NA: `data` are its texts, or a handle of its numbers.

    The memory is NumPy's own, in C order, so it does not depend on the R value.
    """
    import numpy as np

    if isinstance(data, list):
        return np.array(data, dtype=np.str_).reshape(shape, order="F")
    flat = numbers_of(data)
    if data.typeof == "logical":
        flat = flat.astype(np.bool_)
    return np.array(flat.reshape(shape, order="F"), order="C")


def numbers_of(handle, dtype: str | None = None):
    """The numbers of an R vector as R has them, read-only and without a copy; NA is not marked."""
    import numpy as np

    return np.frombuffer(_core.Memory(handle), dtype=dtype or _DTYPES[handle.typeof])
