"""Gradients of plain R on torch: one operator, ``torch.library.custom_op``, with autograd.

An operator is one of the process, so it gets the key of the function. Compiled code goes through it
without a break of its graph, and its shapes are known without data, as Keras asks where it builds a
layer. It has no other half in R.
"""

from __future__ import annotations

import torch

from .derivatives import by_key

_LIST = "Tensor[] constant, Tensor[] active"


@torch.library.custom_op(
    "pyclass_bridge::plain_r", mutates_args=(), schema=f"(int key, {_LIST}) -> (Tensor, Tensor)"
)
def _values(key, constant, active):
    values, note = by_key[key].forward(constant, active)
    return values.contiguous(), note  # R's arrays have another order of their dims


@_values.register_fake
def _(key, constant, active):
    like = active[0]
    shape = by_key[key].shape(active)
    return like.new_empty(shape), like.new_empty((), dtype=torch.int32)


@torch.library.custom_op(
    "pyclass_bridge::plain_r_gradient",
    mutates_args=(),
    schema=f"(int key, Tensor note, {_LIST}, Tensor g) -> Tensor[]",
)
def _slopes(key, note, constant, active, g):
    return [x.contiguous() for x in by_key[key].backward(note, constant, active, g)]


@_slopes.register_fake
def _(key, note, constant, active, g):
    return [x.new_empty(x.shape) for x in active]


def _keep(ctx, inputs, output):
    ctx.key, constant, active = inputs
    ctx.function = by_key[ctx.key]  # which lives until the gradient has been taken
    ctx.count = len(constant)
    ctx.save_for_backward(output[1], *constant, *active)


def _backward(ctx, g, _):
    note, *tensors = ctx.saved_tensors
    constant, active = tensors[: ctx.count], tensors[ctx.count :]
    return None, [None] * ctx.count, _slopes(ctx.key, note, constant, active, g.contiguous())


def _refuse(ctx, *gs):
    raise NotImplementedError(by_key[ctx.key].no_second())


def _keep_key(ctx, inputs, output):
    ctx.key = inputs[0]


_values.register_autograd(_backward, setup_context=_keep)
_slopes.register_autograd(_refuse, setup_context=_keep_key)


def call(function, constant: list, active: list):
    """See `Differentiable.__call__()`."""
    constant = [torch.as_tensor(x) for x in constant]
    return _values(function.key, constant, [torch.as_tensor(x) for x in active])[0]
