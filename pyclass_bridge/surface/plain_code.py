"""Which plain R code runs on this thread because compiled code waits for its result.

Such code gets R values, and no operation of Keras may be called in it: JAX would wait for the
thread that waits for the code. It has no other half in R.
"""

from __future__ import annotations

import contextlib

from ..bridge.within import Within

running = Within()

# What Keras says where a variable has no value, as all those of a model while JAX runs its steps.
NO_VALUE = "'NoneType' object is not callable"


@contextlib.contextmanager
def as_plain_code(label: str):
    """Within it, `label` says for what plain R code runs, such as "metric `auc`".

    Raises:
        RuntimeError: the code reads a variable of a model that JAX trains.
    """
    with running.holding(label):
        try:
            yield
        except TypeError as error:
            if str(error) != NO_VALUE or not _is_jax():
                raise
            raise RuntimeError(
                f"{label}: its R function reads weights of the model, which have no values while a "
                "step runs on JAX. A penalty on weights is a regularizer of a layer, such as "
                "`kernel_regularizer = regularizer_l2(0.01)`; a callback may read weights between "
                "the steps."
            ) from error


def _is_jax() -> bool:
    import keras

    return keras.config.backend() == "jax"


def refuse_operation(name: str) -> None:
    """Raise RuntimeError if plain R code calls the operation `name` of Keras."""
    if running.value is not None:
        raise RuntimeError(
            f"`{name}()` can't be used in the {running.value}: its function is plain R, which gets "
            "R values while compiled code waits for it (JAX would wait for ever); use R's own "
            "functions there."
        )
