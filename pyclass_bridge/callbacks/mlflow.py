"""MLflow's own Keras callback, in a run that begins and ends with the training.

R calls `make()` of this module (R/callbacks_mlflow.R). Importing it imports MLflow. MLflow's
callback turns errors of logging into warnings; errors in starting or ending the run stay errors.
"""

from __future__ import annotations

import sys

import keras
import mlflow
from mlflow.keras import MlflowCallback


class _Run(keras.callbacks.Callback):
    """Starts a run and ends it, or uses the active one and leaves it open."""

    def __init__(self, experiment_name, run_name, tracking_uri, tags, params, **logging):
        super().__init__(**logging)
        self.run_id = None
        self._is_own = False
        self._wanted = {"experiment_name": experiment_name, "run_name": run_name, "tags": tags}
        self._tracking_uri = tracking_uri
        self._hyperparameters = params

    def on_train_begin(self, logs=None):
        self._end("FAILED")  # ends a run that an earlier training has left open
        if self._tracking_uri is not None:
            mlflow.set_tracking_uri(self._tracking_uri)
        self._begin()
        if self._hyperparameters:
            mlflow.log_params(self._hyperparameters)
        super().on_train_begin(logs)

    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        self._end("FINISHED")

    def on_exit(self):
        was_stopped = isinstance(sys.exc_info()[1], KeyboardInterrupt)
        self._end("KILLED" if was_stopped else "FAILED")

    def _begin(self) -> None:
        active = mlflow.active_run()
        if active is None:
            active = mlflow.start_run(
                experiment_id=_experiment_id(self._wanted["experiment_name"]),
                run_name=self._wanted["run_name"],
                tags=self._wanted["tags"],
            )
            self._is_own = True
        else:
            self._join(active)
        self.run_id = active.info.run_id

    def _join(self, active) -> None:
        given = [name for name, value in self._wanted.items() if value is not None]
        if given:
            raise ValueError(
                f"callback_mlflow(): `{given[0]}` is for a new run, but the MLflow run "
                f'"{active.info.run_name}" is active: call mlflow$end_run() first, or leave out '
                "the argument."
            )

    def _end(self, status: str) -> None:
        mlflow.flush_async_logging()
        if self._is_own:
            self._is_own = False
            mlflow.end_run(status)


class RunCallback(_Run, MlflowCallback):
    """The class of `callback_mlflow()`. Its body stays empty, since the metaclass of MLflow's class
    would turn errors of the methods in it into warnings."""


def _experiment_id(name: str | None) -> str | None:
    """The id of the experiment, created if needed; None, for MLflow's current one, without name."""
    if name is None:
        return None
    found = mlflow.get_experiment_by_name(name)
    return mlflow.create_experiment(name) if found is None else found.experiment_id


def make(**arguments) -> RunCallback:
    """The callback for these arguments of `callback_mlflow()`."""
    return RunCallback(**arguments)
