"""Resuming a training: the checkpoint is read, compared with the training, and loaded.

The weights, the optimizer and the states of the callbacks are set before `on_train_begin` of any
user's callback runs; the random number generators are set just before the first epoch.
"""

from __future__ import annotations

import os
import warnings

import keras

from . import random_states, state_file
from .description import layers_of, loss_of, same
from .record import VERSION, is_record
from .run import Training
from .shuffle import can_convert_arrays
from .state_file import Refused


class Restore(keras.callbacks.Callback):
    """The checkpoint at `path`, and the callback that loads it before the user's callbacks run."""

    def __init__(self, path, safe_mode: bool = True):
        super().__init__()
        self.path = path
        self.tree = _read(path, safe_mode)
        self.pending = True

    @property
    def next_epoch(self) -> int:
        """The epoch to continue with, counted from 0; `epochs` if the training was stopped."""
        return (
            self.tree["epochs"] if self.tree["stopped"] else self.tree["history"]["epoch"][-1] + 1
        )

    def into(self, training: Training) -> None:
        """Let `training` resume, after the checks that need no built model.

        Raises:
            ValueError: its optimizer, its number of epochs or the class of a callback differs.
        """
        self.training = training
        self.x = training.keywords.get("x")
        epochs = training.keywords.get("epochs", 1)
        if epochs != self.tree["epochs"]:
            self._refuse("`epochs`", self.tree["epochs"], epochs)
        if training.keywords.get("initial_epoch", 0) not in (0, self.next_epoch):
            raise ValueError(
                f"fit(): a training that resumes from {self.path} goes on with epoch "
                f"{self.next_epoch + 1}. Leave `initial_epoch` out."
            )
        self._check_optimizer(training.record.optimizer)
        self._check_callbacks(training.callbacks)
        training.keywords |= {"initial_epoch": self.next_epoch}

    def on_train_begin(self, logs=None):
        """Load the weights, the optimizer and the states of callbacks."""
        model = self.training.model
        self._build(model)
        self._check_model(model)
        optimizer = model.optimizer
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        self._check_trained(optimizer)
        _assign(model.variables, self.tree["variables"])
        _assign(optimizer.variables, self.tree["optimizer_variables"])
        for name, state in self.tree["states"].items():
            load = getattr(self.training.callbacks.get(name), "load_state_dict", None)
            if load is not None and state is not None:
                load(state)

    def on_epoch_begin(self, epoch, logs=None):
        if self.pending:
            self.pending = False
            random_states.restore(self.tree["random"])

    def _build(self, model) -> None:
        """Build the model, which TensorFlow would do only in the first step."""
        if model.built:
            return
        if not can_convert_arrays(self.x):
            raise ValueError(
                f"fit(): can't resume from {self.path}: the model has no weights until it is "
                "called on data. Give it an input shape, as in "
                "keras_model_sequential(input_shape = 4)."
            )
        model(keras.tree.map_structure(lambda array: array[:1], self.x))

    # ---- is it the same training? ----------------------------------------------------------------

    def _refuse(self, what: str, was, now) -> None:
        was, now = (f"{x:g}" if isinstance(x, float) else x for x in (was, now))
        raise ValueError(
            f"fit(): can't resume from {self.path}: {what} was {was} there and is {now} here."
        )

    def _check_optimizer(self, now: dict) -> None:
        was = self.tree["optimizer"]
        for key in dict.fromkeys([*was, *now]):
            if not same(was.get(key), now.get(key)):
                what = "the optimizer" if key == "class" else f"`{key}` of the optimizer"
                self._refuse(what, was.get(key), now.get(key))

    def _check_callbacks(self, callbacks: dict) -> None:
        for name, was in self.tree["classes"].items():
            now = type(callbacks[name]).__name__ if name in callbacks else was
            if now != was:
                self._refuse(f'the class of the callback "{name}"', f"`{was}`", f"`{now}`")
        for name in self.tree["states"].keys() - callbacks.keys():
            _warn(
                f'fit(): {self.path} holds a state of the callback "{name}", which is not in this '
                "training: the state is ignored."
            )
        for name, callback in callbacks.items():
            if name not in self.tree["states"] and hasattr(callback, "load_state_dict"):
                _warn(
                    f'fit(): {self.path} holds no state of the callback "{name}", which starts '
                    "without one."
                )

    def _check_model(self, model) -> None:
        was, now = self.tree["layers"], layers_of(model)
        if len(was) != len(now):
            self._refuse("the number of layers", len(was), len(now))
        for number, (before, after) in enumerate(zip(was, now, strict=True), start=1):
            (*known, was_set), (*here, now_set) = before, after
            if known != here:
                self._refuse(f"layer {number}", _layer_text(*known), _layer_text(*here))
            for key in dict.fromkeys([*was_set, *now_set]):
                if was_set.get(key) != now_set.get(key):
                    self._refuse(f"`{key}` of layer {number}", was_set.get(key), now_set.get(key))
        if loss_of(model) != self.tree["loss"]:
            self._refuse("the loss", self.tree["loss"], loss_of(model))
        was, now = _shapes(self.tree["variables"]), _shapes(model.variables)
        if was != now:
            self._refuse("the model", *(f"one with variables {_text(x)}" for x in (was, now)))

    def _check_trained(self, optimizer) -> None:
        """Check that the same layers are frozen: the optimizer has no variables for these."""
        if _shapes(self.tree["optimizer_variables"]) != _shapes(optimizer.variables):
            raise ValueError(
                f"fit(): can't resume from {self.path}: its frozen layers differ from those of "
                "this model. Freeze the same layers, then compile the model."
            )


