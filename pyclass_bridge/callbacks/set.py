"""The base of what `callback_set()` makes: stages without arguments, on the hooks of Keras.

Keras calls the hooks, which keep the context (`ctx`) and then run the stage. Sets of one training
share one context. `on_epoch_begin` and `on_epoch_end` are a hook and a stage at once: called
without arguments, each is the stage alone.
"""

from __future__ import annotations

import copy
import functools
import inspect
import types
import weakref

import keras
import numpy as np

from ..bridge.private import make_private
from ..bridge.r_functions import r_function
from ..bridge.words import described, nearest, ticked
from ..classes.kinds import kind_named
from ..training.run import current, identified
from .gradients import STAGE, Tap, refuse_backend
from .stages import Stages, begins_alone, ends_alone, long, short

STAGES = tuple(kind_named("CallbackSet").hooks)


# ---- the context --------------------------------------------------------------------------------


_ASSIGNED = ("terminate", "gradients")


class Context:
    """What `self$ctx` is: the state of one training. Epochs and steps count from 1; the epoch is 0
    before the first. Scores are dicts by the name of the metric."""

    epoch = step = step_valid = 0
    last_loss = last_scores_train = last_scores_valid = None
    _gradients = _tap = None
    _terminate = _valid_seen = False
    _steps_before = _ended = _ended_valid = 0

    def __init__(self, params: dict):
        self._params = params
        self._sets: list = []
        self._training = None

    @property
    def model(self):
        # On JAX the callback's own brings the weights up to date. After the training there is none.
        return self._sets[0].model if self._sets else None

    @property
    def network(self):
        """The model, under mlr3torch's name."""
        return self.model

    @property
    def optimizer(self):
        return getattr(self.model, "optimizer", None)

    @property
    def loss_fn(self):
        """The loss, as it was given to ``compile()``."""
        return getattr(self.model, "loss", None)

    @property
    def total_epochs(self) -> int:
        return self._params["epochs"]

    @property
    def global_step(self) -> int:
        """The steps of all epochs."""
        return self._steps_before + self.step

    @property
    def callbacks(self) -> dict:
        """The callbacks of the training by id; those of a plain ``model.fit``: its sets."""
        return dict(self._training.callbacks if self._training else identified(self._sets))

    @property
    def gradients(self) -> list | None:
        """Those of the step, in `on_after_backward` alone: one for each of the model's trainable
        variables, None for one that has none. Assigned ones are what the optimizer takes."""
        return self._gradients

    @gradients.setter
    def gradients(self, value):
        if self._gradients is None:
            raise ValueError(f"`ctx$gradients` can be assigned in `{STAGE}` alone.")
        self._gradients = self._tap.checked(value)

    @property
    def terminate(self) -> bool:
        """Does the training stop at the end of the epoch? May be assigned."""
        return self._terminate

    @terminate.setter
    def terminate(self, value):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"`ctx$terminate` is TRUE or FALSE, not {described(value)}.")
        self._terminate = bool(value)

    def __dir__(self):
        return [name for name in object.__dir__(self) if not name.startswith("_")]

    def __repr__(self) -> str:
        return f"<ctx: epoch {self.epoch} of {self.total_epochs}, step {self.step}>"

    def __getattr__(self, name: str):
        raise self._unknown(name)

    def __setattr__(self, name: str, value) -> None:
        if not name.startswith("_") and name not in _ASSIGNED:
            if not hasattr(type(self), name):
                raise self._unknown(name)
            if value == getattr(self, name):
                return  # as `ctx$callbacks$other$field <- 1` in R does at last
            raise AttributeError(
                f"`ctx${name}` is read-only; only {ticked(_ASSIGNED, ' and ')} can be assigned.",
                name=name,
            )
        super().__setattr__(name, value)

    def _note(self, **values) -> None:
        vars(self).update(values)

    def _unknown(self, name: str) -> AttributeError:
        near = nearest(name, dir(self))
        hint = f"; did you mean `{near}`?" if near else f"; it has {', '.join(dir(self))}."
        return AttributeError(f"`ctx` has no `{name}`{hint}", name=name)

    def _begin_epoch(self, epoch: int) -> None:
        if self.epoch == epoch + 1:
            return
        first = self.epoch == 0
        self._steps_before += epoch * (self._params.get("steps") or 0) if first else self.step
        self._note(epoch=epoch + 1, step=0, step_valid=0, last_scores_valid=None)
        self._ended = self._ended_valid = 0
        self._valid_seen = False

    def _end_step(self, batch: int, logs: dict | None) -> None:
        self._ended = batch + 1
        self._note(step=self._ended)
        if logs:
            self._note(last_loss=logs.get("loss"), last_scores_train=dict(logs))

    def _before_valid(self) -> None:
        """Run `on_before_valid` of all sets, once in an epoch."""
        if not self._valid_seen:
            self._valid_seen = True
            # Where Keras does not know how many there are, it begins one that has no data.
            self._note(step=self._ended)
            for callback in self._sets:
                callback.on_before_valid()

    def _tap_gradients(self) -> None:
        """Have `on_after_backward` of all sets run in the steps."""
        if self._tap is None:
            self._tap = Tap(self)
        self._tap.put()

    def _untap_gradients(self) -> None:
        if self._tap is not None:
            self._tap.remove()

    def _end_epoch(self, logs: dict | None) -> None:
        if self._tap is not None:
            self._tap.end_epoch()
        logs = logs or {}
        valid = {k.removeprefix("val_"): v for k, v in logs.items() if k.startswith("val_")}
        self._note(
            last_scores_train={k: v for k, v in logs.items() if not k.startswith("val_")},
            last_scores_valid=valid or None,
            last_loss=logs.get("loss", self.last_loss),
        )
        self._before_valid()

    def _leave(self, callback) -> None:
        """Forget the callback, since R may keep the context."""
        self._untap_gradients()
        self._sets = [other for other in self._sets if other is not callback]
        if not self._sets:
            self._training = None


