"""scipy's sparse matrices as those of the R package Matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import pyclass_bridge
from pyclass_bridge import _core

if not pyclass_bridge.r("requireNamespace('Matrix', quietly = TRUE)"):
    pytest.skip("the R package Matrix is not installed", allow_module_level=True)

DENSE = np.array([[0, 1.5, 0], [2, 0, -3]])
same_elements = pyclass_bridge.r("function(m, dense) identical(as.matrix(m), dense)")
class_of = pyclass_bridge.r("function(m) class(m)[[1]]")


@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize(
    ("format", "r_class"),
    [
        ("csc", "dgCMatrix"),
        ("csr", "dgRMatrix"),
        ("coo", "dgTMatrix"),
        ("lil", "dgCMatrix"),
        ("dok", "dgCMatrix"),
        ("bsr", "dgCMatrix"),
        ("dia", "dgCMatrix"),
    ],
)
def test_each_format_has_its_class_and_the_same_elements(format, r_class, kind):
    made = getattr(sparse, f"{format}_{kind}")(DENSE)
    assert class_of(made) == r_class
    assert same_elements(made, DENSE)
    assert class_of([made, {"a": made}][0]) == r_class


@pytest.mark.parametrize(("dtype", "r_class"), [("i8", "d"), ("f4", "d"), ("u1", "d"), ("?", "l")])
def test_types_of_numbers(dtype, r_class):
    made = sparse.csc_matrix(np.abs(DENSE).astype(dtype))
    assert class_of(made) == f"{r_class}gCMatrix"
    assert same_elements(made, np.abs(DENSE).astype(dtype).astype("?" if dtype == "?" else "f8"))


def test_unsorted_and_repeated_places_and_no_elements():
    twice = sparse.csr_matrix(([1.0, 2.0, 3.0], [2, 0, 2], [0, 3, 3]), shape=(2, 3))
    assert same_elements(twice, np.array([[2.0, 0, 4], [0, 0, 0]]))
    assert twice.nnz == 3
    assert same_elements(sparse.csc_matrix((2, 3)), np.zeros((2, 3)))


def test_what_matrix_has_no_class_for_stays_an_object():
    for value in (sparse.csr_matrix([[1j, 0]]), sparse.coo_array([1.0, 0])):
        assert _core.to_python(_core.to_r(value)) is value
