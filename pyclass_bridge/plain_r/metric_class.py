"""Metric classes whose methods are plain R: ``Metric(..., eager = TRUE)``. The other half is
R/plain_r_metric.R.

In Keras' own steps R's `update_state` and `result` run after the step (plain_r/outbox.py). In
other compiled code, one host call for each batch runs both, and the numbers are in a Keras variable
until the next batch. Code that is not compiled calls the methods at once. R code that calls them,
as `super$update_state()`, calls the methods themselves.
"""

from __future__ import annotations

import functools

from keras import ops
from keras.metrics import Metric

from ..bridge.r_functions import r_function, r_handle
from ..surface.plain_code import as_plain_code, running
from .host_call import backend
from .metric import PlainMetric
from .results import named_errors, numbers_of

_METHODS = ("update_state", "result", "reset_state")


class EagerMetric(PlainMetric):
    """The base of classes made by ``Metric(..., eager = TRUE)``.

    `values` of the class are the names of the numbers that `result` returns; None: it is one.
    """

    __r_handles__ = frozenset({"result"})  # methods whose results stay R's, in handles
    _r_values = None

    def __init_subclass__(cls, values=None, **keywords):
        super().__init_subclass__(**keywords)
        if values is not None:
            cls._r_values = tuple(values)
        for name in _METHODS:
            if name in vars(cls):
                setattr(cls, name, _outside(vars(cls)[name], getattr(EagerMetric, name)))

    def __init__(self, name: str | None = None, dtype=None):
        super().__init__(name, dtype, self._r_values)
        if self.values is None:
            r_function("check_value_names")(self.name, self._r_host.label)
        shape = (len(self.log_names),)
        self._numbers = self.add_variable(shape, "zeros", name="numbers")

    def add_weight(self, *args, **kwargs):
        """An error: R code can't use variables of Keras while compiled code waits for it."""
        raise TypeError(
            f"`add_weight()` can't be used in the class `{type(self).__name__}`, whose methods are "
            "plain R (`eager = TRUE`): keep numbers in `self` or `private`, and set them back in "
            "`reset_state`."
        )

    # ---- what Keras calls ------------------------------------------------------------------------

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Let R's `update_state` run with a batch."""
        self._refuse_super("update_state")
        super().update_state(y_true, y_pred, sample_weight)

    def result(self):
        """What R's `result` gives."""
        self._refuse_super("result")
        return super().result()

    def _refuse_super(self, name: str) -> None:
        if running.value is not None:
            raise NotImplementedError(
                f"`super${name}()` of the class `{type(self).__name__}`: what it inherits from has "
                "no such method in plain R."
            )

    def take(self, inputs: list) -> None:
        """Let compiled code run R's `update_state` and `result`."""
        outputs = [(tuple(self._numbers.shape), self._numbers.dtype), ((), "int32")]
        inputs = [*inputs, self._batches.value]
        numbers, batches = self._r_host.call(self._both, inputs, outputs, pure=False)
        self._numbers.assign(numbers)
        self._batches.assign(batches)

    def current(self):
        """What R's `result` gives; in compiled code the numbers after its batch."""
        if self.is_compiled():
            return self.named(ops.copy(self._numbers.value))
        return self.shown()

    def shown(self):
        """What R's `result` gives."""
        host = self._r_host
        if host.error is None:  # else it is raised after the step
            try:
                with as_plain_code(host.label):
                    return self.named(self._result(self._where()))
            except BaseException as error:
                if not host.keeps_errors:
                    raise
                host.error = error
        return self.named([float("nan")] * len(self.log_names))

    def reset_state(self):
        """Set the variables back, and run R's `reset_state`."""
        super().reset_state()
        if running.value is not None:
            return  # R's method has called it
        with as_plain_code(self._r_host.label), named_errors(self._r_host.label):
            self.reset_state()

    # ---- what runs on the host -------------------------------------------------------------------

    def _receive(self, *tensors) -> list:
        self._update(*backend().arrays(tensors))
        return []

    def _both(self, *arrays) -> list:
        self._update(*arrays[:-1])
        return [self._result(self._where()), arrays[-1] + 1]

    def _update(self, *arrays) -> None:
        y_true, y_pred, *weight = self.r_arguments(*arrays)
        keywords = {"sample_weight": weight[0]} if weight else {}
        with named_errors(self._where()):
            self.update_state(y_true, y_pred, **keywords)

    def _where(self) -> str:
        return f"{self._r_host.label}, batch {self._r_host.batch}"

    def _result(self, label: str) -> list[float]:
        with named_errors(label):
            result = self.result()
        return numbers_of(result, self.values, label, r_handle("result_code")())


def _outside(function, default):
    """The method `function` of R; code that is not plain R calls `default` in its place."""

    @functools.wraps(function)
    def method(self, *args, **kwargs):
        if running.value is not None:
            return function(self, *args, **kwargs)
        return default(self, *args, **kwargs)

    return method


def eager_bases(name: str, bases: list) -> list[type]:
    """The bases of a class `name` with `eager = TRUE`, whose methods are plain R."""
    found = [EagerMetric if base is Metric else base for base in bases]
    if not any(issubclass(base, EagerMetric) for base in found):
        raise TypeError(
            f"Class `{name}`: with `eager = TRUE` it can inherit from `keras$metrics$Metric` or "
            f"from another class with `eager = TRUE`, not from `{found[0].__name__}`, which "
            "computes with tensors."
        )
    return found
