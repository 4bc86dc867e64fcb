"""`Backend`, the base class for what `on_after_backward` does differently on each backend.

Its methods are defaults; callbacks/gradients_<backend>.py overrides those that differ.
"""

from __future__ import annotations

import contextlib

import keras


class Backend:
    """One backend of Keras."""

    name: str
    compiler: str | None = None  # the stage can't run in steps that this compiles
    apply = "apply"  # the method of an optimizer that a step calls

    def call(self, host, grads: list, scale) -> list:
        """The gradients that ``host(arrays)`` returns. Each step calls it with the gradients and
        `scale` as arrays."""
        raise NotImplementedError

    def wrapped(self, optimizer, original, through):
        """A method that replaces `apply` of `optimizer`: it passes the gradients through
        ``through(grads, variables, scale)``, then calls the `original` method."""

        def apply(grads, trainable_variables=None):
            grads = list(grads)
            variables = trainable_variables
            if variables is not None:
                variables = trainable_variables = list(trainable_variables)
            elif optimizer.built:
                variables = optimizer._trainable_variables
            scale = scale_of(optimizer, lambda variable: variable.value)
            return original(through(grads, variables or [], scale), trainable_variables)

        return apply

    def is_sparse(self, grad) -> bool:
        """Is `grad` stored as slices, not as an array?"""
        return False

    def is_distributed(self, model) -> bool:
        """Does the model train under a strategy of the backend?"""
        return False

    def own_step(self, model):
        """A context manager round the making of a function from the model's ``train_step``."""
        return contextlib.nullcontext()

    def in_step(self, model):
        """A context manager round each step."""
        return contextlib.nullcontext()

    def wait(self) -> None:
        """After a step, wait until the stage has run in it."""

    def set_state(self, model, result) -> None:
        """Store in `model` the variables that are part of the `result` of a step."""

    def explained(self, error: BaseException) -> BaseException:
        """`error`, which a stage raised, or a clearer one in its place."""
        return error


def scale_of(optimizer, value):
    """The factor that the optimizer multiplies the loss by; `value` reads a variable of it."""
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer.loss_scale_factor or 1.0
    return value(optimizer.dynamic_scale) if optimizer.built else optimizer.initial_scale
