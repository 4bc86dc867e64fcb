"""`pyclass_bridge.fit()` and `checkpoint_state()`: what Python code trains with.

Importing this imports no Keras; a call of its functions does.
"""

from __future__ import annotations

import inspect
import os


def fit(model, *args, callbacks=None, resume=None, **keywords):
    """Train a Keras model as ``model.fit(...)`` does, with the rules that R's `fit()` has for
    callbacks.

    Callbacks run in the order of their `weight`. When the training ends, also by an error or
    Ctrl-C, the `on_exit` of each is called.

    Args:
        model: A compiled Keras model.
        *args: As for ``model.fit``.
        callbacks: A callback or a list of them.
        resume: The path of a file that `checkpoint_state()` has written. The training goes on with
            the next epoch.
        **keywords: As for ``model.fit``.

    Returns:
        The ``keras.callbacks.History``, of a resumed training with the epochs before it. Its
        `callbacks` are what `state_dict()` of each callback returned at the end, by id.

    Raises:
        TypeError, ValueError: a `weight` that is no number, two callbacks with one `id`, or a
            `monitor` that the logs of the first epoch do not have.
        FileNotFoundError: there is no file to resume from.
        ValueError: the file comes from a training with another model, optimizer, number of epochs
            or class of a callback.

    Example:
        >>> ns = pyclass_bridge.source("callbacks.R")  # doctest: +SKIP
        >>> pyclass_bridge.fit(model, x, y, epochs=3, callbacks=[ns.EarlyStop()])  # doctest: +SKIP
    """
    from .run import flattened
    from .train import train

    given = inspect.signature(model.fit).bind_partial(*args, **keywords).arguments
    path = os.path.expanduser(resume) if resume is not None else None
    return train(model, flattened(callbacks), given, path)


def checkpoint_state(path, freq=1):
    """R's `callback_checkpoint_state()`: a callback that writes its training to a file, from which
    `fit(resume=)` goes on.

    Args:
        path: The path of the file.
        freq: An int, the number of epochs from one file to the next.

    Returns:
        The callback, for `fit()`.

    Raises:
        TypeError, ValueError: `path` is not the path of a file, or `freq` not a number of epochs.

    Example:
        >>> checkpoint = pyclass_bridge.checkpoint_state("run.state")  # doctest: +SKIP
        >>> pyclass_bridge.fit(model, x, y, epochs=9, callbacks=checkpoint)  # doctest: +SKIP
    """
    from .checkpoint import checkpoint_state as checked

    return checked(os.fspath(path), freq)
