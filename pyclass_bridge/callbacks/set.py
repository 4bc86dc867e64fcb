"""`CallbackSet`, the base of the classes that `callback_set()` makes (R/callbacks_set.R).

Keras calls its hooks, which set the values of the context (`ctx`) and then run a stage.
`on_epoch_begin` and `on_epoch_end` are both a hook and a stage: called without arguments, they run
only the stage.
"""

from __future__ import annotations

import copy
import functools
import inspect
import types

import keras

from ..bridge.private import make_private
from ..bridge.r_functions import r_function
from ..bridge.words import described, ticked
from ..classes.kinds import kind_named
from .context import Context, context_for
from .gradients import STAGE, refuse_backend
from .stages import Stages, begins_alone, ends_alone, long, short

STAGES = tuple(kind_named("CallbackSet").hooks)


# ---- stages that are hooks ----------------------------------------------------------------------


def epoch_hook(name: str, stage):
    """The method `name` for the `stage`, a function of the instance. A call by Keras updates the
    context and runs the stage; a call without arguments runs only the stage."""
    of_keras = _EPOCH[name]

    @functools.wraps(stage)
    def hook(self, epoch=None, logs=None):
        if epoch is None:
            stage(self)
        else:
            of_keras(self, stage, epoch, logs)

    return hook


def _epoch_begins(callback, stage, epoch, logs) -> None:
    callback._ctx._begin_epoch(epoch)
    stage(callback)


def _epoch_ends(callback, stage, epoch, logs) -> None:
    callback._ctx._end_epoch(logs)
    stage(callback)
    if callback._ctx.terminate:
        callback.model.stop_training = True


_EPOCH = {"on_epoch_begin": _epoch_begins, "on_epoch_end": _epoch_ends}


def _assigned(callback, name: str, function):
    """The method `name` for a `function` without arguments that is assigned to an instance."""
    return types.MethodType(epoch_hook(name, lambda self: function()), callback)


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _check_stage(cls: type, name: str, function) -> None:
    """Check a stage that is assigned to an instance, as R checks the stages of a definition."""
    if not hasattr(cls, name):
        near = r_function("nearest_stage")(name)
        hint = f"Did you mean `{near}`?" if near else f"It has {', '.join(STAGES)}."
        raise AttributeError(f"`{cls.__name__}` has no stage `{name}`. {hint}")
    if name not in STAGES:
        return
    if not callable(function):
        raise TypeError(
            f"`{name}` of `{cls.__name__}` must be a function, not {described(function)}."
        )
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some functions written in C have no signature
        parameters = ()
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in _OPEN]
    if required:
        raise TypeError(
            f"`{name}` of `{cls.__name__}` is called without arguments, but takes "
            f"{ticked(required, ' and ')}. Write `function()` and read `self$ctx`."
        )


def _nothing(self):
    return None


def _active(callback) -> list[str]:
    """The stages of a set, in the order in which they run."""
    cls, own = type(callback), vars(callback)
    return [
        name
        for name in STAGES
        if name in own or getattr(cls, name) is not getattr(CallbackSet, name)
    ]


