"""One training, as its callbacks have it: their order, their ids, and the exit at last.

`fit()` of R and `pyclass_bridge.fit()` run Keras' ``model.fit`` inside `training()`. Guarantees
that `on_exit` of each callback runs once the training has begun, whatever ends it, and that the
first error of the training is the one that goes on.
"""

from __future__ import annotations

import contextlib
import contextvars
import warnings

import keras

from ..bridge.words import described
from ..callbacks.monitor import monitor_checks

_PACKAGE = __package__.partition(".")[0]
_current: contextvars.ContextVar = contextvars.ContextVar("training", default=None)


class Training:
    """What is under way: the model, and the callbacks by id in the order in which they run."""

    def __init__(self, model, callbacks):
        self.model = model
        self.callbacks = identified(ordered(callbacks))
        for callback in self.callbacks.values():
            getattr(callback, "_refuse_another", lambda: None)()
        self.began = False
        self.run = None  # that of a training with checkpoints (training/resume.py)

    def listed(self, keywords: dict) -> list:
        """The callbacks for Keras and its ``fit(**keywords)``: the user's, with a check of each
        `monitor`, after one that sees the training begin."""
        return [_Begin(self), *monitor_checks(self.callbacks.values(), keywords)]

    def holds(self, callback) -> bool:
        """Is it one of them?"""
        return any(callback is item for item in self.callbacks.values())


class _Begin(keras.callbacks.Callback):
    """Notes that the training has begun."""

    def __init__(self, training: Training):
        super().__init__()
        self.training = training

    def on_train_begin(self, logs=None):
        self.training.began = True


def current() -> Training | None:
    """The innermost training under way that `fit()` of R or `pyclass_bridge.fit()` has begun."""
    return _current.get()


def holds(callback) -> bool:
    """Is that a training of this callback, which then runs its `on_exit`?"""
    this = current()
    return this is not None and this.holds(callback)


@contextlib.contextmanager
def training(model, callbacks):
    """Give the `Training` of `callbacks`, a flat list, for the time of its ``model.fit``.

    Raises:
        TypeError: a `weight` is no number, or an `id` no string.
        ValueError: two callbacks have the same `id`.
        RuntimeError: another training under way has one of them that knows its training.
    """
    this = Training(model, callbacks)
    token = _current.set(this)
    try:
        yield this
    except BaseException:
        _tell(_leave(this), "the training had")
        raise
    else:
        errors = _leave(this)
        _tell(errors[1:], "that of another callback had")
        for error in errors[:1]:
            raise error
    finally:
        _current.reset(token)


def _tell(errors: list, after: str) -> None:
    for error in errors:
        said = str(error) or type(error).__name__  # Ctrl-C has no text
        warnings.warn(f"on_exit failed after {after}: {said}", stacklevel=4)


def _leave(this: Training) -> list[BaseException]:
    """Run `on_exit` of all callbacks, then take their context from them; the errors on the way,
    Ctrl-C among them."""
    errors = []
    for callback in this.callbacks.values():
        on_exit = getattr(callback, "on_exit", None)
        if this.began and callable(on_exit):
            try:
                on_exit()
            except BaseException as error:
                errors.append(error)
    for callback in this.callbacks.values():
        leave = getattr(callback, "_leave_context", None)
        if leave is not None:
            leave(this)
    return errors


# ---- order and ids ------------------------------------------------------------------------------


def flattened(callbacks) -> list:
    """The callbacks in a callback, a list of lists, or a ``CallbackList``, whose own order and ends
    are those of the training then. None is none: `if (condition) callback` gives it in R."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    if isinstance(callbacks, (list, tuple)):
        return [callback for item in callbacks for callback in flattened(item)]
    return [] if callbacks is None else [callbacks]


def ordered(callbacks) -> list:
    """The callbacks by `weight` (0 where there is none), those of equal weight as given."""
    return sorted(callbacks, key=_weight)


def _weight(callback) -> float:
    weight = _of_r(callback, "weight")
    if weight is None:
        return 0.0
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight != weight:
        name, given = type(callback).__name__, described(weight)
        raise TypeError(f"`weight` of `{name}` orders the callbacks: a number, not {given}.")
    return weight


def identified(callbacks: list) -> dict:
    """The callbacks by `id`; one without an id of its own has the name of its class, with a number
    from the second on."""
    taken = set()
    for name in filter(None, map(_id, callbacks)):
        if name in taken:
            raise ValueError(
                f'Two callbacks have the id "{name}", which names one in its training. Give one of '
                f'them another: `callback$id <- "{name}_2"` in R.'
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
            f"`id` of `{type(callback).__name__}` names the callback: one string, not "
            f"{described(name)}."
        )
    return name


def _of_r(callback, name: str):
    """An attribute that says something to this package. Other callbacks may use the name for what
    they like."""
    cls = type(callback)
    of_package = any(base.__module__.startswith(f"{_PACKAGE}.") for base in cls.__mro__)
    return getattr(callback, name, None) if of_package or hasattr(cls, "__r_class__") else None


def _free(name: str, taken) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