# By the dict of parameters that Keras gives to all callbacks of a list.
_contexts = weakref.WeakValueDictionary()


def _context_for(callback, params: dict) -> Context:
    """The context of the list of callbacks that has `params`, one object for all of the list."""
    context = _contexts.get(id(params))
    if context is None:
        context = _contexts[id(params)] = Context(params)
        this = current()
        context._training = this if this is not None and this.holds(callback) else None
    context._sets.append(callback)
    return context


# ---- stages that are hooks ----------------------------------------------------------------------


def epoch_hook(name: str, stage):
    """The method `name` for the `stage`, a function of the instance: Keras' call keeps the context
    and runs it, a call without arguments runs it alone."""
    keep = _EPOCH[name]

    @functools.wraps(stage)
    def hook(self, epoch=None, logs=None):
        if epoch is None:
            stage(self)
        else:
            keep(self, stage, epoch, logs)

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
    """The method `name` for a `function` without arguments that an instance is given as stage."""
    return types.MethodType(epoch_hook(name, lambda self: function()), callback)


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _check_stage(cls: type, name: str, function) -> None:
    """The checks of a definition, for a stage that is assigned to an instance."""
    if not hasattr(cls, name):
        near = nearest(name, STAGES)
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
    except ValueError:  # some functions of C do not tell
        parameters = ()
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in _OPEN]
    if required:
        raise TypeError(
            f"`{name}` of `{cls.__name__}` is called without arguments, and takes "
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
        """The `Context`; None when no training is under way."""
        return self._ctx

    def set_params(self, params):
        self._refuse_another()
        super().set_params(params)
        self._ctx = None
        self._pending = _context_for(self, params)

    def on_train_begin(self, logs=None):
        self._ctx, self._pending = self._pending, None
        if "on_exit" in self.stages:
            begins_alone(self)
        self.on_begin()
        if STAGE in self.stages:  # which on_begin may have assigned
            self._ctx._tap_gradients()

    def on_train_batch_begin(self, batch, logs=None):
        self._ctx._note(step=batch + 1)
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
            self._ctx._note(step_valid=batch + 1)
            self.on_batch_valid_begin()

    def on_test_batch_end(self, batch, logs=None):
        if self._ctx is not None:
            self._ctx._ended_valid = batch + 1
            self._ctx._note(step_valid=batch + 1)
            self.on_batch_valid_end()

    def on_test_end(self, logs=None):
        if self._ctx is not None:
            self._ctx._note(step_valid=self._ctx._ended_valid, last_scores_valid=dict(logs or {}))
            self.on_valid_end()

    def on_train_end(self, logs=None):
        self._ctx._untap_gradients()
        self.on_end()
        ends_alone(self)
        self._leave_context(None)

    def _refuse_another(self) -> None:
        """An error while `fit()` trains with the set, on any thread: it has one `ctx`."""
        context = self._ctx or self._pending
        if context is not None and context._training is not None:
            raise RuntimeError(
                f"The instance of `{type(self).__name__}` is in a training that is under way, and "
                "its `ctx` is that of one training: give another instance."
            )

    def _leave_context(self, training) -> None:
        """Leave the context of `training`, None for one of Keras' own fit, and no other."""
        for name in ("_ctx", "_pending"):
            context = getattr(self, name)
            if context is not None and context._training is training:
                context._leave(self)
                setattr(self, name, None)

    def clone(self, deep: bool = False):
        """A copy, outside of any training. With `deep` each field is what the private method
        `deep_clone(name, value)` returns for it.

        Raises:
            RuntimeError: a training is under way, or the class has no such method.
        """
        private = make_private(self)
        if self._ctx is not None:
            raise RuntimeError(
                f"`{type(self).__name__}` can only be cloned when its `ctx` is NULL: after the "
                "training."
            )
        if not r_function("has_deep_clone")(private):
            raise RuntimeError(
                f"`{type(self).__name__}` has no private method `deep_clone(name, value)`, without "
                "which a callback set is not cloned. Write it in `private`: it returns what the "
                "copy has for a field."
            )
        made = copy.copy(self)
        for name, value in vars(self).items() if deep else ():
            if name not in _OWN:
                setattr(made, name, r_function("deep_clone_of")(private, name, value))
        if deep:
            r_function("deep_clone_private")(private, make_private(made))
        return made

    def __setstate__(self, state: dict) -> None:
        """A copy runs the epoch's stages that were assigned to the original as its own."""
        vars(self).update(state)
        for name in _EPOCH.keys() & state.keys():
            vars(self)[name] = types.MethodType(state[name].__func__, self)


# What Keras and the base keep on an instance.
_OWN = frozenset({*vars(keras.callbacks.Callback()), "_ctx", "_pending", *_EPOCH})
