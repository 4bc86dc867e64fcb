"""The events of a Keras model: its functions, stored on it, and the methods that call them.

While a model has functions, its `fit()`, `save()` and similar methods are replaced on the instance,
so a plain `model.fit()` of Python calls the functions too. Each run passes one more callback to
Keras, with only the hooks that have functions. Copies, pickles and saved files have no functions.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
import warnings

from ..bridge.function import core_function, parameters_of
from ..bridge.r_functions import r_function
from ..bridge.whole_file import when_written
from ..bridge.words import ticked
from ..classes.kinds import is_keras_callback, kind_named

NAME = "Keras"
# Keras' hooks, each with the name of its index, without aliases; `on_exit` is called below.
_HOOKS = {
    hook: index
    for hook, index in kind_named("Callback").hooks.items()
    if not hook.startswith("on_batch_") and hook != "on_exit"
}
_RUNS = ("fit", "evaluate", "predict")
_FILES = {
    "save": "on_model_save",
    "save_weights": "on_model_save",
    "load_weights": "on_model_load",
    "export": "on_model_export",
}
# The arguments that each event has for its functions.
_EVENTS = {
    **{h: ("model", index, "logs") if index else ("model", "logs") for h, index in _HOOKS.items()},
    **{event: ("model", "path") for event in _FILES.values()},
    "on_exit": ("model",),
}
_STORED = "_pyclass_bridge_events"  # the attribute of a model


def is_model(x) -> bool:
    """Is `x` a model of Keras? This does not import Keras."""
    base = getattr(sys.modules.get("keras.src.models.model"), "Model", None)
    return base is not None and isinstance(x, base)


def events() -> dict:
    """The events, each with the names of the arguments that its functions may have."""
    return _EVENTS


def doubts(event: str) -> tuple:
    """Reasons why a function for an event would not run: none, since Keras calls every event."""
    return ()


def add(model, event: str, function) -> None:
    """Add a `function` that `adapted()` returned to the functions of an event."""
    stored = vars(model).get(_STORED)
    if stored is None:
        stored = vars(model)[_STORED] = _Events(model)
    stored.functions.setdefault(event, []).append(function)


def clear(model, event: str) -> None:
    """Remove the functions of an event."""
    stored = vars(model).get(_STORED)
    if stored is not None:
        stored.functions.pop(event, None)
        if not stored.functions:
            reset(model)


def reset(model) -> None:
    """Remove all functions, and restore the methods of the model."""
    stored = vars(model).pop(_STORED, None)
    if stored is not None:
        stored.functions.clear()
        stored.unwrap(model)


# ---- one function ------------------------------------------------------------------------------


def adapted(event: str, fn):
    """A function that takes all arguments of the event by name, and calls `fn` with those that it
    has."""
    owner = getattr(fn, "__self__", None)
    if is_keras_callback(type(owner)):
        return _Hook(owner, fn)
    names = _EVENTS[event]
    parameters = _parameters(event, fn).values()
    kinds = {p.kind for p in parameters}
    required = [p for p in parameters if p.default is p.empty and p.kind not in _OPEN]
    wrong = [p.name for p in required if p.name not in names or p.kind is p.POSITIONAL_ONLY]
    places = [name for name in names if name != "model"] or list(names)
    if wrong and _go_by_place(parameters, names, places):
        places = places[: len([p for p in parameters if p.kind not in _OPEN])]
        call = _of_r(fn, event, places) if hasattr(fn, "__r_function__") else fn
        return lambda **given: call(*[given[name] for name in places])
    if wrong:
        raise TypeError(
            f"add_callback(): the function for `{event}` takes {ticked(wrong)}, but the event has "
            f"only {ticked(names)}."
        )
    call = _of_r(fn, event) if hasattr(fn, "__r_function__") else fn
    if kinds == {inspect.Parameter.VAR_POSITIONAL}:
        return lambda **given: call(*given.values())
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return call
    taken = [p.name for p in parameters if p.name in names]
    return lambda **given: call(**{name: given[name] for name in taken})


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _go_by_place(parameters, names, places) -> bool:
    """Has the function no more arguments than the event has places, and those with names of the
    event in their places? The rule is that of callback_lambda() (R/callbacks_lambda.R)."""
    own = [p.name for p in parameters if p.kind not in _OPEN and p.kind is not p.KEYWORD_ONLY]
    return len(own) <= len(places) and all(
        mine == place or mine not in names for mine, place in zip(own, places, strict=False)
    )


def _parameters(event: str, fn):
    try:
        return inspect.signature(fn).parameters
    except ValueError:
        raise TypeError(
            f"add_callback(): the arguments of {fn!r} are not known; for `{event}` give a "
            "function that calls it."
        ) from None


def _of_r(fn, event: str, places=None):
    """The R function of `fn` with the rules for hooks of Callback(): R counts from 1, and a named
    list that the function returns visibly is merged into the logs. `places` are the event's names
    of its arguments, if it has other ones."""
    closure = fn.__r_function__
    parameters = parameters_of(r_function("describe_function")(closure)["formals"])
    names = places or [f.name for f in parameters.named]
    index = _HOOKS.get(event)
    return core_function(
        closure,
        event,
        parameters,
        index_name=index,
        index_at=names.index(index) if index in names else -1,
        shares=("logs", names.index("logs") if "logs" in names else len(names)),
        merges=True,
        returns_none=True,
    )


class _Hook:
    """A hook of a Keras callback that was added as an object: it gets its arguments by position."""

    def __init__(self, owner, method):
        self.owner, self.method = owner, method

    def __call__(self, model, **given):
        self.method(*given.values())


# ---- the functions of one model ------------------------------------------------------------------


class _Events:
    """The functions of one model, by event, and the methods of the model that call them."""

    def __init__(self, model):
        self.functions: dict[str, list] = {}
        self.depth = 0  # the number of nested runs: a hook of fit() may call evaluate()
        own = vars(model)
        self.replaced = {name: own.get(name) for name in (*_RUNS, *_FILES)}
        own.update({name: self.wrapped_run(model, name) for name in _RUNS})
        own.update({name: self.wrapped_file(model, name) for name in _FILES})

    def unwrap(self, model) -> None:
        for name, former in self.replaced.items():
            if former is None:
                vars(model).pop(name, None)
            else:
                vars(model)[name] = former

    def call(self, event: str, **given) -> None:
        # The tuple is a copy, since a function may remove itself.
        for function in tuple(self.functions.get(event, ())):
            function(**given)

    def wrapped_run(self, model, name: str):
        method = getattr(model, name)
        names = list(inspect.signature(method).parameters)
        at = names.index("callbacks") if "callbacks" in names else len(names)

        @functools.wraps(method)
        def run(*args, **kwargs):
            given = args[at] if at < len(args) else kwargs.get("callbacks")
            with self.running(model, given) as callbacks:
                if at < len(args):
                    args = (*args[:at], callbacks, *args[at + 1 :])
                elif callbacks is not None:
                    kwargs["callbacks"] = callbacks
                return method(*args, **kwargs)

        return run

    def wrapped_file(self, model, name: str):
        method, event = getattr(model, name), _FILES[name]

        @functools.wraps(method)
        def call(*args, **kwargs):
            result = method(*args, **kwargs)
            path = args[0] if args else kwargs["filepath"]
            path = os.fspath(path) if isinstance(path, os.PathLike) else path
            when_written(path, lambda path: self.call(event, model=model, path=path))
            return result

        return call

    @contextlib.contextmanager
    def running(self, model, callbacks):
        """A run of the model; yields `callbacks` together with the callback for the functions."""
        self.depth += 1
        try:
            with _joined(callbacks, self.callback(model)) as joined:
                yield joined
        except BaseException:
            self.depth -= 1
            if not self.depth:
                _tell(self.errors_of_exit(model))
            raise
        self.depth -= 1
        if not self.depth:
            self.exit(model)

    def callback(self, model):
        """The callback that calls the functions in one run; None if no hook has a function."""
        hooks = {event: self.functions[event] for event in _HOOKS if self.functions.get(event)}
        if not hooks:
            return None
        callback = _callback_class()()
        callback.objects = _owners(hooks.values())
        # They are set on the instance, so that the other hooks are the base's, which Keras skips.
        vars(callback).update({event: self.hook(model, event) for event in hooks})
        return callback

    def hook(self, model, event: str):
        index = _HOOKS.get(event)
        if index is None:
            return lambda logs=None: self.call(event, model=model, logs=logs)
        return lambda i, logs=None: self.call(event, model=model, **{index: i}, logs=logs)

    def exit(self, model) -> None:
        """Call all functions of `on_exit`, also if one fails; then raise the first error."""
        errors = self.errors_of_exit(model)
        _tell(errors[1:])
        for error in errors[:1]:
            raise error

    def errors_of_exit(self, model) -> list[BaseException]:
        errors = []
        for function in tuple(self.functions.get("on_exit", ())):
            try:
                function(model=model)
            except BaseException as error:
                errors.append(error)
        return errors


def _tell(errors: list) -> None:
    """Warn of the errors that came after the first one, which is raised."""
    for error in errors:
        said = str(error) or type(error).__name__  # Ctrl-C has no text
        warnings.warn(f"a function for `on_exit` failed too: {said}", stacklevel=2)


def _owners(functions) -> list:
    """The Keras callbacks whose hooks are among the functions, each once."""
    owners = {id(f.owner): f.owner for fs in functions for f in fs if isinstance(f, _Hook)}
    return list(owners.values())


@functools.cache
def _callback_class():
    import keras

    class Events(keras.callbacks.Callback):
        """What Keras calls for the functions of a model."""

        objects = ()

        def set_model(self, model):
            super().set_model(model)
            for callback in self.objects:
                callback.set_model(model)

        def set_params(self, params):
            super().set_params(params)
            for callback in self.objects:
                callback.set_params(params)

    return Events


@contextlib.contextmanager
def _joined(given, own):
    """Yields the callbacks that the user has given, with `own` after them."""
    import keras

    if own is None:
        yield given
    elif not isinstance(given, keras.callbacks.CallbackList):
        several = isinstance(given, (list, tuple))
        yield [*(given if several else [] if given is None else [given]), own]
    elif any(isinstance(callback, type(own)) for callback in given.callbacks):
        yield given  # evaluate() within fit(), whose list has a callback like `own` already
    else:
        given.callbacks.append(own)
        own.set_model(given.model)
        own.set_params(given.params)
        try:
            yield given
        finally:
            given.callbacks.remove(own)