class CallbackSet(keras.callbacks.Callback):
    """The base class of callback sets; see `callback_set()` in R."""

    id = None
    weight = 0
    stages = Stages(_active)
    _ctx = _pending = None
    __repr__, __r_print__ = short, long

    on_begin = on_batch_begin = on_after_backward = on_batch_end = _nothing
    on_before_valid = on_batch_valid_begin = on_batch_valid_end = on_valid_end = _nothing
    on_end = on_exit = _nothing
    on_epoch_begin = epoch_hook("on_epoch_begin", _nothing)
    on_epoch_end = epoch_hook("on_epoch_end", _nothing)

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        for name in _EPOCH.keys() & vars(cls).keys():
            setattr(cls, name, epoch_hook(name, vars(cls)[name]))
        if STAGE in vars(cls):
            refuse_backend(cls.__name__)

    def __setattr__(self, name: str, value) -> None:
        if name.startswith("on_"):
            _check_stage(type(self), name, value)
        super().__setattr__(name, _assigned(self, name, value) if name in _EPOCH else value)

    @property
    def ctx(self) -> Context | None:
        """The `Context` of the training under way; None outside of one."""
        return self._ctx

    def set_params(self, params):
        self._refuse_another()
        super().set_params(params)
        self._ctx = None
        self._pending = context_for(self, params)

    def on_train_begin(self, logs=None):
        self._ctx, self._pending = self._pending, None
        if "on_exit" in self.stages:
            begins_alone(self)
        self.on_begin()
        if STAGE in self.stages:  # after on_begin, which may assign it
            self._ctx._tap_gradients()

    def on_train_batch_begin(self, batch, logs=None):
        self._ctx._set(step=batch + 1)
        if self._ctx._tap is not None:
            self._ctx._tap.put()
        self.on_batch_begin()

    def on_train_batch_end(self, batch, logs=None):
        self._ctx._end_step(batch, logs)
        self.on_batch_end()

    def on_test_begin(self, logs=None):
        if self._ctx is not None:
            self._ctx._before_valid()

    def on_test_batch_begin(self, batch, logs=None):
        if self._ctx is not None:
            self._ctx._set(step_valid=batch + 1)
            self.on_batch_valid_begin()

    def on_test_batch_end(self, batch, logs=None):
        if self._ctx is not None:
            self._ctx._ended_valid = batch + 1
            self._ctx._set(step_valid=batch + 1)
            self.on_batch_valid_end()

    def on_test_end(self, logs=None):
        if self._ctx is not None:
            self._ctx._set(step_valid=self._ctx._ended_valid, last_scores_valid=dict(logs or {}))
            self.on_valid_end()

    def on_train_end(self, logs=None):
        self._ctx._untap_gradients()
        self.on_end()
        ends_alone(self)
        self._leave_training(None)

    def _refuse_another(self) -> None:
        """Raise RuntimeError if a training has this set, since a set has only one `ctx`."""
        context = self._ctx or self._pending
        if context is not None and context._training is not None:
            raise RuntimeError(
                f"This instance of `{type(self).__name__}` is in a training that is under way. Use "
                "another instance."
            )

    def _leave_training(self, training) -> None:
        """Drop the context if it is of `training`, which is None under Keras' own ``model.fit``."""
        for name in ("_ctx", "_pending"):
            context = getattr(self, name)
            if context is not None and context._training is training:
                context._leave(self)
                setattr(self, name, None)

    def clone(self, deep: bool = False):
        """A copy of the callback. With `deep`, the private method `deep_clone(name, value)` returns
        the value of each field of the copy.

        Raises:
            RuntimeError: a training is under way, or the class has no such method.
        """
        private = make_private(self)
        if self._ctx is not None:
            raise RuntimeError(
                f"`{type(self).__name__}` can't be cloned during a training: `ctx` must be NULL."
            )
        if not r_function("has_deep_clone")(private):
            raise RuntimeError(
                f"`{type(self).__name__}` can't be cloned without a private method "
                "`deep_clone(name, value)`, which returns the value of a field of the copy. Add it "
                "to `private`."
            )
        made = copy.copy(self)
        for name, value in vars(self).items() if deep else ():
            if name not in _OWN:
                setattr(made, name, r_function("deep_clone_of")(private, name, value))
        if deep:
            r_function("deep_clone_private")(private, make_private(made))
        return made

    def __setstate__(self, state: dict) -> None:
        """Bind to the copy the methods `on_epoch_*` that were assigned to the original."""
        vars(self).update(state)
        for name in _EPOCH.keys() & state.keys():
            vars(self)[name] = types.MethodType(state[name].__func__, self)


# The attributes of Keras and of this base on an instance.
_OWN = frozenset({*vars(keras.callbacks.Callback()), "_ctx", "_pending", *_EPOCH})