def _read(path, safe_mode: bool) -> dict:
    """The values in the checkpoint at `path`."""
    if not isinstance(path, str) or not path:
        raise TypeError("fit(): `resume` must be one string, the path of a file.")
    if not isinstance(safe_mode, bool):
        raise TypeError("fit(): `safe_mode` must be TRUE or FALSE.")
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise ValueError(state_file.not_written(path))
    try:
        packed, members = state_file.read(path)
    except (IsADirectoryError, PermissionError) as error:
        raise type(error)(f"fit(): can't resume from {path}: {error.strerror}.") from None
    except FileNotFoundError:
        raise FileNotFoundError(
            f"fit(): can't resume from {path}: there is no such file. If the training may be the "
            "first one, write `resume = if (file.exists(path)) path`."
        ) from None
    if not isinstance(packed, dict) or type(packed.get("version")) is not int:
        raise ValueError(state_file.not_written(path))
    if packed["version"] != VERSION:
        raise ValueError(
            f"fit(): can't resume from {path}: it has format {packed['version']}, and this "
            f"version of pyclass_bridge reads format {VERSION}."
        )
    try:
        with state_file.told_if_damaged(path):
            return _unpacked(path, packed, members, safe_mode)
    except Refused as error:
        raise ValueError(str(error)) from None


def _unpacked(path: str, packed: dict, members: dict, safe_mode: bool) -> dict:
    """The values of a packed tree.

    Raises:
        Refused: an R value is more than data.
        Exception: any other, if the tree is damaged.
    """

    def one(value, place: str):
        try:
            return state_file.unpack(value, members, safe_mode)
        except Refused as error:
            raise Refused(
                f"fit(): can't resume from {path}: {place} holds {error}, so it is more than data "
                "and is not read. If you trust the file, give `safe_mode = FALSE`."
            ) from None

    _, states = packed.pop("states")
    tree = {key: one(value, f"its part `{key}`") for key, value in packed.items()}
    tree["states"] = {
        name: one(state, f'the state of the callback "{name}"') for name, state in states
    }
    if not is_record(tree):
        raise state_file.Damaged("it has not the parts of a checkpoint")
    return tree


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)


def _layer_text(name: str, shapes: list) -> str:
    return f"{name} with weights {_text(shapes)}" if shapes else name


def _text(shapes: list) -> str:
    return ", ".join(map(str, shapes))


def _shapes(arrays) -> list:
    return [tuple(array.shape) for array in arrays]


def _assign(variables, arrays) -> None:
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
