"""The base of what `callback_set()` makes: stages without arguments, on the hooks of Keras.

Keras calls the hooks, which keep the context (`ctx`) and then run the stage. Sets of one training
share one context. `on_epoch_begin` and `on_epoch_end` are a hook and a stage at once: called
without arguments, each is the stage alone.
"""

from __future__ import annotations

import functools
import weakref

import keras

from .training import current

STAGES = (
    "on_begin", "on_epoch_begin", "on_batch_begin", "on_after_backward", "on_batch_end",
    "on_before_valid", "on_batch_valid_begin", "on_batch_valid_end", "on_valid_end",
    "on_epoch_end", "on_end", "on_exit",
)  # fmt: skip


class Context:
    """What `self$ctx` is: the state of one training. Epochs and steps count from 1; the epoch is 0
    before the first. Scores are dicts by the name of the metric."""

    def __init__(self, params: dict):
        self._params = params
        self._sets: list = []
        self._steps_before = 0
        self._valid_seen = False
        self.model = None
        self.epoch = 0
        self.step = 0
        self.step_valid = 0
        self.last_loss = None
        self.last_scores_train = None
        self.last_scores_valid = None
        self.gradients = None
        self.terminate = False

    @property
    def network(self):
        """The model, under mlr3torch's name."""
        return self.model

    @property
    def optimizer(self):
        return self.model.optimizer

    @property
    def loss_fn(self):
        """The loss, as it was given to ``compile()``."""
        return self.model.loss

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
        training = current()
        if training is not None and training.model is self.model:
            return dict(training.callbacks)
        return {callback.id: callback for callback in self._sets}

    def begin_epoch(self, epoch: int) -> None:
        if self.epoch == epoch + 1:
            return
        first = self.epoch == 0
        self._steps_before += epoch * (self._params.get("steps") or 0) if first else self.step
        self.epoch, self.step, self.step_valid = epoch + 1, 0, 0
        self.last_scores_valid = None
        self._valid_seen = False

    def end_step(self, batch: int, logs: dict | None) -> None:
        self.step = batch + 1
        if logs:
            self.last_loss = logs.get("loss")
            self.last_scores_train = dict(logs)

    def before_valid(self) -> None:
        """Run `on_before_valid` of all sets, once in an epoch."""
        if not self._valid_seen:
            self._valid_seen = True
            for callback in self._sets:
                callback.on_before_valid()

    def end_epoch(self, logs: dict | None) -> None:
        logs = logs or {}
        valid = {k.removeprefix("val_"): v for k, v in logs.items() if k.startswith("val_")}
        self.last_scores_train = {k: v for k, v in logs.items() if not k.startswith("val_")}
        self.last_scores_valid = valid or None
        self.last_loss = logs.get("loss", self.last_loss)
        self.before_valid()


# The context that Keras' list of callbacks is being given, if one of its sets keeps it.
_newest = weakref.ref(Context({}))


def _context_for(params: dict) -> Context:
    """The context of the list of callbacks that has `params`, one object for all of the list."""
    global _newest
    context = _newest()
    if context is None or context._params is not params:
        context = Context(params)
        _newest = weakref.ref(context)
    return context


def epoch_hook(name: str, stage):
    """The method `name` for the `stage`, a function of the instance: Keras' call keeps the context
    and runs it, a call without arguments runs it alone."""
    keep = _epoch_begins if name == "on_epoch_begin" else _epoch_ends

    @functools.wraps(stage)
    def hook(self, epoch=None, logs=None):
        if epoch is None:
            stage(self)
        else:
            keep(self, stage, epoch, logs)

    return hook


def _epoch_begins(callback, stage, epoch, logs) -> None:
    callback._ctx.begin_epoch(epoch)
    stage(callback)


def _epoch_ends(callback, stage, epoch, logs) -> None:
    callback._ctx.end_epoch(logs)
    stage(callback)
    if callback._ctx.terminate:
        callback.model.stop_training = True


def _nothing(self):
    return None


class CallbackSet(keras.callbacks.Callback):
    """The base class of callback sets; see `callback_set()` in R."""

    id = None
    weight = 0
    _ctx = _pending = None

    @property
    def ctx(self) -> Context | None:
        """The `Context`; None when no training is under way."""
        return self._ctx

    @property
    def stages(self) -> list[str]:
        """The active stages, in the order in which they run."""
        own = vars(self)
        return [
            name
            for name in STAGES
            if name in own or getattr(type(self), name) is not getattr(CallbackSet, name)
        ]

    on_begin = on_batch_begin = on_after_backward = on_batch_end = _nothing
    on_before_valid = on_batch_valid_begin = on_batch_valid_end = on_valid_end = _nothing
    on_end = on_exit = _nothing
    on_epoch_begin = epoch_hook("on_epoch_begin", _nothing)
    on_epoch_end = epoch_hook("on_epoch_end", _nothing)

    def set_params(self, params):
        super().set_params(params)
        self._ctx = None
        self._pending = _context_for(params)
        self._pending._sets.append(self)

    def on_train_begin(self, logs=None):
        self._ctx, self._pending = self._pending, None
        self._ctx.model = self.model
        self.on_begin()

    def on_train_batch_begin(self, batch, logs=None):
        self._ctx.step = batch + 1
        self.on_batch_begin()

    def on_train_batch_end(self, batch, logs=None):
        self._ctx.end_step(batch, logs)
        self.on_batch_end()

    def on_test_begin(self, logs=None):
        if self._ctx is not None:
            self._ctx.before_valid()

    def on_test_batch_begin(self, batch, logs=None):
        if self._ctx is not None:
            self._ctx.step_valid = batch + 1
            self.on_batch_valid_begin()

    def on_test_batch_end(self, batch, logs=None):
        if self._ctx is not None:
            self._ctx.step_valid = batch + 1
            self.on_batch_valid_end()

    def on_test_end(self, logs=None):
        if self._ctx is not None:
            self._ctx.last_scores_valid = dict(logs or {})
            self.on_valid_end()

    def on_train_end(self, logs=None):
        self.on_end()

    def _leave_context(self) -> None:
        self._ctx = self._pending = None
