"""Gradients of plain R on TensorFlow: ``tf.custom_gradient``.

TensorFlow takes the gradient of a host callback for zero, so that of the gradient is an error made
here. It has no other half in R.
"""

from __future__ import annotations

import tensorflow as tf


def call(function, constant: list, active: list):
    """See `Differentiable.__call__()`."""

    @tf.custom_gradient
    def values_of(*active):
        values, note = function.forward(constant, active)

        def gradient(g):
            return _once(function, [note, *constant], active, g)

        return values, gradient

    return values_of(*active)


def _once(function, given: list, active, g):
    """The gradients, of which no gradient can be taken."""

    @tf.custom_gradient
    def slopes_of(g, *active):
        def refuse(*gs):
            raise NotImplementedError(function.no_second())

        note, *constant = given
        return tuple(function.backward(note, constant, active, g)), refuse

    return slopes_of(g, *active)
