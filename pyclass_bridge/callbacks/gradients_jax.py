"""`on_after_backward` on JAX: an ordered ``io_callback`` in traced steps, a call in eager ones.

A step on JAX takes the values of all variables and returns new ones. So the variables can't be read
within a step, and an error must not end a step, since the model would lose their values.
"""

from __future__ import annotations

import contextlib

import jax
import numpy as np
from jax.experimental import io_callback

from .gradients_backend import Backend, scale_of


class _Jax(Backend):
    name = "JAX"
    apply = "stateless_apply"

    def call(self, host, grads: list, scale) -> list:
        inputs = [*grads, jax.numpy.asarray(scale, "float32")]

        def call(*tensors):
            # This calls no operation of JAX, which might wait for the thread that runs this.
            arrays = [np.asarray(tensor) for tensor in tensors]
            try:
                return host(list(arrays))
            except BaseException:
                return arrays[:-1]  # the `Tap` raises the error after the step

        if not any(isinstance(value, jax.core.Tracer) for value in inputs):
            return [jax.numpy.asarray(array) for array in call(*inputs)]
        shapes = [jax.ShapeDtypeStruct(grad.shape, grad.dtype) for grad in grads]
        return list(io_callback(call, shapes, *inputs, ordered=True))

    def wrapped(self, optimizer, original, through):
        def stateless_apply(optimizer_variables, grads, trainable_variables):
            def value(variable):
                pairs = zip(optimizer.variables, optimizer_variables, strict=True)
                return next(now for known, now in pairs if known is variable)

            scale = scale_of(optimizer, value)
            grads = through(list(grads), optimizer._trainable_variables, scale)
            return original(optimizer_variables, grads, trainable_variables)

        return stateless_apply

    @contextlib.contextmanager
    def own_step(self, model):
        """Give the model a new function as ``train_step``: JAX caches what it has traced of a
        method, and would use it in other trainings too."""
        before = model.train_step
        vars(model)["train_step"] = lambda *args, **keywords: before(*args, **keywords)
        try:
            yield
        finally:
            del vars(model)["train_step"]

    @contextlib.contextmanager
    def in_step(self, model):
        """Mark the model as up to date, so that reading ``callback.model`` does not write back the
        values that were passed to the step, which JAX has deleted."""
        before, model._jax_state_synced = model._jax_state_synced, True
        try:
            yield
        finally:
            model._jax_state_synced = before

    def wait(self) -> None:
        jax.effects_barrier()

    def set_state(self, model, result) -> None:
        kinds = ("trainable", "non_trainable", "optimizer", "metrics")
        state = zip(kinds, result[1], strict=True)
        model._jax_state = {f"{kind}_variables": values for kind, values in state}

    def explained(self, error: BaseException) -> BaseException:
        """A RuntimeError that says so, if `error` is of reading a variable within a step."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        file = place.tb_frame.f_code.co_filename if place is not None else ""
        if not isinstance(error, TypeError) or not file.endswith("variables.py"):
            return error
        new = RuntimeError(
            "on JAX the variables of the model and of its optimizer can't be read in "
            "`on_after_backward`: read them in `on_batch_begin` or `on_batch_end`."
        )
        new.__cause__ = error
        return new


BACKEND = _Jax()
