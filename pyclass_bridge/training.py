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

_current: contextvars.ContextVar = contextvars.ContextVar("training", default=None)


class Training:
    """What is under way: the model, and the callbacks by id in the order in which they run."""

    def __init__(self, model, callbacks):
        self.model = model
        self.callbacks = identified(ordered(callbacks))
        self.began = False

    def listed(self) -> list:
        """The callbacks for Keras: the user's, after one that sees the training begin."""
        return [_Begin(self), *self.callbacks.values()]


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


@contextlib.contextmanager
def training(model, callbacks):
    """Give the `Training` of `callbacks`, a flat list, for the time of its ``model.fit``.

    Raises:
        TypeError: a `weight` is no number.
        ValueError: two callbacks have the same `id`.
    """
    this = Training(model, callbacks)
    token = _current.set(this)
    try:
        yield this
    except BaseException:
        for error in _leave(this):
            warnings.warn(f"on_exit failed after the training had: {error}", stacklevel=3)
        raise
    else:
        for error in _leave(this):
            raise error
    finally:
        _current.reset(token)


def _leave(this: Training) -> list[Exception]:
    """Run `on_exit` of all callbacks, then take their context from them; the errors on the way."""
    errors = []
    for callback in this.callbacks.values():
        on_exit = getattr(callback, "on_exit", None)
        if this.began and callable(on_exit):
            try:
                on_exit()
            except Exception as error:
                errors.append(error)
    for callback in this.callbacks.values():
        leave = getattr(callback, "_leave_context", None)
        if leave is not None:
            leave()
    return errors


# ---- order and ids ------------------------------------------------------------------------------


def ordered(callbacks) -> list:
    """The callbacks by `weight` (0 where there is none), those of equal weight as given."""
    return sorted(callbacks, key=_weight)


def _weight(callback) -> float:
    weight = getattr(callback, "weight", None)
    if weight is None:
        return 0.0
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight != weight:
        name = type(callback).__name__
        raise TypeError(f"`weight` of `{name}` orders the callbacks: a number, not {weight!r}.")
    return weight


def identified(callbacks: list) -> dict:
    """The callbacks by `id`; one without an id of its own has the name of its class, with a number
    from the second on."""
    given = [callback for callback in callbacks if _own_id(callback) is not None]
    by_id = {}
    for callback in given:
        name = _own_id(callback)
        if name in by_id:
            raise ValueError(
                f"Two callbacks have the id \"{name}\". Give one of them another: `callback$id <- "
                f"\"{name}_2\"` in R."
            )
        by_id[name] = callback
    names = {id(callback): name for name, callback in by_id.items()}
    result = {}
    for callback in callbacks:
        name = names.get(id(callback)) or _free(type(callback).__name__, {*by_id, *result})
        result[name] = callback
    return result


def _own_id(callback) -> str | None:
    return getattr(callback, "id", None)


def _free(name: str, taken) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
