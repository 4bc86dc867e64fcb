"""`pyclass_bridge.fit()` and `checkpoint_state()`, the training functions for Python code.

Importing this module does not import Keras; calling its functions does.
"""

from __future__ import annotations

import inspect
import os


def fit(model, *args, callbacks=None, resume=None, safe_mode=True, **keywords):
    """Train a Keras model as ``model.fit(...)`` does, and treat callbacks as R's `fit()` does.

    Callbacks run in the order of their `weight`. When the training ends, also after an error or
    Ctrl-C, the `on_exit` of each callback is called.

    Args:
        model: A compiled Keras model.
        *args: As for ``model.fit``.
        callbacks: A callback or a list of them.
        resume: The path of a checkpoint that `checkpoint_state()` has written. The training
            continues with the next epoch.
        safe_mode: As in Keras' ``load_model()``: a checkpoint is data, and one that holds R
            functions or other code is an error. False reads it, and may run code from it.
        **keywords: As for ``model.fit``.

    Returns:
        The ``keras.callbacks.History``; that of a resumed training includes the earlier epochs.
        Its attribute `callbacks` is a dict of the callbacks' final states by id.

    Raises:
        TypeError, ValueError: a `weight` is not a number, two callbacks have the same `id`, or the
            logs lack a `monitor` after the first epoch.
        FileNotFoundError: the file `resume` does not exist.
        ValueError: the checkpoint is damaged, holds more than data, or is of a training with
            another model, optimizer, number of epochs or class of a callback.

    Example:
        >>> ns = pyclass_bridge.source("callbacks.R")  # doctest: +SKIP
        >>> pyclass_bridge.fit(model, x, y, epochs=3, callbacks=[ns.EarlyStop()])  # doctest: +SKIP
    """
    from .run import flattened
    from .train import train

    given = inspect.signature(model.fit).bind_partial(*args, **keywords).arguments
    path = os.path.expanduser(resume) if resume is not None else None
    return train(model, flattened(callbacks), given, path, safe_mode=safe_mode)


def checkpoint_state(path, freq=1):
    """R's `callback_checkpoint_state()`: a callback that writes checkpoints, from which
    `fit(resume=)` resumes the training.

    Args:
        path: The path of the file.
        freq: An int; a checkpoint is written after every `freq` epochs.

    Returns:
        The callback, for `fit()`.

    Raises:
        TypeError, ValueError: `path` or `freq` is wrong.

    Example:
        >>> checkpoint = pyclass_bridge.checkpoint_state("run.state")  # doctest: +SKIP
        >>> pyclass_bridge.fit(model, x, y, epochs=9, callbacks=checkpoint)  # doctest: +SKIP
    """
    from .checkpoint import checkpoint_state as checked

    return checked(os.fspath(path), freq)
