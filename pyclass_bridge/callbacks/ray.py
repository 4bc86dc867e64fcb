"""Keras' reports to Ray: metrics and checkpoints of a training in a worker of Ray.

R calls `make()` of this module (R/callbacks_ray.R). Importing it imports Ray. Ray's own callback
for Keras needs TensorFlow, and saves models in a format of Keras 2.
"""

from __future__ import annotations

import os
import tempfile

import keras
import ray.train
import ray.tune

from ..bridge.words import nearest, quoted

# The file of the model in a checkpoint.
MODEL = "model.keras"

# The events of Keras under Ray's names for them: the hooks without `on_`.
EVENTS = (
    *(f"{what}_{when}" for what in ("epoch", "train_batch", "test_batch", "predict_batch")
      for when in ("begin", "end")),
    *(f"{what}_{when}" for what in ("train", "test", "predict") for when in ("begin", "end")),
)  # fmt: skip


class ReportCallback(keras.callbacks.Callback):
    """The class of `callback_ray_report()`."""

    def __init__(self, metrics, report_metrics_on, checkpoint_on):
        super().__init__()
        self.metrics = metrics  # the name in the report: the name in the logs; None for all
        self.report_metrics_on = report_metrics_on
        self.checkpoint_on = checkpoint_on

    def at(self, event: str, logs) -> None:
        """Report, if this event is one of those to report at."""
        if event == "train_begin":
            place_in_ray()  # fails before the training, rather than after its first epoch
        if event in self.checkpoint_on:
            self._report_checkpoint(self._values(event, logs or {}))
        elif event in self.report_metrics_on:
            place_in_ray().report(self._values(event, logs or {}))

    def _values(self, event: str, logs: dict) -> dict:
        wanted = {name: name for name in logs} if self.metrics is None else self.metrics
        missing = [name for name in wanted.values() if name not in logs]
        if missing:
            raise ValueError(_missing_text(missing[0], event, logs))
        return {name: _plain(logs[given]) for name, given in wanted.items()}

    def _report_checkpoint(self, values: dict) -> None:
        """All workers report, since Ray waits for all of them; the first one has the model."""
        place = place_in_ray()
        if not place.is_first:
            place.report(values)
            return
        with tempfile.TemporaryDirectory() as directory:
            self.model.save(os.path.join(directory, MODEL))
            place.report(values, checkpoint=place.checkpoint.from_directory(directory))


def _hook(event: str):
    if event.startswith("epoch") or "batch" in event:
        return lambda self, index, logs=None: self.at(event, logs)
    return lambda self, logs=None: self.at(event, logs)


for _event in EVENTS:
    setattr(ReportCallback, f"on_{_event}", _hook(_event))


class _Place:
    """Where in Ray this training runs: what reports, the class of checkpoints, and whether this is
    the first worker of the training."""

    def __init__(self, module, is_first: bool):
        self.report, self.checkpoint, self.is_first = module.report, module.Checkpoint, is_first


def place_in_ray() -> _Place:
    try:
        return _Place(ray.train, ray.train.get_context().get_world_rank() == 0)
    except DeprecationWarning:  # what Ray Train raises in a trial of Ray Tune
        return _Place(ray.tune, True)
    except RuntimeError:
        raise RuntimeError(
            "callback_ray_report() reports to Ray, but this training runs in no worker of Ray: "
            "call fit() in the function that a Trainer or a Tuner runs, or leave the callback out"
        ) from None


def _missing_text(name: str, event: str, logs: dict) -> str:
    near = nearest(name, logs)
    return (
        f'callback_ray_report(): `metrics` asks for "{name}", which is not among the values at '
        f'"{event}": '
        + (f"{quoted(sorted(logs))}" if logs else "there are none")
        + (f'; did you mean "{near}"?' if near else "")
    )


def _plain(value):
    """A number that Ray can send without the backend that it came from."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def make(metrics, report_metrics_on, checkpoint_on) -> ReportCallback:
    """The callback for these arguments of `callback_ray_report()`."""
    return ReportCallback(metrics, list(report_metrics_on), list(checkpoint_on or ()))
