"""`on_after_backward` on TensorFlow: a ``tf.py_function`` in traced steps, a call in eager ones.

The update of the weights waits for it. The gradient of an embedding is stored as slices, which a
stage can't change.
"""

from __future__ import annotations

import tensorflow as tf

from .gradients_backend import Backend


class _TensorFlow(Backend):
    name = "TensorFlow"
    compiler = "XLA"

    def call(self, host, grads: list, scale) -> list:
        dense = [tf.convert_to_tensor(grad) for grad in grads]

        def call(*tensors):
            after = host([tensor.numpy() for tensor in tensors])
            return [tf.convert_to_tensor(array) for array in after]

        types = [grad.dtype for grad in dense]
        inputs = [*dense, tf.convert_to_tensor(scale, tf.float32)]
        after = call(*inputs) if tf.executing_eagerly() else tf.py_function(call, inputs, types)
        for old, new in zip(dense, after, strict=True):
            new.set_shape(old.shape)
        with tf.control_dependencies(after):
            return [
                tf.IndexedSlices(tf.identity(grad.values), grad.indices, grad.dense_shape)
                if self.is_sparse(grad)
                else new
                for grad, new in zip(grads, after, strict=True)
            ]

    def is_sparse(self, grad) -> bool:
        return isinstance(grad, tf.IndexedSlices)

    def is_distributed(self, model) -> bool:
        return model._distribute_strategy is not None


BACKEND = _TensorFlow()
