"""What a checkpoint holds of a training, and how another training goes on from it.

`train()` runs Keras' ``model.fit`` with both. The weights, the optimizer and the states of the
callbacks are there before `on_train_begin` runs; the random number generators are set, and Keras'
own callbacks get back what they count, just before the first epoch that is trained.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref

import keras
import numpy as np

from . import random_states, state_file
from .checkpoint import CheckpointState
from .run import Training, flattened, training
from .shuffle import can_convert_arrays, in_known_order

VERSION = 1


def train(model, keywords: dict, fit, resume: str | None = None):
    """``fit(keywords)``, which calls ``model.fit``, with the callbacks among `keywords` in order.

    Returns:
        The ``keras.callbacks.History``; its `callbacks` are the states of the callbacks by id.

    Raises:
        FileNotFoundError: there is no file at `resume`.
        ValueError: it comes from another model, optimizer, number of epochs or class of callback.
    """
    with training(model, flattened(keywords.pop("callbacks", None))) as this:
        keeps = any(isinstance(c, CheckpointState) for c in this.callbacks.values())
        if not keeps and resume is None:
            history = fit(keywords | {"callbacks": this.listed(keywords)})
        else:
            this.run = Run(this, keywords, resume)
            history = fit(this.run.keywords(keywords))
            this.run.complete(history)
        history.callbacks = {
            name: state for name, state in states_of(this.callbacks).items() if state is not None
        }
    return history


def states_of(callbacks: dict) -> dict:
    """What `state_dict()` of each callback gives that has one, by id."""
    having = {name: c for name, c in callbacks.items() if callable(getattr(c, "state_dict", None))}
    return {name: callback.state_dict() for name, callback in having.items()}


class Run:
    """A training with checkpoints: what a checkpoint of it holds now."""

    def __init__(self, this: Training, keywords: dict, resume: str | None):
        self.model = this.model
        self.callbacks = this.callbacks
        self.listed = this.listed(keywords)
        self.epochs = keywords.get("epochs", 1)
        self.optimizer = _as_compiled(getattr(this.model, "optimizer", None))
        self.attributes = {name: _attributes(c) for name, c in this.callbacks.items()}
        self.epoch_numbers: list[int] = []
        self.metrics: dict[str, list] = {}
        self.x = self.saved = None
        if resume is not None:
            self.saved = _Saved(resume)
            self.saved.check(self, keywords.get("initial_epoch", 0))

    def keywords(self, keywords: dict) -> dict:
        """The arguments of ``fit`` for this run."""
        if self.saved is not None:
            keywords = keywords | {"initial_epoch": self.saved.next_epoch}
            self.x = keywords.get("x")
        return in_known_order(keywords) | {"callbacks": self._with_own_callbacks()}

    def _with_own_callbacks(self) -> list:
        """The first restores before the others begin, the last sees what they have done; only the
        checkpoints run later."""
        is_checkpoint = [isinstance(callback, CheckpointState) for callback in self.listed]
        at = is_checkpoint.index(True) if True in is_checkpoint else len(self.listed)
        first, last = _First(self), _Last(self)
        return [self.listed[0], first, *self.listed[1:at], last, *self.listed[at:]]

    def build(self) -> None:
        """Give the model its weights, which on TensorFlow come with the first step only."""
        if self.model.built:
            return
        if not can_convert_arrays(self.x):
            raise ValueError(
                "fit(): the model has no weights before it has seen data, so it can't resume: give "
                "it an input shape, as in keras_model_sequential(input_shape = 4)."
            )
        self.model(keras.tree.map_structure(lambda array: array[:1], self.x))

    def complete(self, history) -> None:
        """Give the history of Keras the epochs before it, too."""
        if self.saved is not None:
            earlier = self.saved.tree["history"]
            history.epoch = [*earlier["epoch"], *history.epoch]
            metrics = [*earlier["metrics"], *history.history]
            history.history = {
                name: [*earlier["metrics"].get(name, []), *history.history.get(name, [])]
                for name in dict.fromkeys(metrics)
            }

    # ---- what is written ----

    def write(self, path: str) -> None:
        """Write a checkpoint, after an epoch."""
        members: dict[str, bytes] = {}
        tree = {
            "version": VERSION,
            "epochs": self.epochs,
            "stopped": bool(self.model.stop_training),
            "layers": _layers(self.model),
            "loss": _loss(self.model),
            "variables": [_as_array(v) for v in self.model.variables],
            "optimizer": self.optimizer,
            "optimizer_variables": [_as_array(v) for v in self.model.optimizer.variables],
            "classes": {name: type(c).__name__ for name, c in self.callbacks.items()},
            "history": {"epoch": self.epoch_numbers, "metrics": self.metrics},
            "attributes": self._changed_attributes(),
        }
        self._check_metrics()
        packed = {key: state_file.pack(value, members) for key, value in tree.items()}
        packed["states"] = self._states(members)
        # Last: a state_dict() may draw, too.
        packed["random"] = state_file.pack(random_states.states(), members)
        state_file.write(path, packed, members)

    def _check_metrics(self) -> None:
        for name, values in self.metrics.items():
            try:
                state_file.pack(values[-1], {})
            except state_file.NotKept as error:
                raise TypeError(
                    f'callback_checkpoint_state(): "{name}" in the logs is {error}, which no file '
                    "keeps. Let the callback that adds it give a number."
                ) from None

    def _states(self, members: dict) -> list:
        pairs = []
        for name, state in states_of(self.callbacks).items():
            if _state_is_of_r(self.callbacks[name]):
                state = state_file.RValue(state)
            try:
                pairs.append([name, state_file.pack(state, members)])
            except state_file.NotKept as error:
                raise TypeError(
                    f'callback_checkpoint_state(): the state of the callback "{name}" holds {error}'
                    ", which no file keeps. Let state_dict() give values of R, or plain values of "
                    "Python and NumPy arrays."
                ) from None
        return ["dict", pairs]

    def _changed_attributes(self) -> dict:
        """What Keras' own callbacks have counted: attributes with another value than before the
        training, by id."""
        return {
            name: {
                key: value
                for key, value in _attributes(callback).items()
                if key in self._kept_attributes(name)
                or not _same(value, self.attributes[name].get(key, NotImplemented))
            }
            for name, callback in self.callbacks.items()
        }

    def _kept_attributes(self, name: str) -> dict:
        return {} if self.saved is None else self.saved.tree["attributes"].get(name, {})


# ---- what is read ------------------------------------------------------------------------------


class _Saved:
    """A checkpoint that a run goes on from."""

    def __init__(self, path):
        if not isinstance(path, str) or not path:
            raise TypeError("fit(): `resume` is the path of a file, one string.")
        try:
            packed, members = state_file.read(path)
        except (IsADirectoryError, PermissionError) as error:
            raise type(error)(
                f"fit(): {path} can't be read to resume from it: {error.strerror}."
            ) from None
        except FileNotFoundError:
            raise FileNotFoundError(
                f"fit(): there is no file {path} to resume from. For a run that may be the first "
                "write `resume = if (file.exists(path)) path`."
            ) from None
        self.path = path
        if not isinstance(packed, dict) or "version" not in packed:
            raise ValueError(f"{path} is no file of callback_checkpoint_state().")
        if packed["version"] != VERSION:
            raise ValueError(
                f"fit(): {path} was written by another version of pyclass_bridge: form "
                f"{packed['version']}, not {VERSION}."
            )
        self.tree = {key: state_file.unpack(value, members) for key, value in packed.items()}

    @property
    def next_epoch(self) -> int:
        """The next epoch, counted from 0; none is left for a training that was stopped."""
        done = self.tree["history"]["epoch"]
        return self.tree["epochs"] if self.tree["stopped"] else done[-1] + 1

    def check(self, run: Run, initial_epoch: int) -> None:
        """Is `run` the same training? What is known before the model is built."""
        if run.epochs != self.tree["epochs"]:
            self._refuse("`epochs`", self.tree["epochs"], run.epochs)
        if initial_epoch not in (0, self.next_epoch):
            raise ValueError(
                f"fit(): the training that {self.path} is of goes on with epoch "
                f"{self.next_epoch + 1}, and `initial_epoch` says another. Leave it out."
            )
        was, now = self.tree["optimizer"], run.optimizer
        for key in dict.fromkeys([*was, *now]):
            if not _same(was.get(key), now.get(key)):
                what = "the optimizer" if key == "class" else f"`{key}` of the optimizer"
                self._refuse(what, was.get(key), now.get(key))
        self._check_callbacks(run.callbacks)

    def _refuse(self, what: str, was, now) -> None:
        was, now = (f"{x:g}" if isinstance(x, float) else x for x in (was, now))
        raise ValueError(
            f"fit(): {what} was {was} in the training that {self.path} is of, and is {now} now. A "
            "training resumes as it began."
        )

    def _check_callbacks(self, callbacks: dict) -> None:
        for name, was in self.tree["classes"].items():
            now = type(callbacks[name]).__name__ if name in callbacks else was
            if now != was:
                raise ValueError(
                    f'fit(): the callback "{name}" was of class `{was}` in the training that '
                    f"{self.path} is of, and is of class `{now}` now: its state does not fit."
                )
        for name in self.tree["states"].keys() - callbacks.keys():
            _warn(
                f'fit(): {self.path} has a state of the callback "{name}", which is not among the '
                "callbacks: the state is left out."
            )
        for name, callback in callbacks.items():
            if name not in self.tree["states"] and hasattr(callback, "load_state_dict"):
                _warn(
                    f'fit(): {self.path} has no state of the callback "{name}", which begins anew.'
                )

    def load(self, run: Run) -> None:
        """Weights, optimizer and states of callbacks, into a model that is built."""
        run.build()
        self._check_model(run.model)
        optimizer = run.model.optimizer
        if not optimizer.built:
            optimizer.build(run.model.trainable_variables)
        self._check_trained(optimizer)
        _assign(run.model.variables, self.tree["variables"])
        _assign(optimizer.variables, self.tree["optimizer_variables"])
        run.epoch_numbers = list(self.tree["history"]["epoch"])
        run.metrics = {k: list(values) for k, values in self.tree["history"]["metrics"].items()}
        for name, state in self.tree["states"].items():
            load = getattr(run.callbacks.get(name), "load_state_dict", None)
            if load is not None and state is not None:
                load(state)

    def _check_model(self, model) -> None:
        was, now = self.tree["layers"], _layers(model)
        if len(was) != len(now):
            self._refuse("the model", f"one of {len(was)} layers", f"one of {len(now)}")
        for number, (before, after) in enumerate(zip(was, now, strict=True), start=1):
            (*known, was_set), (*here, now_set) = before, after
            if known != here:
                self._refuse(f"layer {number}", _said(*known), _said(*here))
            for key in dict.fromkeys([*was_set, *now_set]):
                if was_set.get(key) != now_set.get(key):
                    self._refuse(f"`{key}` of layer {number}", was_set.get(key), now_set.get(key))
        if _loss(model) != self.tree["loss"]:
            self._refuse("the loss", self.tree["loss"], _loss(model))
        shapes = [array.shape for array in self.tree["variables"]]
        own = [tuple(variable.shape) for variable in model.variables]
        if shapes != own:
            self._refuse("the model", *map(_shapes_said, (shapes, own)))

    def _check_trained(self, optimizer) -> None:
        """Layers that are frozen now, or were, have weights but nothing in the optimizer."""
        shapes = [array.shape for array in self.tree["optimizer_variables"]]
        own = [tuple(variable.shape) for variable in optimizer.variables]
        if shapes != own:
            raise ValueError(
                f"fit(): the training that {self.path} is of trained other weights than this one: "
                "freeze the layers that were frozen, and compile the model then."
            )


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)


class _First(keras.callbacks.Callback):
    """Restores what is there before the other callbacks begin."""

    def __init__(self, run: Run):
        super().__init__()
        self.run = run
        self.pending = run.saved is not None

    def on_train_begin(self, logs=None):
        if self.pending:
            self.run.saved.load(self.run)

    def on_epoch_begin(self, epoch, logs=None):
        if self.pending:
            self.pending = False
            random_states.restore(self.run.saved.tree["random"])


class _Last(keras.callbacks.Callback):
    """Notes the metrics as all callbacks have left them; gives Keras' own callbacks, which begin
    from nothing in `on_train_begin`, their attributes back."""

    def __init__(self, run: Run):
        super().__init__()
        self.run = run

    def on_train_begin(self, logs=None):
        if self.run.saved is not None:
            for name, attributes in self.run.saved.tree["attributes"].items():
                if name in self.run.callbacks:
                    vars(self.run.callbacks[name]).update(attributes)

    def on_epoch_end(self, epoch, logs=None):
        self.run.epoch_numbers.append(epoch)
        for name, value in (logs or {}).items():
            self.run.metrics.setdefault(name, []).append(value)


# ---- parts -------------------------------------------------------------------------------------

# The configuration that an optimizer was compiled with: callbacks change its learning rate.
_compiled: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _as_compiled(optimizer) -> dict:
    if optimizer is None:  # Keras refuses a model that is not compiled, and says so
        return {}
    if optimizer not in _compiled:
        config = _without_names(optimizer.get_config())
        _compiled[optimizer] = {"class": type(optimizer).__name__, **config}
    return _compiled[optimizer]


def _without_names(config):
    """Keras numbers the names in a session, that of an optimizer within another one too."""
    if not isinstance(config, dict):
        return config
    return {key: _without_names(value) for key, value in config.items() if key != "name"}


def _layers(model) -> list:
    """The class of each layer, the shapes of its weights, and what it was set to."""
    return [
        (type(layer).__name__, [tuple(weight.shape) for weight in layer.weights], _settings(layer))
        for layer in model.layers
    ]


def _loss(model) -> str:
    """The name of the loss; of several, as one text."""
    losses = keras.tree.flatten(model.loss)
    named = [getattr(x, "name", None) or getattr(x, "__name__", x) for x in losses]
    return ", ".join(map(str, named))


def _settings(layer) -> dict:
    """The plain values in the configuration of a layer of Keras. Names are given anew in each
    session, and a callback may freeze a layer."""
    if not type(layer).__module__.startswith("keras."):
        return {}
    return {
        key: value
        for key, value in layer.get_config().items()
        if key not in ("name", "trainable") and isinstance(value, (str, bool, int, float))
    }


def _said(name: str, shapes: list) -> str:
    return f"{name} with weights {', '.join(map(str, shapes))}" if shapes else name


def _shapes_said(shapes: list) -> str:
    return f"one with variables {', '.join(map(str, shapes))}"


def _as_array(variable):
    array = keras.ops.convert_to_numpy(variable)
    # NumPy has no file for bfloat16 and its like, which are exact in float32.
    return array.astype("float32") if array.dtype.kind == "V" else array


def _assign(variables, arrays) -> None:
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _state_is_of_r(callback) -> bool:
    """Is `state_dict` written in R?"""
    owner = next((c for c in type(callback).__mro__ if "state_dict" in vars(c)), object)
    return "__r_class__" in vars(owner)


def _attributes(callback) -> dict:
    """The attributes of a callback of Keras, or of a class that inherits from one, that a file
    keeps. The plain `Callback` counts nothing."""
    counts = any(
        base.__module__.startswith("keras.") and base is not keras.callbacks.Callback
        for base in type(callback).__mro__
    )
    kept = {}
    for key, value in vars(callback).items() if counts else ():
        if key not in ("_model", "params", "_params"):
            with contextlib.suppress(state_file.NotKept):
                state_file.pack(value, {})
                kept[key] = _copied(value)
    return kept


def _copied(value):
    """A value that does not change with the original, which code of Python may change in place."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    return {k: _copied(v) for k, v in value.items()} if type(value) is dict else value


def _same(a, b) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)
