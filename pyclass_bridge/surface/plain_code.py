"""Which plain R code runs on this thread because compiled code waits for its result.

Such code gets R values, and no operation of Keras may be called in it: JAX would wait for the
thread that waits for the code. It has no other half in R.
"""

from __future__ import annotations

from ..bridge.within import Within

running = Within()


def as_plain_code(label: str):
    """Within it, `label` says for what plain R code runs, such as "metric `auc`"."""
    return running.holding(label)


def refuse_operation(name: str) -> None:
    """Raise RuntimeError if plain R code calls the operation `name` of Keras."""
    if running.value is not None:
        raise RuntimeError(
            f"`{name}()` can't be used in the {running.value}: its function is plain R, which gets "
            "R values while compiled code waits for it (JAX would wait for ever); use R's own "
            "functions there."
        )
