"""The operators of torch for plain R are what its compiler takes them for.

Of: plain_r/derivatives_torch.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.twin import backend

if backend() != "torch":
    pytest.skip("it is about operators of torch", allow_module_level=True)

import torch

from pyclass_bridge.plain_r import derivatives_torch  # noqa: F401  (makes the operators)
from pyclass_bridge.plain_r.derivatives import Differentiable
from pyclass_bridge.plain_r.host_call import Host

CHECKS = ("test_schema", "test_autograd_registration", "test_faketensor")


def doubled(r_order: bool) -> Differentiable:
    """Twice its input, and its gradient, as arrays in R's order of dims or in that of C."""

    def order(array):
        return np.asfortranarray(array) if r_order else np.ascontiguousarray(array)

    return Differentiable(
        Host("layer `own`"),
        lambda constant, active: [order(2 * active[0]), 1],
        lambda note, constant, active, g: [order(2 * g)],
        lambda active: tuple(active[0].shape),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("is_turned", [False, True], ids=["as made", "turned"])
@pytest.mark.parametrize("r_order", [False, True], ids=["C", "R"])
@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 3, 4), (0, 3)], ids=str)
def test_shapes_and_strides_are_those_that_are_announced(shape, r_order, is_turned, dtype):
    """torch.compile makes code for the announced strides, which would read numbers wrongly."""
    function = doubled(r_order)
    x = torch.arange(float(np.prod(shape))).to(getattr(torch, dtype)).reshape(shape)
    x = x.mT.contiguous().mT if is_turned and len(shape) > 1 else x
    g, note = torch.ones(shape, dtype=x.dtype), torch.tensor(1, dtype=torch.int32)
    operators = torch.ops.pyclass_bridge
    forward = (function.key, [], [x.clone().requires_grad_(True)])
    for operator, given in (
        (operators.plain_r.default, forward),
        (operators.plain_r_gradient.default, (function.key, note, [], [x], g)),
    ):
        said = torch.library.opcheck(operator, given, test_utils=CHECKS)
        assert set(said.values()) == {"SUCCESS"}
    (values, _) = operators.plain_r(function.key, [], [x])
    assert values.is_contiguous() and torch.equal(values, 2 * x)
