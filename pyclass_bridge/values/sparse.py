"""scipy's sparse matrices as those of the R package Matrix.

The rows are in `values/table.py`; the other half is R/values_handle.R. Without Matrix, and for what
it has no class for (complex numbers, other than two dims), they are proxies.
"""

from __future__ import annotations

from ..bridge.r_functions import r_function, r_handle
from .arrays import numbers


def sparse_to_r(m):
    """A dgCMatrix; of csr a dgRMatrix, of coo a dgTMatrix; of booleans lgCMatrix and its kin."""
    kind = m.dtype.kind
    if len(m.shape) != 2 or kind not in "biuf" or not r_function("has_matrix_package")():
        return NotImplemented
    if m.format not in ("csc", "csr", "coo"):
        m = m.tocsc()
    if m.format != "coo":
        m = m.copy()
        m.sum_duplicates()  # sorts, too
    values = numbers(m.data if kind == "b" else m.data.astype("d"))
    if m.format == "coo":
        places = {"i": m.row, "j": m.col}
    else:
        places = {"p": m.indptr, "i" if m.format == "csc" else "j": m.indices}
    letter = {"csc": "C", "csr": "R", "coo": "T"}[m.format]
    slots = {name: numbers(place.astype("i4")) for name, place in places.items()}
    name = f"{'l' if kind == 'b' else 'd'}g{letter}Matrix"
    return r_handle("as_sparse")(name, list(m.shape), values, **slots)
