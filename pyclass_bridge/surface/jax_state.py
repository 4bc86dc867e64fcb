"""A model on JAX has its weights after an exception, too. It has no other half in R.

Keras takes the values of the variables away from the model while its compiled steps run, and gives
them back at the end of `fit()`, but not after an exception in `evaluate()` or `predict()`, nor in
the first step: such a model could not be used again. Other backends leave the values where they
are.
"""

from __future__ import annotations

import contextlib

import keras


@contextlib.contextmanager
def values_given_back(model):
    """After an exception, `model` has the values after the last complete step."""
    if keras.backend.backend() != "jax" or not hasattr(model, "_get_jax_state"):
        yield
        return
    taken: list = []
    model._get_jax_state = _recording(model, taken)
    try:
        yield
    except BaseException:
        _give_back(model, taken)
        raise
    finally:
        del model._get_jax_state


def _recording(model, taken: list):
    take = type(model)._get_jax_state

    def take_and_record(*args, **kwargs):
        taken[:] = [(v, v._value) for v in _variables(model)]
        return take(model, *args, **kwargs)

    return take_and_record


def _variables(model) -> list:
    optimizer = getattr(model, "optimizer", None)
    of_optimizer = optimizer.variables if isinstance(optimizer, keras.Optimizer) else []
    return [*model.variables, *of_optimizer, *model.metrics_variables]


def _give_back(model, taken: list) -> None:
    if getattr(model, "_jax_state", None):
        model._jax_state_synced = False
        model.jax_state_sync()
    model._jax_state = None
    model._jax_state_synced = True
    for variable, value in taken:
        if variable._value is None:
            variable._value = value
