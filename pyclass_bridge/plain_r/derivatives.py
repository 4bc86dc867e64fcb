"""Plain R that is differentiated: the values of a function, and the products of its Jacobian.

A `Differentiable` puts both into traced code, by the backend's own means for custom gradients
(plain_r/derivatives_<backend>.py) and by host callbacks. It has no derivative of second order, and
asking for one is an error. It has no other half in R.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from importlib import import_module

# All that live, by their keys: what compiled code of torch knows of one is its key.
by_key: weakref.WeakValueDictionary = weakref.WeakValueDictionary()
_keys = itertools.count()


class Differentiable:
    """A function of plain R for one loss or layer.

    Args:
        host: Its `Host`.
        forward: `forward(constant, active)` gets lists of NumPy arrays and returns the values, an
            array, and a note for `backward`, a whole number.
        backward: `backward(note, constant, active, g)` returns an array for each of `active`: the
            gradient of ``sum(g * values)``.
        shape: `shape(active)`, the shape of the values for these tensors.
    """

    def __init__(self, host, forward, backward, shape):
        self.host, self.shape = host, shape
        self._forward, self._backward = forward, backward
        self.key = next(_keys)
        by_key[self.key] = self
        self.backend = _backend()

    def __call__(self, constant: list, active: list):
        """The values, a tensor of the dtype of `active`, of which gradients are taken."""
        return self.backend.call(self, list(constant), list(active))

    def forward(self, constant, active) -> list:
        """The values and the note as tensors."""
        count = len(constant)

        def call(*arrays):
            return self._forward(list(arrays[:count]), list(arrays[count:]))

        outputs = [(self.shape(active), dtype_of(active[0])), ((), "int32")]
        return self.host.call(call, [*constant, *active], outputs, pure=True)

    def backward(self, note, constant, active, g) -> list:
        """The gradients by `active` as tensors."""
        count = len(constant)

        def call(note, *arrays):
            *arrays, g = arrays
            return self._backward(int(note), arrays[:count], arrays[count:], g)

        outputs = [(tuple(x.shape), dtype_of(x)) for x in active]
        inputs = [note, *constant, *active, g]
        return self.host.call(call, inputs, outputs, pure=True, is_batch=False)

    def no_second(self) -> str:
        """The text of the error for a derivative of the gradient."""
        return (
            f"the gradient of the {self.host.label} is plain R, of which no derivative can be "
            "taken: write it with the operations of Keras (op_*) for that."
        )


def dtype_of(tensor) -> str:
    """The name of a tensor's dtype."""
    import keras

    return keras.backend.standardize_dtype(tensor.dtype)


@functools.cache
def _backend():
    import keras

    from .host_call import backend

    backend()  # an error for a backend that computes no training
    return import_module(f".derivatives_{keras.config.backend()}", __package__)
