"""Checks of `monitor`: if the logs lack it at the end of the first epoch, an error is raised.

Keras only warns in each epoch, and with `save_best_only` saves the model after each. So each
callback with a `monitor` gets a second callback beside it, for one training, which checks the logs.
"""

from __future__ import annotations

import keras

from ..bridge.words import described, quoted
from ..surface.error_text import meant
from ..surface.names import snake_case

_MONITORING = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.ReduceLROnPlateau,
)


def monitor_checks(callbacks, keywords: dict) -> list:
    """`callbacks`, in the order in which they run, with a check beside each that has a `monitor`.
    `keywords` are the other arguments of ``model.fit``.

    Raises:
        TypeError: a `monitor` is not a string.
    """
    checked = []
    for callback in callbacks:
        if not _uses_monitor(callback):
            checked.append(callback)
        elif not isinstance(callback.monitor, str):
            raise TypeError(
                f"{_shown(callback)}: `monitor` must be one string, the name of a value in the "
                f"logs, not {described(callback.monitor)}."
            )
        elif _has_own_hook(callback):
            # The check runs after this hook, which may add a value to the logs that it passes to
            # Keras' hook; the check recognizes this by the attributes that Keras' hook changes.
            checked += [callback, _MonitorCheck(callback, keywords)]
        else:
            # The check runs before Keras' hook, which for `mode = "auto"` raises an error about the
            # mode.
            checked += [_MonitorCheck(callback, keywords), callback]
    return checked


def _uses_monitor(callback) -> bool:
    return isinstance(callback, _MONITORING) and getattr(callback, "save_best_only", True)


def _has_own_hook(callback) -> bool:
    return not type(callback).on_epoch_end.__module__.startswith("keras.")


class _MonitorCheck(keras.callbacks.Callback):
    """Checks the logs for the `monitor` of `callback` until it has been in them once."""

    def __init__(self, callback, keywords: dict):
        super().__init__()
        self.callback = callback
        self.keywords = keywords

    def on_train_begin(self, logs=None):
        self.found = self.validated = False

    def on_epoch_begin(self, epoch, logs=None):
        self.before = self.seen_by_keras()

    def on_test_end(self, logs=None):
        self.validated = True

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        self.found = self.found or self.callback.monitor in logs
        self.found = self.found or self.seen_by_keras() != self.before
        if not self.found and not self.may_come(epoch):
            raise ValueError(self.sentence(logs))

    def seen_by_keras(self) -> tuple:
        """The values of the attributes that Keras changes when it compares a value of the logs."""
        return tuple(getattr(self.callback, name, None) for name in ("best", "wait"))

    def may_come(self, epoch: int) -> bool:
        """Can a later epoch add the value to the logs, by a validation or by the user's hook?"""
        if self.is_validation() and not self.validated and self.validates():
            return True
        start = getattr(self.callback, "start_from_epoch", 0)
        return _has_own_hook(self.callback) and epoch < start

    def is_validation(self) -> bool:
        return self.callback.monitor.startswith("val_")

    def has_validation_data(self) -> bool:
        given = self.keywords.get("validation_data") is not None
        return given or bool(self.keywords.get("validation_split"))

    def validates(self) -> bool:
        """Does any epoch of the training end with a validation?"""
        freq = self.keywords.get("validation_freq", 1)
        first, last = self.keywords.get("initial_epoch", 0), self.keywords.get("epochs", 1)
        is_set = isinstance(freq, (list, tuple))
        return self.has_validation_data() and any(
            epoch in freq if is_set else epoch % freq == 0 for epoch in range(first + 1, last + 1)
        )

    def sentence(self, logs: dict) -> str:
        monitor = self.callback.monitor
        text = f'{_shown(self.callback)}: `monitor` is "{monitor}", but the logs '
        text += f"have only {quoted(logs)}." if logs else "are empty."
        known, remedy = list(logs), ""
        if self.is_validation() and not self.validates():
            known += [f"val_{key}" for key in logs if not key.startswith("val_")]
            remedy = (
                " No epoch validates: give fit() a smaller `validation_freq`."
                if self.has_validation_data()
                else " No validation runs: give fit() `validation_data` or `validation_split`."
            )
        near = monitor if monitor in known else meant(monitor, known)
        hint = f' Did you mean "{near}"?' if near not in (None, monitor) else ""
        return text + hint + remedy


def _shown(callback) -> str:
    """The callback as the user writes it, such as "callback_early_stopping()"."""
    cls = type(callback)
    if cls.__module__.startswith("keras."):
        return f"callback_{snake_case(cls.__name__)}()"
    return f"{cls.__name__}()"
