"""Which plain R code runs on this thread because compiled code waits for its result.

Such code gets R values, and no operation of Keras may be called in it: JAX would wait for the
thread that waits for the code. It has no other half in R.
"""

from __future__ import annotations

import contextlib
import traceback

from ..bridge.within import Within

running = Within()

# What Keras and JAX say of a variable without a value, as all of a model while JAX runs a step.
NO_VALUE = "'NoneType' object is not callable"
GIVEN_AWAY = "Array has been deleted"
VARIABLES = "keras.src.backend.common.variables"


@contextlib.contextmanager
def as_plain_code(label: str):
    """Within it, `label` says for what plain R code runs, such as "metric `auc`".

    Raises:
        RuntimeError: the code reads a variable of a model that JAX trains.
    """
    with running.holding(label):
        try:
            yield
        except (TypeError, RuntimeError) as error:
            if not _is_of_empty_variable(error):
                raise
            raise RuntimeError(
                f"{label}: its R function reads weights of the model, which have no values while a "
                "step runs on JAX. A penalty on weights is a regularizer of a layer, such as "
                "`kernel_regularizer = regularizer_l2(0.01)`; a callback may read weights between "
                "the steps."
            ) from error


def _is_of_empty_variable(error: BaseException) -> bool:
    """Has a variable been read that has no value, or whose array JAX has given to a step?"""
    import keras

    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    of_variable = [f for f in frames if f.f_globals.get("__name__") == VARIABLES]
    is_empty = str(error) == NO_VALUE and frames[-1:] == of_variable[-1:]
    is_given_away = str(error).startswith(GIVEN_AWAY) and of_variable
    return keras.config.backend() == "jax" and bool(is_empty or is_given_away)


def refuse_operation(name: str) -> None:
    """Raise RuntimeError if plain R code calls the operation `name` of Keras."""
    if running.value is not None:
        raise RuntimeError(
            f"`{name}()` can't be used in the {running.value}: its function is plain R, which gets "
            "R values while compiled code waits for it (JAX would wait for ever); use R's own "
            "functions there."
        )
