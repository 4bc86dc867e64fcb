"""`pyclass_bridge.fit()`: train from Python with all that callbacks written in R can have.

Keras is imported when it is called.
"""

from __future__ import annotations

import inspect
import os


def fit(model, *args, callbacks=None, resume=None, **keywords):
    """Train a Keras model as ``model.fit(...)`` does, its callbacks under the rules of R's `fit()`.

    Callbacks run in the order of their `weight`, and `on_exit` of each runs at last, also after an
    error and Ctrl-C.

    Args:
        model: A compiled Keras model.
        *args: As for ``model.fit``.
        callbacks: A callback or a list of them.
        resume: The path of a file that `checkpoint_state()` has written: the training goes on with
            the epoch after it.
        **keywords: As for ``model.fit``.

    Returns:
        The ``keras.callbacks.History``, that of a resumed training with the epochs before it. Its
        `callbacks` are what `state_dict()` of the callbacks gave at the end, by id.

    Raises:
        TypeError, ValueError: a `weight` that is no number, two callbacks with one `id`, or a
            `monitor` that the logs of the first epoch do not have.
        FileNotFoundError: there is no file to resume from.
        ValueError: the file is of a training with another model, optimizer, number of epochs or
            class of a callback.

    Example:
        >>> ns = pyclass_bridge.source("callbacks.R")  # doctest: +SKIP
        >>> pyclass_bridge.fit(model, x, y, epochs=3, callbacks=[ns.EarlyStop()])  # doctest: +SKIP
    """
    from .resume import train

    given = inspect.signature(model.fit).bind_partial(*args, **keywords).arguments
    path = os.path.expanduser(resume) if resume is not None else None
    return train(model, {**given, "callbacks": callbacks}, lambda final: model.fit(**final), path)


def checkpoint_state(path, freq=1):
    """R's `callback_checkpoint_state()`: a callback that keeps a training in a file, to `resume`.

    Args:
        path: The path of the file.
        freq: An int, the number of epochs from one file to the next.

    Returns:
        The callback, for `fit()`.

    Raises:
        TypeError, ValueError: `path` is no path of a file, or `freq` no number of epochs.

    Example:
        >>> keep = pyclass_bridge.checkpoint_state("run.state")  # doctest: +SKIP
        >>> pyclass_bridge.fit(model, x, y, epochs=9, callbacks=keep)  # doctest: +SKIP
    """
    from .checkpoint import checkpoint_state as checked

    return checked(os.fspath(path), freq)
