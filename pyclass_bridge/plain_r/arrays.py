"""The arrays that compiled code hands to plain R. The other half is R/plain_r_call.R.

R has doubles, integers, logicals and text. A whole number that R's integers can't hold becomes a
double if that is exact; else it is an error. One dim or one column is a vector in R.
"""

from __future__ import annotations

import numpy as np

from ..bridge.r_functions import r_function
from ..values.arrays import vector
from ..values.handle import RObject


def as_r(array: np.ndarray):
    """A handle of the R vector, matrix or array for `array`; it is copied once."""
    array = for_r(array)
    if array.ndim < 2 or (array.ndim == 2 and array.shape[1] == 1):
        return vector(array.reshape(-1))
    return vector(array, array.shape)


def for_r(array: np.ndarray) -> np.ndarray:
    """`array` with a dtype whose values cross to R as they are.

    Raises:
        ValueError: a whole number is too large for R.
    """
    kind = array.dtype.kind
    if kind in "bcfU" or array.dtype == np.int32:
        return array
    if kind in "iu":
        return _whole(array)
    if kind in "OS":  # text of TensorFlow
        return np.array([x.decode() if isinstance(x, bytes) else x for x in array.flat]).reshape(
            array.shape
        )
    return array.astype("float64")  # bfloat16, which NumPy lacks


def _whole(array: np.ndarray) -> np.ndarray:
    if array.size == 0 or (array.min() > -(2**31) and array.max() < 2**31):
        return array.astype("int32")
    if array.min() < -(2**53) or array.max() > 2**53:
        raise ValueError("a whole number beyond 2^53 has no equal in R")
    return array.astype("float64")


def own(tensors) -> list:
    """The tensors, with copies of NumPy's arrays, which others might change."""
    return [x.copy() if isinstance(x, np.ndarray) else x for x in tensors]


def given(x):
    """What a metric is given by a direct call: a tensor as it is; of R's values arrays of one dim
    or more, and of a factor its codes, from 0, and its levels.

    Raises:
        TypeError: it is a ragged tensor.
    """
    from keras import ops

    if hasattr(x, "row_splits"):
        raise TypeError(
            "a ragged tensor of TensorFlow has no equal among R's arrays: pad it in the data, as "
            "`x$to_tensor()` does."
        )
    if ops.is_tensor(x) or hasattr(x, "aval"):
        return x, None
    if hasattr(x, "codes") and hasattr(x, "categories"):  # of pandas
        return np.array(x.codes, "int32"), [str(level) for level in x.categories]
    if isinstance(x, RObject) and "factor" in x.r_class:
        codes, levels = r_function("factor_parts")(x)
        return np.atleast_1d(np.array(codes, "int32")), levels
    return np.atleast_1d(np.asarray(x)), None
