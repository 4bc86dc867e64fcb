"""Plain R in code that JAX traces: ``pure_callback``, or an ordered ``io_callback``.

An error must not end a step, since the model would lose its values. So the step goes on with zeros,
which as gradients change no weight. It has no other half in R.
"""

from __future__ import annotations

import jax
import numpy as np
from jax.experimental import io_callback

from .arrays import own

XLA = False  # does the compiler refuse host callbacks?
ENDS = False  # can an error end a step without harm?
GOES_ON = True  # does a step still compute when it returns?


def call(host, run, inputs: list, outputs: list, pure: bool) -> list:
    """See `Host.call()`."""

    def on_host(*tensors):
        # This calls no operation of JAX, which might wait for the thread that runs this.
        return run([np.asarray(tensor) for tensor in tensors])

    if not is_tracing(inputs):
        return [jax.numpy.asarray(a) for a in run([np.asarray(x) for x in inputs])]
    host.is_waited_for = True
    shapes = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in outputs]
    if pure:
        made = jax.pure_callback(on_host, shapes, *inputs, vmap_method="sequential")
    else:
        made = io_callback(on_host, shapes, *inputs, ordered=_is_on_one_device())
    return list(made)


def is_tracing(tensors) -> bool:
    """Are these tensors of code that is compiled?"""
    return any(isinstance(x, jax.core.Tracer) for x in tensors)


def arrays(tensors) -> list[np.ndarray]:
    """The values of tensors."""
    return [np.asarray(x) for x in tensors]


def kept(tensors) -> list:
    """The tensors, to be read later: JAX's own do not change, the arrays of data might."""
    return own(tensors)


def _is_on_one_device() -> bool:
    """Several devices have no common order of effects."""
    import keras

    return keras.distribution.distribution() is None


def wait(result) -> None:
    """Wait until a step with this result has ended, and its host callbacks."""
    jax.block_until_ready(result)
    jax.effects_barrier()


_STATES = {
    4: ("trainable", "non_trainable", "optimizer", "metrics"),
    3: ("trainable", "non_trainable", "metrics"),
    2: ("trainable", "non_trainable"),
}


def set_state(model, result) -> None:
    """Give `model` the variables that a step has returned; the former are lost."""
    kinds = _STATES.get(len(result[1]))
    if kinds is not None:
        states = zip(kinds, result[1], strict=True)
        model._jax_state = {f"{kind}_variables": values for kind, values in states}
        model._jax_state_synced = False
        model.jax_state_sync()


def maker(model, after):
    """What makes the function of `model` for its steps, each of which is `after(step)`."""
    make = model._make_function
    return lambda step: make(after(step))
