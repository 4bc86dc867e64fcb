"""The steps of one training: build it as plain data, add its checkpoints if it has any, run it.

R's `fit()` (training/fit.py) and `pyclass_bridge.fit()` (training/api.py) both end here.
"""

from __future__ import annotations

from ..bridge.originals import originals
from .checkpoint import CheckpointState
from .record import Record
from .resume import Restore
from .run import Training, build, under_way
from .shuffle import in_known_order


def train(
    model, callbacks: list, keywords: dict, resume: str | None = None, fit=None, safe_mode=True
):
    """Train `model` with these callbacks and the other arguments of ``model.fit``.

    Args:
        resume: The path of the checkpoint to resume from.
        safe_mode: Is the checkpoint refused if it holds more than data?
        fit: Called in place of ``model.fit``, with a dict of all its arguments.

    Returns:
        The ``keras.callbacks.History``; its `callbacks` are the states of the callbacks by id.

    Raises:
        FileNotFoundError: there is no file at `resume`.
        ValueError: the checkpoint is of another training, is damaged, or holds more than data.
        TypeError, ValueError, RuntimeError: those of `build()`.
    """
    training = build(model, callbacks, keywords)
    if resume is not None or any(isinstance(c, CheckpointState) for c in callbacks):
        _add_checkpoints(training, resume, safe_mode)
    with under_way(training), originals():
        history = fit(training.keywords) if fit else model.fit(**training.keywords)
        if training.record is not None:
            training.record.complete(history)
        states = training.states()
        history.callbacks = {name: state for name, state in states.items() if state is not None}
    return history


def _add_checkpoints(training: Training, resume: str | None, safe_mode: bool) -> None:
    """Let `training` write checkpoints, and resume from the one at `resume` if it is given."""
    restore = None if resume is None else Restore(resume, safe_mode)
    training.record = Record(training, restore and restore.tree)
    begin, *listed = training.keywords["callbacks"]
    checkpoints = [i for i, c in enumerate(listed) if isinstance(c, CheckpointState)]
    listed.insert(min(checkpoints, default=len(listed)), training.record)
    if restore is not None:
        restore.into(training)
        listed.insert(0, restore)
    training.keywords = in_known_order(training.keywords) | {"callbacks": [begin, *listed]}
