"""Gradients of plain R on JAX: ``jax.custom_vjp``.

JAX itself refuses the derivative of a host callback. It has no other half in R.
"""

from __future__ import annotations

import jax


def call(function, constant: list, active: list):
    """See `Differentiable.__call__()`."""
    if not hasattr(function, "_of_jax"):
        function._of_jax = _custom(function)
    constant = [jax.numpy.asarray(x) for x in constant]
    return function._of_jax(constant, [jax.numpy.asarray(x) for x in active])


def _custom(function):
    @jax.custom_vjp
    def values_of(constant, active):
        return function.forward(constant, active)[0]

    def forward(constant, active):
        values, note = function.forward(constant, active)
        return values, (note, constant, active)

    def backward(kept, g):
        note, constant, active = kept
        return None, function.backward(note, constant, active, g)

    values_of.defvjp(forward, backward)
    return values_of
