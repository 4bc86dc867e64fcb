"""`callback_checkpoint_state()`: the callback that writes checkpoints of its training.

Its other half is R/training_checkpoint.R. training/record.py knows what a checkpoint holds.
"""

from __future__ import annotations

import math
import os

import keras

from ..bridge.whole_file import remove_unfinished
from ..surface.arguments import whole_number
from .run import Training, current

__all__ = ["CheckpointState", "checkpoint_state"]

_FUNCTION = "callback_checkpoint_state"


class CheckpointState(keras.callbacks.Callback):
    """Writes a checkpoint at `path` after every `freq` epochs and after the last one.

    It runs after all other callbacks, so that the checkpoint has their states at the end of the
    epoch.
    """

    weight = math.inf

    def __init__(self, path: str, freq: int = 1):
        super().__init__()
        self.path = path
        self.freq = freq
        self._training = None

    def on_train_begin(self, logs=None):
        training = current()
        if training is None or not training.holds(self):
            raise RuntimeError(
                f"{_FUNCTION}() works in R's fit() and in pyclass_bridge.fit(model, ...), but not "
                "in Keras' own model.fit()."
            )
        self._training = training
        directory = os.path.dirname(self.path) or "."
        try:
            os.makedirs(directory, exist_ok=True)
        except OSError as error:
            raise type(error)(
                f"{_FUNCTION}(): can't create {directory}, the directory of `path`: "
                f"{error.strerror}."
            ) from error
        remove_unfinished(os.path.realpath(self.path))

    def on_epoch_end(self, epoch, logs=None):
        is_last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if is_last or (epoch + 1) % self.freq == 0:
            try:
                self._training.record.write(self.path)
            except OSError as error:
                raise OSError(
                    f"{_FUNCTION}() could not write {self.path} after epoch {epoch + 1}: "
                    f"{error.strerror}. An earlier file at this path is unchanged."
                ) from error

    def _refuse_another(self) -> None:
        if self._training is not None:
            raise RuntimeError(
                f"This {_FUNCTION}(), for {self.path}, is in a training that is under way. Use "
                "another one, with a path of its own."
            )

    def _leave_training(self, training: Training) -> None:
        if self._training is training:
            self._training = None


def checkpoint_state(path: str, freq=1) -> CheckpointState:
    """The callback; raises an error for a wrong argument."""
    if not isinstance(path, str) or not path:
        raise TypeError(f"{_FUNCTION}(): `path` must be one string, the path of a file.")
    path = os.path.expanduser(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{_FUNCTION}(): `path` is a directory, {path}, not a file.")
    if isinstance(freq, bool) or not isinstance(freq, (int, float, str)):
        raise TypeError(f"{_FUNCTION}(): `freq` must be a whole number of epochs.")
    freq = whole_number(_FUNCTION, "freq", freq)
    if freq < 1:
        raise ValueError(f"{_FUNCTION}(): `freq` must be 1 or more, not {freq}.")
    return CheckpointState(path, freq)
