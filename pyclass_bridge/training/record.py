"""What a checkpoint holds, and how it is collected from the training.

A checkpoint holds the weights, the optimizer, the history, and the states of the callbacks and of
the random number generators. training/state_file.py writes it, training/resume.py reads it.
"""

from __future__ import annotations

import contextlib
import warnings

import keras
import numpy as np

from ..values.serialized import Damaged, Refused, make_sure
from . import random_states, state_file
from .description import layers_of, loss_of, optimizer_of, same
from .run import Training

VERSION = 1  # of the checkpoint's format


class Record(keras.callbacks.Callback):
    """Records the epochs of a training, and writes its checkpoints.

    It runs after all callbacks except `CheckpointState`, so it sees what they add to the logs.
    Keras' own callbacks reset their counters in `on_train_begin`; after that, this sets their
    attributes to those in `before`, the checkpoint from which the training resumes.
    """

    def __init__(self, training: Training, before: dict | None):
        super().__init__()
        self.training = training
        self.optimizer = optimizer_of(training.model)
        self.initial = {name: _attributes(c) for name, c in training.callbacks.items()}
        self.restored = before["attributes"] if before else {}
        self.earlier = before["history"] if before else {"epoch": [], "metrics": {}}
        self.epochs = list(self.earlier["epoch"])
        self.looked_at: set[str] = set()
        self.metrics = {name: list(values) for name, values in self.earlier["metrics"].items()}

    def on_train_begin(self, logs=None):
        for name, attributes in self.restored.items():
            callback = self.training.callbacks.get(name)
            if callback is not None:
                kept = {k: v for k, v in attributes.items() if not _is_setting(callback, k, v)}
                vars(callback).update(kept)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(epoch)
        for name, value in (logs or {}).items():
            self.metrics.setdefault(name, []).append(value)

    def complete(self, history) -> None:
        """Add the epochs of the earlier training to Keras' history."""
        earlier = self.earlier["metrics"]
        history.epoch = [*self.earlier["epoch"], *history.epoch]
        history.history = {
            name: [*earlier.get(name, []), *history.history.get(name, [])]
            for name in dict.fromkeys([*earlier, *history.history])
        }

    def write(self, path: str) -> None:
        """Write a checkpoint, at the end of an epoch.

        Raises:
            TypeError: a metric or a state holds a value that can't be written.
            OSError: the file can't be written.
        """
        self._check_metrics()
        model, members = self.model, {}
        tree = {
            "version": VERSION,
            "epochs": self.training.keywords.get("epochs", 1),
            "stopped": bool(model.stop_training),
            "layers": layers_of(model),
            "loss": loss_of(model),
            "variables": [_as_array(v) for v in model.variables],
            "optimizer": self.optimizer,
            "optimizer_variables": [_as_array(v) for v in model.optimizer.variables],
            "classes": {name: type(c).__name__ for name, c in self.training.callbacks.items()},
            "history": {"epoch": self.epochs, "metrics": self.metrics},
            "attributes": self._changed_attributes(),
        }
        packed = {key: state_file.pack(value, members) for key, value in tree.items()}
        packed["states"] = self._states(members)
        # The generators come last, since a state_dict() may draw random numbers.
        packed["random"] = state_file.pack(random_states.states(), members)
        state_file.write(path, packed, members)

    def _check_metrics(self) -> None:
        for name, values in self.metrics.items():
            try:
                state_file.pack(values[-1], {})
            except state_file.NotKept as error:
                raise TypeError(
                    f'callback_checkpoint_state(): "{name}" in the logs is {error}, which '
                    "can't be written to a file. Let the callback that adds it give a number."
                ) from None

    def _states(self, members: dict) -> list:
        pairs = []
        for name, state in self.training.states().items():
            before = len(members)
            if _state_is_of_r(self.training.callbacks[name]):
                state = state_file.RValue(state)
            try:
                pairs.append([name, state_file.pack(state, members)])
            except state_file.NotKept as error:
                raise TypeError(
                    f'callback_checkpoint_state(): the state of the callback "{name}" holds {error}'
                    ", which can't be written to a file. Let state_dict() return values of R, or "
                    "plain values of Python and NumPy arrays."
                ) from None
            self._tell_of_code(name, list(members.items())[before:])
        return ["dict", pairs]

    def _tell_of_code(self, name: str, members: list) -> None:
        """Warn, at the first checkpoint, of a state that will be read only if that is asked for."""
        if name in self.looked_at:
            return
        self.looked_at.add(name)
        for member, data in members:
            try:
                if member.endswith(".rds"):
                    make_sure(data, lambda names: None)
            except (Damaged, Refused) as error:
                # What R has just written is not damaged, but may be nested beyond R's stack.
                what = error if isinstance(error, Refused) else "lists within too many lists"
                warnings.warn(
                    f'callback_checkpoint_state(): the state of the callback "{name}" holds {what}'
                    ", so it is more than data. Resume with `safe_mode = FALSE`, or let "
                    "state_dict() return data.",
                    stacklevel=2,
                )

    def _changed_attributes(self) -> dict:
        """The attributes of Keras' own callbacks, by id, that this or the earlier training has
        changed, such as counters."""
        return {
            name: {
                key: value
                for key, value in _attributes(callback).items()
                if key in self.restored.get(name, {})
                or not same(value, self.initial[name].get(key, NotImplemented))
            }
            for name, callback in self.training.callbacks.items()
        }


