"""add_callback() and similar: functions called at the events of a Keras or Ultralytics model.

This module checks the event, the function, and the methods of an object. `keras` and `ultralytics`
call the functions; both modules have the same interface.
"""

from __future__ import annotations

import inspect
import warnings

from ..bridge.r_functions import r_function
from ..bridge.words import described
from ..classes.kinds import is_keras_callback
from . import keras, ultralytics


def add_callback(model, event, fn=None):
    """Add `fn` to the functions that are called at an event of a model; they run in this order.

    Args:
        model: a Keras model, or one of Ultralytics such as a YOLO.
        event: the name of one of `callback_events(model)`; or, without `fn`, an object whose
            methods are named for events, or a dict of functions by event: all are added.
        fn: for a Keras model, a function whose arguments are any of `model`, `epoch` or `batch`,
            `logs` and `path` that the event has. An R function counts epochs and batches from 1, a
            Python function from 0. For an Ultralytics model, a function of one argument, the
            trainer, validator, predictor or exporter, or a function without arguments.

    Raises:
        ValueError: there is no such event, or the object has no method for any event.
        TypeError: `fn` has an argument that the event does not have, or is not a function.

    Example:
        >>> import keras, pyclass_bridge
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> tell = lambda epoch, logs: print("epoch", epoch, sorted(logs))
        >>> model = pyclass_bridge.add_callback(model, "on_epoch_end", tell)
        >>> _ = model.fit(keras.ops.ones((4, 2)), keras.ops.ones((4, 1)), epochs=2, verbose=0)
        epoch 0 ['loss']
        epoch 1 ['loss']
    """
    for sentence in added(model, event, fn):
        warnings.warn(sentence, stacklevel=2)
    return model


def added(model, event, fn) -> list[str]:
    """Add the functions as `add_callback()` does, and return the texts of its warnings, for R."""
    kind = _kind_of("add_callback", model)
    if isinstance(event, str):
        functions = [(_checked(kind, event), fn)]
    else:
        functions = _members(kind, event, fn)
    # All functions are checked before the first is added.
    ready = [(name, kind.adapted(name, _callable(name, function))) for name, function in functions]
    for name, function in ready:
        kind.add(model, name, function)
    return [f"add_callback(): {why}" for name, _ in ready for why in kind.doubts(name)]


def clear_callback(model, event: str):
    """Remove the functions of an event from a model; from an Ultralytics model, its own too.

    Args:
        model: as in `add_callback`.
        event: the name of one of `callback_events(model)`.

    Raises:
        ValueError: there is no such event.

    Example:
        >>> import keras, pyclass_bridge
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model = pyclass_bridge.add_callback(model, "on_train_end", lambda: print("done"))
        >>> model = pyclass_bridge.clear_callback(model, "on_train_end")
    """
    kind = _kind_of("clear_callback", model)
    kind.clear(model, _checked(kind, event, "clear_callback"))
    return model


def reset_callbacks(model):
    """Remove all functions that `add_callback` has added to a model.

    Args:
        model: as in `add_callback`.

    Raises:
        TypeError: it is a model of neither Keras nor Ultralytics.

    Example:
        >>> import keras, pyclass_bridge
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model = pyclass_bridge.add_callback(model, "on_exit", lambda: print("the end"))
        >>> model = pyclass_bridge.reset_callbacks(model)
    """
    _kind_of("reset_callbacks", model).reset(model)
    return model


def callback_events(model=None) -> list[str]:
    """The names of the events that a model has.

    Args:
        model: as in `add_callback`; None for the events that every Keras model has.

    Raises:
        TypeError: it is a model of neither Keras nor Ultralytics.

    Example:
        >>> import pyclass_bridge
        >>> pyclass_bridge.callback_events()[:3]
        ['on_train_begin', 'on_epoch_begin', 'on_train_batch_begin']
    """
    kind = keras if model is None else _kind_of("callback_events", model)
    return list(kind.events())


# ---- checks ------------------------------------------------------------------------------------


def _kind_of(function: str, model):
    for kind in (keras, ultralytics):
        if kind.is_model(model):
            return kind
    raise TypeError(
        f"{function}(): the first argument must be a model of Keras or Ultralytics, not "
        f"{described(model)}."
    )


def _checked(kind, event, function: str = "add_callback") -> str:
    """`event`, if there is such an event; otherwise an error, which names the nearest event, also
    for the name that another framework uses."""
    known = list(kind.events())
    if event in known:
        return event
    near = r_function("nearest_event")(event, known) if isinstance(event, str) else None
    hint = f"did you mean `{near}`?" if near else "callback_events(model) lists them."
    raise ValueError(f"{function}(): `{event}` is not an event of {kind.NAME}; {hint}")


def _callable(event: str, fn):
    if callable(fn) and not isinstance(fn, type):
        return fn
    if fn is None:
        raise TypeError(f"add_callback(): the function for `{event}` is missing.")
    raise TypeError(f"add_callback(): `fn` for `{event}` must be a function, not {described(fn)}.")


def _members(kind, given, fn) -> list[tuple]:
    """Pairs of an event and a function, from an object or a dict."""
    if isinstance(given, type):
        raise TypeError(
            f"add_callback(): `{given.__name__}` is a class, and its methods need an instance: did "
            "you forget `()`?"
        )
    if fn is not None or inspect.isroutine(given):
        raise TypeError(
            'add_callback(): `event` must be a string such as "on_train_end", not '
            f"{described(given)}."
        )
    if isinstance(given, dict):
        found = given
    else:
        names = _hooks(kind, given) if is_keras_callback(type(given)) else _event_like(kind, given)
        found = {name: getattr(given, name) for name in names}
    if not found:
        raise ValueError(
            f"add_callback(): {described(given)} has no method named for an event, such as "
            f"`{next(iter(kind.events()))}`."
        )
    return [(_checked(kind, name), function) for name, function in found.items()]


def _hooks(kind, callback) -> list[str]:
    """The hooks that a Keras callback defines. Other methods `on_*` are its own, since its
    definition was checked."""
    if hasattr(callback, "on_exit"):
        raise TypeError(
            f"add_callback(): {described(callback)} has an `on_exit`, which only fit() calls: give "
            "it to fit() as one of the `callbacks`."
        )
    methods = {name: getattr(callback, name, None) for name in kind.events()}
    return [n for n, m in methods.items() if callable(m) and not getattr(m, "_is_default", False)]


def _event_like(kind, given) -> list[str]:
    names = [n for n in dir(given) if n.startswith("on_") or n in kind.events()]
    return [name for name in names if callable(getattr(given, name))]
