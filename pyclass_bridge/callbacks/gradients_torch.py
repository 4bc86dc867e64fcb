"""`on_after_backward` on torch: a call in each step."""

from __future__ import annotations

import keras
import torch

from .gradients_backend import Backend


class _Torch(Backend):
    name = "torch"
    compiler = "torch.compile"

    def call(self, host, grads: list, scale) -> list:
        before = [keras.ops.convert_to_numpy(value) for value in (*grads, torch.as_tensor(scale))]
        with torch.enable_grad():  # an update turns it off, but a stage may train another model
            after = host(list(before))
        return [
            grad if new is old else torch.as_tensor(new).to(grad)
            for grad, old, new in zip(grads, before, after, strict=False)
        ]


BACKEND = _Torch()
