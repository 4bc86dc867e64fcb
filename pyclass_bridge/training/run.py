"""One training, that is one run of ``model.fit``, as plain data; and what runs when it ends.

`build()` makes the training, which runs inside `under_way()`. This guarantees that `on_exit` of
each callback runs if the training has begun, whatever ends it, and that the first error is raised;
the others become warnings.
"""

from __future__ import annotations

import contextlib
import contextvars
import warnings
from dataclasses import dataclass

import keras

from ..bridge.words import described
from .monitor import monitor_checks

_PACKAGE = __package__.partition(".")[0]
_current: contextvars.ContextVar = contextvars.ContextVar("training", default=None)


@dataclass(eq=False)
class Training:
    """One run of ``model.fit``."""

    model: keras.Model
    callbacks: dict  # the user's callbacks by id, in the order in which they run
    keywords: dict  # the arguments of ``model.fit``; `callbacks` includes the package's own
    record: object = None  # the `Record` that writes its checkpoints, if it has any
    began: bool = False

    def holds(self, callback) -> bool:
        """Is `callback` one of the user's callbacks in this training?"""
        return any(callback is item for item in self.callbacks.values())

    def states(self) -> dict:
        """The states, by id, of the callbacks that have a `state_dict()`."""
        having = {k: c for k, c in self.callbacks.items() if callable(getattr(c, "state_dict", 0))}
        return {name: callback.state_dict() for name, callback in having.items()}


def build(model, callbacks: list, keywords: dict) -> Training:
    """The training of `model` with these callbacks and the other arguments of ``model.fit``.

    Raises:
        TypeError: a `weight` is not a number, or an `id` or `monitor` is not a string.
        ValueError: two callbacks have the same `id`.
        RuntimeError: a callback that can be in one training at a time is in another one.
    """
    by_id = identified(ordered(callbacks))
    for callback in callbacks:
        getattr(callback, "_refuse_another", lambda: None)()
    training = Training(model, by_id, keywords)
    listed = [_Begin(training), *monitor_checks(by_id.values(), keywords)]
    training.keywords = keywords | {"callbacks": listed}
    return training


class _Begin(keras.callbacks.Callback):
    """Sets `began` of the training, before any other callback runs."""

    def __init__(self, training: Training):
        super().__init__()
        self.training = training

    def on_train_begin(self, logs=None):
        self.training.began = True


def current() -> Training | None:
    """The innermost training under way, or None. Keras' own ``model.fit`` starts no `Training`."""
    return _current.get()


def holds(callback) -> bool:
    """Is `callback` in the innermost training under way, which then runs its `on_exit`?"""
    training = current()
    return training is not None and training.holds(callback)


@contextlib.contextmanager
def under_way(training: Training):
    """Make `training` the current one while its ``model.fit`` runs, then run each `on_exit`."""
    token = _current.set(training)
    try:
        yield
    except BaseException:
        _warn(_end(training), "the training")
        raise
    else:
        errors = _end(training)
        _warn(errors[1:], "that of another callback")
        for error in errors[:1]:
            raise error
    finally:
        _current.reset(token)
        # The package's callbacks in `keywords` refer to the training; this breaks the cycle, which
        # would keep the data alive.
        training.keywords, training.record = {}, None


def _warn(errors: list, failed: str) -> None:
    for error in errors:
        text = str(error) or type(error).__name__  # KeyboardInterrupt has no text
        warnings.warn(f"on_exit failed ({failed} failed before it): {text}", stacklevel=4)


def _end(training: Training) -> list[BaseException]:
    """Run `on_exit` of all callbacks, then call their `_leave_training()`. Return the errors of
    `on_exit`, including KeyboardInterrupt."""
    errors = []
    for callback in training.callbacks.values():
        on_exit = getattr(callback, "on_exit", None)
        if training.began and callable(on_exit):
            try:
                on_exit()
            except BaseException as error:
                errors.append(error)
    for callback in training.callbacks.values():
        getattr(callback, "_leave_training", lambda training: None)(training)
    return errors


# ---- order and ids ------------------------------------------------------------------------------


def flattened(callbacks) -> list:
    """A callback, a nested list or a ``CallbackList`` as one flat list. None is left out: it comes
    from `if (condition) callback` in R."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    if isinstance(callbacks, (list, tuple)):
        return [callback for item in callbacks for callback in flattened(item)]
    return [] if callbacks is None else [callbacks]


def ordered(callbacks) -> list:
    """The callbacks sorted by `weight`, which is 0 by default; equal weights keep their order."""
    return sorted(callbacks, key=_weight)


def _weight(callback) -> float:
    weight = _of_r(callback, "weight")
    if weight is None:
        return 0.0
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight != weight:
        name, given = type(callback).__name__, described(weight)
        raise TypeError(
            f"`weight` of `{name}` must be a number, not {given}: callbacks run in the order of "
            "their weights."
        )
    return weight


def identified(callbacks: list) -> dict:
    """The callbacks by `id`. Without an `id`, the name of the class is the id, numbered from the
    second one: "Stop", "Stop_2"."""
    taken = set()
    for name in filter(None, map(_id, callbacks)):
        if name in taken:
            raise ValueError(
                f'Two callbacks have the id "{name}", which must be unique in a training. Give one '
                f'of them another: `callback$id <- "{name}_2"` in R.'
            )
        taken.add(name)
    result = {}
    for callback in callbacks:
        name = _id(callback) or _free(type(callback).__name__, {*taken, *result})
        result[name] = callback
    return result


def _id(callback) -> str | None:
    name = _of_r(callback, "id")
    if name is not None and not (isinstance(name, str) and name):
        raise TypeError(
            f"`id` of `{type(callback).__name__}` must be one string, not {described(name)}."
        )
    return name


def _of_r(callback, name: str):
    """The attribute `name` of a callback of this package or of a class written in R. Other
    callbacks may use the name for something else."""
    cls = type(callback)
    is_ours = any(base.__module__.startswith(f"{_PACKAGE}.") for base in cls.__mro__)
    return getattr(callback, name, None) if is_ours or hasattr(cls, "__r_class__") else None


def _free(name: str, taken) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
