"""Equality for the tests of values: of type and of every bit that a user can see."""

from __future__ import annotations

import math
import struct

import numpy as np
import pandas as pd
from scipy import sparse


def same(a, b) -> bool:
    """Are `a` and `b` of one type and equal, with nan equal to nan and 0.0 not to -0.0?"""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ma.MaskedArray):
        return same(np.ma.getmaskarray(a), np.ma.getmaskarray(b)) and same(
            np.ma.filled(a, 0), np.ma.filled(b, 0)
        )
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape) == (b.dtype, b.shape) and same(a.tolist(), b.tolist())
    if sparse.issparse(a):
        return same(a.toarray(), b.toarray())
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b)
        return True
    return bool(a == b)
