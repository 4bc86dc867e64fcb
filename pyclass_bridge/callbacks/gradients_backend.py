"""What the stage `on_after_backward` does in another way on each backend of Keras.

`Backend` is what TensorFlow and torch have in common; callbacks/gradients_<backend>.py is the rest.
"""

from __future__ import annotations

import contextlib

import keras


class Backend:
    """One backend of Keras."""

    name: str
    compiler: str | None = None  # compiles steps, in which the stage then can't run
    apply = "apply"  # the method of an optimizer that a step calls

    def call(self, host, grads: list, scale) -> list:
        """The gradients after ``host(arrays)``, called with the gradients and `scale` as arrays
        when a step runs."""
        raise NotImplementedError

    def wrapped(self, optimizer, original, through):
        """The method `apply` of `optimizer`, with ``through(grads, variables, scale)`` before the
        `original` method."""

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
        """Is it slices of a gradient?"""
        return False

    def is_distributed(self, model) -> bool:
        """Does the model train under a strategy of the backend?"""
        return False

    def own_step(self, model):
        """A context in which a function is made of the model's ``train_step``."""
        return contextlib.nullcontext()

    def in_step(self, model):
        """A context in which a step runs."""
        return contextlib.nullcontext()

    def wait(self) -> None:
        """Wait until the stage has run in a step that has ended."""

    def set_state(self, model, result) -> None:
        """Give `model` the state that is a part of the `result` of a step."""

    def explained(self, error: BaseException) -> BaseException:
        """`error` of a stage, or one that says what it means."""
        return error


def scale_of(optimizer, value):
    """What the loss is multiplied by; `value` reads a variable of the optimizer."""
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer.loss_scale_factor or 1.0
    return value(optimizer.dynamic_scale) if optimizer.built else optimizer.initial_scale
