"""`self$ctx` of callback sets, through which stages read their training.

The sets of one training share one context. Their hooks (callbacks/set.py) set its values; R code
can assign only `terminate` and `gradients`.
"""

from __future__ import annotations

import weakref

import numpy as np

from ..bridge.words import described, nearest, ticked
from ..training.run import current, identified
from .gradients import STAGE, Tap

_ASSIGNED = ("terminate", "gradients")


class Context:
    """The progress of one training. Epochs and steps count from 1; `epoch` is 0 before the first
    epoch. Scores are dicts by the name of the metric."""

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
        # On JAX, the property `model` of a callback updates the weights of the model.
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
        """The loss that was given to ``compile()``."""
        return getattr(self.model, "loss", None)

    @property
    def total_epochs(self) -> int:
        return self._params["epochs"]

    @property
    def global_step(self) -> int:
        """The number of the step, counted over all epochs."""
        return self._steps_before + self.step

    @property
    def callbacks(self) -> dict:
        """The callbacks of the training by id; under Keras' own ``model.fit`` only the sets."""
        return dict(self._training.callbacks if self._training else identified(self._sets))

    @property
    def gradients(self) -> list | None:
        """The gradients of the step, one for each trainable variable of the model, None for a
        variable without a gradient. The optimizer uses gradients that are assigned here. Outside
        `on_after_backward` this is None."""
        return self._gradients

    @gradients.setter
    def gradients(self, value):
        if self._gradients is None:
            raise ValueError(f"`ctx$gradients` can be assigned only in `{STAGE}`.")
        self._gradients = self._tap.checked(value)

    @property
    def terminate(self) -> bool:
        """Stop the training at the end of the epoch? R code may assign it."""
        return self._terminate

    @terminate.setter
    def terminate(self, value):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"`ctx$terminate` must be TRUE or FALSE, not {described(value)}.")
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
                return  # `ctx$callbacks$other$field <- 1` in R assigns `ctx$callbacks` back last
            raise AttributeError(
                f"`ctx${name}` is read-only; only {ticked(_ASSIGNED, ' and ')} can be assigned.",
                name=name,
            )
        super().__setattr__(name, value)

    def _set(self, **values) -> None:
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
        self._set(epoch=epoch + 1, step=0, step_valid=0, last_scores_valid=None)
        self._ended = self._ended_valid = 0
        self._valid_seen = False

    def _end_step(self, batch: int, logs: dict | None) -> None:
        self._ended = batch + 1
        self._set(step=self._ended)
        if logs:
            self._set(last_loss=logs.get("loss"), last_scores_train=dict(logs))

    def _before_valid(self) -> None:
        """Run `on_before_valid` of all sets, if it has not run in this epoch."""
        if not self._valid_seen:
            self._valid_seen = True
            # If Keras does not know the number of steps, it has begun one more step, without data.
            self._set(step=self._ended)
            for callback in self._sets:
                callback.on_before_valid()

    def _tap_gradients(self) -> None:
        """Make the training's steps run `on_after_backward` of all sets."""
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
        self._set(
            last_scores_train={k: v for k, v in logs.items() if not k.startswith("val_")},
            last_scores_valid=valid or None,
            last_loss=logs.get("loss", self.last_loss),
        )
        self._before_valid()

    def _leave(self, callback) -> None:
        """Drop the reference to `callback`, since R code may keep the context alive."""
        self._untap_gradients()
        self._sets = [other for other in self._sets if other is not callback]
        if not self._sets:
            self._training = None


# Contexts by the id of the dict `params`, of which Keras gives one to all callbacks of a list.
_contexts = weakref.WeakValueDictionary()


def context_for(callback, params: dict) -> Context:
    """The context of the callbacks that have these `params`; adds `callback` to its sets."""
    context = _contexts.get(id(params))
    if context is None:
        context = _contexts[id(params)] = Context(params)
        training = current()
        context._training = training if training is not None and training.holds(callback) else None
    context._sets.append(callback)
    return context
