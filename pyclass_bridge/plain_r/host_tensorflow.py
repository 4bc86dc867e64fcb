"""Plain R in TensorFlow's graphs: a ``tf.numpy_function``. XLA can't compile one.

An error ends the step, so nothing is changed that depends on the result. It has no other half in R.
"""

from __future__ import annotations

import tensorflow as tf

from .arrays import own

XLA = True  # does the compiler refuse host callbacks?
ENDS = True  # can an error end a step without harm?
GOES_ON = False  # does a step still compute when it returns?


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
    return [x.numpy() if hasattr(x, "numpy") else x for x in tensors]


def kept(tensors) -> list:
    """The tensors, to be read later: those on the CPU may be views of arrays that the data change,
    as a generator does that fills one array with each batch."""
    return [x.numpy() if _is_on_cpu(x) else x for x in own(tensors)]


def _is_on_cpu(x) -> bool:
    return isinstance(x, tf.Tensor) and "CPU:" in x.backing_device


def wait(result) -> None:
    """A step has ended when it returns."""


def set_state(model, result) -> None:
    """A step changes the variables in place."""


def maker(model, after):
    """What makes the function of `model` for its steps, one at a time: `after(function)`. Keras'
    own function puts what a step returns into an Optional, which costs as much as a metric."""

    def make(step):
        xla = model.jit_compile
        compiled = tf.function(step, reduce_retracing=True, jit_compile=xla, autograph=False)
        if hasattr(model, "_autoconvert_optionals"):  # Keras 3.0 has none
            compiled = model._autoconvert_optionals(compiled)
        of_next = tf.function(lambda iterator: compiled(iterator.get_next()), autograph=False)

        def function(iterator):
            is_compiled = isinstance(iterator, tf.data.Iterator)
            return of_next(iterator) if is_compiled else compiled(next(iter(iterator)))

        return after(function)

    return make
