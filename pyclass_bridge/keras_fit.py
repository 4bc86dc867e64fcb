"""`pyclass_bridge.fit()`: train from Python with all that callbacks written in R can have.

Keras is imported when it is called.
"""

from __future__ import annotations

import inspect


def fit(model, *args, callbacks=None, **keywords):
    """Train a Keras model as ``model.fit(...)`` does, its callbacks under the rules of R's `fit()`.

    Callbacks run in the order of their `weight`, and `on_exit` of each runs at last, also after an
    error and Ctrl-C.

    Args:
        model: A compiled Keras model.
        *args: As for ``model.fit``.
        callbacks: A callback or a list of them.
        **keywords: As for ``model.fit``.

    Returns:
        The ``keras.callbacks.History``.

    Raises:
        TypeError, ValueError: a `weight` that is no number, two callbacks with one `id`, or a
            `monitor` that the logs of the first epoch do not have.

    Example:
        >>> ns = pyclass_bridge.source("callbacks.R")  # doctest: +SKIP
        >>> pyclass_bridge.fit(model, x, y, epochs=3, callbacks=[ns.EarlyStop()])  # doctest: +SKIP
    """
    from .training import flattened, training

    with training(model, flattened(callbacks)) as this:
        given = inspect.signature(model.fit).bind_partial(*args, **keywords).arguments
        return model.fit(*args, callbacks=this.listed(given), **keywords)
