"""Python containers that R makes. The other half is R/for_r_containers.R."""

import numpy as np


def make_tuple(values):
    """A tuple of `values`."""
    return tuple(values)


def make_dict(keys, values):
    """A dict of `keys` (any hashable objects) and `values`, in order."""
    if len(keys) != len(values):
        raise ValueError(f"py_dict(): {len(keys)} keys, but {len(values)} values")
    return dict(zip(keys, values, strict=True))


def array(data, dtype=None, order="C"):
    """A new NumPy array of `data`; `order` is "C" (rows together) or "F" (columns together)."""
    return np.array(data, dtype=dtype, order=order)