def is_record(tree: dict) -> bool:
    """Has `tree`, which was read from a file, the parts that `Record.write()` gives it?"""
    history = tree["history"]
    return (
        all(map(_is_whole, [tree["epochs"], *history["epoch"]]))
        and _all_are(bool, [tree["stopped"]])
        and _all_are(str, [tree["loss"], *tree["classes"], *tree["classes"].values()])
        and _all_are(list, [history["epoch"], *history["metrics"].values()])
        and len(history["epoch"]) > 0
        and _all_are(str, [*history["metrics"], *tree["optimizer"]])
        and all(map(_is_layer, tree["layers"]))
        and all(map(_is_numbers, [*tree["variables"], *tree["optimizer_variables"]]))
        and _all_are(dict, [tree["attributes"], *tree["attributes"].values()])
        and _all_are(str, [name for of in tree["attributes"].values() for name in of])
        and random_states.are_states(tree["random"])
    )


def _all_are(kind: type, values) -> bool:
    return all(type(value) is kind for value in values)


def _is_whole(number) -> bool:
    return isinstance(number, (int, np.integer)) and not isinstance(number, bool)


def _is_layer(layer) -> bool:
    name, shapes, settings = layer
    return _all_are(str, [name, *settings]) and _all_are(tuple, shapes)


def _is_numbers(array) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind in "biufc"


def _is_setting(callback, key: str, value) -> bool:
    """Is it a string that Keras' own code uses, such as the path of a file? What the callback was
    made with holds, so that no checkpoint says where a callback writes."""
    return isinstance(value, (str, bytes)) and any(
        key in code.co_names
        for base in type(callback).__mro__
        if base.__module__.startswith("keras.")
        for member in vars(base).values()
        if (code := getattr(member, "__code__", None)) is not None
    )


def _as_array(variable):
    array = keras.ops.convert_to_numpy(variable)
    # NumPy can't write dtypes such as bfloat16; float32 represents their values exactly.
    return array.astype("float32") if array.dtype.kind == "V" else array


def _state_is_of_r(callback) -> bool:
    """Is `state_dict` written in R?"""
    owner = next((c for c in type(callback).__mro__ if "state_dict" in vars(c)), object)
    return "__r_class__" in vars(owner)


def _attributes(callback) -> dict:
    """The attributes of a callback that a file can hold, if its class is or inherits from one of
    Keras' callback classes other than the base `Callback`, which counts nothing."""
    counts = any(
        base.__module__.startswith("keras.") and base is not keras.callbacks.Callback
        for base in type(callback).__mro__
    )
    found = {}
    for key, value in vars(callback).items() if counts else ():
        if key not in ("_model", "params", "_params"):
            with contextlib.suppress(state_file.NotKept):
                state_file.pack(value, {})
                found[key] = _copied(value)
    return found


def _copied(value):
    """A copy of `value`, since Python code may change the original in place."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    return {k: _copied(v) for k, v in value.items()} if type(value) is dict else value
