"""`callback_checkpoint_state()`: the state of a training in one file, as it goes on.

What is in the file says training/resume.py, how it is written training/state_file.py.
"""

from __future__ import annotations

import math
import os

import keras

from ..surface.arguments import whole_number
from . import state_file
from .run import current

__all__ = ["CheckpointState", "checkpoint_state"]

_FUNCTION = "callback_checkpoint_state"


class CheckpointState(keras.callbacks.Callback):
    """Writes the state of the training at `path` after every `freq` epochs and after the last.

    It runs after all other callbacks, so that the file has them as the next epoch finds them.
    """

    weight = math.inf

    def __init__(self, path: str, freq: int = 1):
        super().__init__()
        self.path = path
        self.freq = freq
        self._run = None

    def on_train_begin(self, logs=None):
        this = current()
        self._run = this.run if this is not None and this.holds(self) else None
        if self._run is None:
            raise RuntimeError(
                f"{_FUNCTION}() works in fit() of R and in pyclass_bridge.fit(model, ...), which "
                "know the callbacks; model.fit() of Keras is not enough."
            )
        directory = os.path.dirname(self.path) or "."
        try:
            os.makedirs(directory, exist_ok=True)
        except OSError as error:
            raise type(error)(
                f"{_FUNCTION}(): {directory}, the directory of `path`, can't be made: "
                f"{error.strerror}."
            ) from error
        state_file.remove_unfinished(self.path)

    def on_epoch_end(self, epoch, logs=None):
        is_last = self.model.stop_training or epoch + 1 == self._run.epochs
        if is_last or (epoch + 1) % self.freq == 0:
            try:
                self._run.write(self.path)
            except OSError as error:
                raise OSError(
                    f"{_FUNCTION}() could not write {self.path} after epoch {epoch + 1}: "
                    f"{error.strerror}. A file that was there before is whole."
                ) from error

    def _refuse_another(self) -> None:
        if self._run is not None:
            raise RuntimeError(
                f"The {_FUNCTION}() for {self.path} keeps a training that is under way: give "
                "another one, with a path of its own."
            )

    def _leave_context(self, training) -> None:
        if self._run is training.run:
            self._run = None


def checkpoint_state(path: str, freq=1) -> CheckpointState:
    """The callback, its arguments checked."""
    if not isinstance(path, str) or not path:
        raise TypeError(f"{_FUNCTION}(): `path` is the path of a file, one string.")
    path = os.path.expanduser(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{_FUNCTION}(): `path` is a directory, {path}, not a file.")
    if isinstance(freq, bool) or not isinstance(freq, (int, float, str)):
        raise TypeError(f"{_FUNCTION}(): `freq` is a whole number of epochs.")
    freq = whole_number(_FUNCTION, "freq", freq)
    if freq < 1:
        raise ValueError(f"{_FUNCTION}(): `freq` counts epochs from 1, so {freq} is none.")
    return CheckpointState(path, freq)
