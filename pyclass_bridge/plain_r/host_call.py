"""Plain R in code that Keras compiles: arrays go in, arrays come out.

A `Host` belongs to one thing of a user that calls R so: a metric, a loss, a layer. Its `call()`
puts a call of a Python function into traced code, by the host callback of Keras' backend
(plain_r/host_<backend>.py); code that is not traced calls it at once. R runs on the thread of the
step, or on one of the backend's; what it warns of there is heard on that of the step afterwards.

A compiled step can't end by an error without harm: TensorFlow raises an error of its own, and JAX
loses the variables that the step was given. So an error is kept by the host while a step of
Keras runs (plain_r/steps.py), which raises it afterwards. What is not pure, such as a metric, gives
zeros until then; what is pure ends the step where that is possible, so that no weights change. It
has no other half in R.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from importlib import import_module

import numpy as np

from ..bridge.kept_conditions import kept_for
from ..bridge.within import Within
from ..surface.plain_code import as_plain_code

HOST = "_r_host"  # the attribute of a metric, loss or layer that has its `Host`


class Host:
    """Calls plain R for one metric, loss or layer, which `label` names: "metric `auc`"."""

    was_made = False  # has there been any? Else no model is searched for them

    def __init__(self, label: str):
        Host.was_made = True
        self.label = label
        self.batch = 0  # the number of the call since the epoch has begun, from 1
        self.error: BaseException | None = None
        self.keeps_errors = False  # while a step of Keras runs
        self.thread = 0  # which runs the step; R may be called on another one
        self.is_waited_for = False  # has compiled code a callback for whose end a step must wait?
        self.delivery = None  # what brings the batches of a metric (plain_r/delivery.py)

    def __repr__(self) -> str:
        return f"<plain R of the {self.label}>"

    def __deepcopy__(self, memo) -> Host:
        return type(self)(self.label)

    def __reduce__(self):
        return type(self), (self.label,)

    def call(
        self, function, inputs: list, outputs: list, pure: bool, is_batch: bool = True
    ) -> list:
        """Tensors with what `function(*arrays)` returns for the `inputs`.

        Args:
            function: Gets NumPy arrays, returns a list of what NumPy makes arrays of.
            inputs: Tensors.
            outputs: The (shape, dtype) of each result; dtypes are names, and None in a shape is a
                length that is not known (on TensorFlow).
            pure: Does the result depend on the inputs alone? Otherwise the function runs once in
                each step, in the order of the steps.
            is_batch: Does the call count as a batch, for errors? A gradient does not.
        """
        if _noting.value is not None:
            _noting.value(self)
        run = functools.partial(self.run, function, outputs, pure, is_batch)
        return backend().call(self, run, list(inputs), outputs, pure)

    def run(self, function, outputs: list, pure: bool, is_batch: bool, arrays) -> list[np.ndarray]:
        """What a host callback does: call `function`, check the dims of what it returns. After an
        error that is kept, the step goes on with zeros, unless it can be ended."""
        try:
            if self.error is not None and self.keeps_errors:
                raise self.error  # an earlier step of the same call has failed
            self.batch += is_batch
            with as_plain_code(self.label), self._keeping_conditions():
                return list(map(_checked, function(*arrays), outputs))
        except BaseException as error:
            if not self.keeps_errors:
                raise
            self.error = error
            if pure and backend().ENDS:
                raise
            return [np.zeros(shape, _numpy_dtype(dtype)) for shape, dtype in outputs]

    def _keeping_conditions(self):
        return kept_for(self.thread) if self.keeps_errors else contextlib.nullcontext()

    def begin_step(self) -> None:
        """A step of Keras runs on this thread from now on."""
        self.keeps_errors, self.thread = True, threading.get_ident()

    def settle(self) -> None:
        """Let R have the batch that waits for it, if one does."""
        if self.delivery is not None:
            self.delivery.settle()

    def take_error(self) -> BaseException | None:
        """The error that was kept, which is forgotten."""
        error, self.error = self.error, None
        return error


_noting = Within()


def noting(note):
    """Within it `note(host)` is told of each host whose call is put into code on this thread."""
    return _noting.holding(note)


def _checked(value, output: tuple) -> np.ndarray:
    shape, dtype = output
    array = np.asarray(value)
    if array.dtype != dtype:
        array = array.astype(_numpy_dtype(dtype))
    if array.ndim != len(shape) or any(
        n is not None and n != m for n, m in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(f"plain R gave an array of {array.shape} for one of {tuple(shape)}")
    return array


@functools.cache
def _numpy_dtype(name: str) -> np.dtype:
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes  # bfloat16, which NumPy lacks

        return np.dtype(getattr(ml_dtypes, name))


@functools.cache
def backend():
    """The module of Keras' backend in this room.

    Raises:
        ValueError: the backend computes no training.
    """
    import keras

    name = keras.config.backend()
    if name not in ("tensorflow", "jax", "torch"):
        raise ValueError(
            f"plain R can't run in a model on the backend {name}: use another one, such as "
            '`use_backend("tensorflow")`.'
        )
    return import_module(f".host_{name}", __package__)
