"""`on_after_backward` on JAX: an ordered ``io_callback`` in traced steps, a call in eager ones.

JAX gives the state of the model to a step and gets another one back, so within a step nobody can
read the variables, and an error must not end it: that would leave the model without a state.
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
            # No operations of JAX here: they may wait for the thread that this runs on.
            arrays = [np.asarray(tensor) for tensor in tensors]
            try:
                return host(list(arrays))
            except BaseException:
                return arrays[:-1]  # the tap raises the error when the step has ended

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
        """Give the model a ``train_step`` of its own: JAX traces a method once, and another
        training would get what this one has traced."""
        before = model.train_step
        vars(model)["train_step"] = lambda *args, **keywords: before(*args, **keywords)
        try:
            yield
        finally:
            del vars(model)["train_step"]

    @contextlib.contextmanager
    def in_step(self, model):
        """Keep code that reads ``callback.model`` from giving the model the state that the step
        has used up."""
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
        """An error of reading a variable, whose value JAX has in a step, says so."""
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
