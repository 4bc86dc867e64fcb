"""Plain R in TensorFlow's graphs: a ``tf.numpy_function``. XLA can't compile one.

An error ends the step, so nothing is changed that depends on the result. It has no other half in R.
"""

from __future__ import annotations

import tensorflow as tf

XLA = True  # does the compiler refuse host callbacks?
ENDS = True  # can an error end a step without harm?


def call(host, run, inputs: list, outputs: list, pure: bool) -> list:
    """See `Host.call()`."""
    tensors = [tf.convert_to_tensor(x) for x in inputs]
    if tf.executing_eagerly():
        return [tf.convert_to_tensor(a) for a in run([x.numpy() for x in tensors])]
    types = [tf.as_dtype(dtype) for _, dtype in outputs]

    @tf.autograph.experimental.do_not_convert
    def on_host(*arrays):
        return run(arrays)

    made = tf.numpy_function(on_host, tensors, types, stateful=not pure)
    made = list(made) if isinstance(made, (list, tuple)) else [made]
    for tensor, (shape, _) in zip(made, outputs, strict=True):
        tensor.set_shape(shape)
    return made


def is_tracing(tensors) -> bool:
    """Are these tensors of code that is compiled?"""
    return not tf.executing_eagerly()


def arrays(tensors) -> list:
    """The values of tensors."""
    return [x.numpy() if isinstance(x, tf.Tensor) else x for x in tensors]


def wait(result) -> None:
    """A step has ended when it returns."""


def set_state(model, result) -> None:
    """A step changes the variables in place."""
