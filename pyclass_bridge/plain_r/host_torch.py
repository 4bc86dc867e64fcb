"""Plain R in torch: a call in each step, at which ``torch.compile`` breaks its graph.

It has no other half in R.
"""

from __future__ import annotations

import keras
import torch

from .arrays import own

XLA = False  # does the compiler refuse host callbacks?
ENDS = True  # can an error end a step without harm?
GOES_ON = False  # does a step still compute when it returns?


@torch.compiler.disable
def call(host, run, inputs: list, outputs: list, pure: bool) -> list:
    """See `Host.call()`."""
    arrays = [keras.ops.convert_to_numpy(x) for x in inputs]
    device = next((x.device for x in inputs if isinstance(x, torch.Tensor)), None)
    dtypes = [getattr(torch, dtype) for _, dtype in outputs]
    made = zip(run(arrays), dtypes, strict=True)
    return [torch.as_tensor(a.astype("float32") if a.dtype.kind == "V" else a).to(device, dtype)
            for a, dtype in made]  # fmt: skip


def is_tracing(tensors) -> bool:
    """Are these tensors of code that is compiled?"""
    return torch.compiler.is_compiling()


def arrays(tensors) -> list:
    """The values of tensors."""
    return [keras.ops.convert_to_numpy(x) for x in tensors]


def kept(tensors) -> list:
    """The tensors, to be read later: they may be views of arrays that the data change."""
    return [x.detach().clone() if isinstance(x, torch.Tensor) else x for x in own(tensors)]


def wait(result) -> None:
    """A step has ended when it returns."""


def set_state(model, result) -> None:
    """A step changes the variables in place."""
