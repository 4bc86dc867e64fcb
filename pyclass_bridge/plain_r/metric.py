"""Metrics of plain R functions, which `metric_r()` makes. The other half is R/plain_r_metric.R.

Compiled code calls R once for each batch, in the order of the batches (plain_r/host_call.py). Over
batches, the mean is in Keras' variables; over the epoch, the cases are kept here, and R is called
when Keras asks for the result at the epoch's end, outside of its steps. Within a step that result
is NaN.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from keras.src.backend.common.stateless_scope import in_stateless_scope
from keras.src.backend.common.symbolic_scope import in_symbolic_scope

from ..bridge.r_functions import r_function, r_handle
from ..surface.plain_code import as_plain_code
from . import outbox
from .arrays import as_r, given
from .host_call import Host, backend
from .results import Caller, named_errors, numbers_of
from .rows import Mean, Rows
from .saved_functions import loaded, remember, saved

MOST_ROWS, MOST_MB = 1e7, 2000.0


class PlainMetric(keras.metrics.Metric):
    """A metric whose numbers plain R computes: one, or those that `values` names.

    A batch comes by `receive()` after the step or in code that is not compiled, else by `take()`,
    which calls R from compiled code.
    """

    __r_stores__ = frozenset({"update_state", "__call__"})  # R's factors come as they are

    def __init__(self, name: str, dtype=None, values=None):
        super().__init__(name=name, dtype=dtype)
        self.values = tuple(values) if values else None
        self._r_host = Host(f"metric `{self.name}`")
        self._levels = self._r_levels = None
        # Its number goes through each call of R by compiled code, so that calls keep their order
        # where the backend has no order of effects.
        self._batches = self.add_variable((), "zeros", dtype="int32", name="batches")

    @property
    def log_names(self) -> list[str]:
        """The names of the numbers in the logs of a model with one output."""
        return list(self.values or [self.name])

    def use_levels(self, levels) -> None:
        """Targets are the codes of a factor with these levels; None: they are numbers."""
        levels = None if levels is None else list(levels)
        if levels != self._levels:
            self._levels = levels
            self._r_levels = None if levels is None else r_handle("as_strings")(levels)

    def r_arguments(self, y_true, y_pred, *weight) -> list:
        """The R values for the arrays of a batch."""
        arguments = [as_r(y_true), as_r(y_pred), *map(as_r, weight)]
        if self._r_levels is not None:
            arguments[0] = r_handle("plain_factor")(arguments[0], self._r_levels)
            arguments[1] = r_handle("plain_prediction")(arguments[1], self._r_levels)
        return arguments

    # ---- what Keras calls ------------------------------------------------------------------------

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Let R compute with a batch; if the step is compiled, after it where possible."""
        self.check(sample_weight)
        if in_symbolic_scope():
            return
        inputs = self._tensors(y_true, y_pred, sample_weight)
        box = outbox.open_for(self)
        if box is not None:
            box.put(self, inputs)
        elif self.is_compiled(*inputs):
            self.take(inputs)
        else:
            self.receive(inputs)

    def _tensors(self, y_true, *others) -> list:
        try:
            y_true, levels = given(y_true)
            rest = [given(x)[0] for x in others if x is not None]
        except TypeError as error:
            raise TypeError(f"{self._r_host.label}: {error}") from None
        if levels is not None:
            self.use_levels(levels)
        return [y_true, *rest]

    def result(self):
        """The number, or a dict of the numbers."""
        box = outbox.open_for(self)
        if box is not None:
            return box.stand_in(self)
        self._r_host.settle()
        return self.current()

    def check(self, sample_weight) -> None:
        """Raise an error if the metric can't take these weights."""

    def receive(self, tensors) -> None:
        """Take the tensors or arrays of a batch, whose values are known."""
        self._r_host.run(self._receive, [], False, True, tensors)

    def shown(self):
        """The result after a step, when JAX's variables have no values."""
        raise NotImplementedError

    def reset_state(self):
        """Set the variables back; a batch that waits for R is forgotten."""
        super().reset_state()
        if self._r_host.delivery is not None:
            self._r_host.delivery.forget(self)

    # ---- results ---------------------------------------------------------------------------------

    def named(self, numbers):
        """The result of Keras for the numbers: one, or a dict of them."""
        if self.values is None:
            return numbers[0]
        return {name: numbers[i] for i, name in enumerate(self.values)}

    def unknown(self):
        """NaN for each number, as tensors."""
        return self.named([ops.convert_to_tensor(float("nan"), self.dtype) for _ in self.log_names])

    def is_compiled(self, *tensors) -> bool:
        """Is this in code that is compiled, or in a stateless scope?"""
        return in_stateless_scope() or backend().is_tracing(tensors)


@keras.saving.register_keras_serializable("pyclass_bridge")
class RMetric(PlainMetric):
    """A metric of an R function of `y_true`, `y_pred` and perhaps `sample_weight`.

    Args:
        function: The R function, as Python has it.
        name: The name of the metric.
        over: "batch" or "epoch".
        values: The names of the numbers that the function returns; None: they are read from its
            code, or it is one number.
        max_rows, max_mb: How much is kept over an epoch at most.
        dtype: Of the mean over batches in compiled code.

    Raises:
        RError: The function can't be called with these arguments.
    """

    def __init__(
        self,
        function,
        name: str | None = None,
        over: str = "batch",
        values: list[str] | None = None,
        max_rows: float = MOST_ROWS,
        max_mb: float = MOST_MB,
        dtype=None,
    ):
        name = name or function.__name__
        weight, values = r_function("metric_facts")(function, name, values)
        super().__init__(name, dtype, values)
        self.function, self.over = function, over
        self._takes_weight, self._needs_weight = bool(weight), weight == "needed"
        self.max_rows, self.max_mb = float(max_rows), float(max_mb)
        self._callers = [Caller(function, name, is_weighted) for is_weighted in (False, True)]
        self._rows = Rows(self._r_host.label, self.max_rows, self.max_mb)
        self._mean = Mean(len(self.log_names))
        if over == "batch":
            self._total = self.add_variable((len(self.log_names),), "zeros", name="total")
            self._weight = self.add_variable((), "zeros", name="weight")
        remember(function)

    def check(self, sample_weight) -> None:
        """Raise ValueError for weights that the function does not take."""
        if sample_weight is not None and not self._takes_weight:
            raise ValueError(
                f"the metric `{self.name}` gets `sample_weight`, which its function does not take: "
                "give the function an argument `sample_weight = NULL`, or the metric to `metrics` "
                "in place of `weighted_metrics`."
            )

    def take(self, inputs: list) -> None:
        """Let compiled code call R with a batch, or keep it for the end of the epoch."""
        inputs = [*inputs, self._batches.value]
        if self.over == "epoch":
            (batches,) = self._r_host.call(self._keep, inputs, [((), "int32")], pure=False)
        else:
            dtype = self._total.dtype
            outputs = [(tuple(self._total.shape), dtype), ((), dtype), ((), "int32")]
            total, weight, batches = self._r_host.call(self._add, inputs, outputs, pure=False)
            self._total.assign_add(total)
            self._weight.assign_add(weight)
        self._batches.assign(batches)

    def current(self):
        """The number, or a dict of the numbers; over the epoch NaN within a step."""
        is_compiled = self.is_compiled()
        if self.over == "batch" and is_compiled:
            return self.named(self._total / self._weight)
        if self.over == "batch":
            return self.named(self._mean.with_parts(self._total, self._weight))
        if is_compiled:
            return self.unknown()
        if self._r_host.keeps_errors or not self._rows.batches:
            return self.named([float("nan")] * len(self.log_names))
        if self._rows.result is None:
            arrays = self._rows.all(backend().arrays)
            with as_plain_code(self._r_host.label):
                numbers = self._numbers_of(f"{self._r_host.label}, the epoch", *arrays)
            self._rows.result = numbers
        return self.named(self._rows.result)

    def shown(self):
        """The mean over the batches that were received; over the epoch NaN."""
        is_known = self.over == "batch"
        return self.named(self._mean.values() if is_known else [float("nan")] * len(self.log_names))

    def reset_state(self):
        """Forget all batches."""
        super().reset_state()
        self._rows.clear()
        self._mean.clear()

    # ---- what runs on the host -------------------------------------------------------------------

    def _receive(self, *tensors) -> list:
        rows = [tuple(x.shape)[:1] for x in tensors]
        if () not in rows and len(set(rows)) > 1:
            counts = " and ".join(str(n) for (n,) in rows)
            raise ValueError(
                f"{self._r_host.label}, batch {self._r_host.batch}: the targets and predictions "
                f"(and weights) have {counts} rows, and must have as many as each other."
            )
        if self.over == "epoch":
            self._rows.add(backend().kept(tensors))
        else:
            self._mean.add(*self._batch(*backend().arrays(tensors)))
        return []

    def _batch(self, *arrays) -> tuple[list[float], float]:
        """The numbers of a batch, and its weight."""
        host = self._r_host
        numbers = self._numbers_of(f"{host.label}, batch {host.batch}", *arrays)
        weight = arrays[2].sum(dtype="float64") if len(arrays) == 3 else len(arrays[1])
        return numbers, float(weight)

    def _add(self, *arrays) -> list:
        numbers, weight = self._batch(*arrays[:-1])
        return [[number * weight if weight else 0.0 for number in numbers], weight, arrays[-1] + 1]

    def _keep(self, *arrays) -> list:
        self._rows.add([np.array(array) for array in arrays[:-1]])
        return [arrays[-1] + 1]

    def _numbers_of(self, label: str, *arrays) -> list[float]:
        """What R's function gives: one crossing, if its result is as it should be."""
        with named_errors(label):
            arguments = self.r_arguments(*arrays)
        if self._needs_weight and len(arguments) == 2:
            arguments.append(None)
        caller = self._callers[len(arguments) == 3]
        with named_errors(label):
            result = caller.call(*arguments)
        return numbers_of(result, self.values, label, caller.code)

    # ---- saving ----------------------------------------------------------------------------------

    def get_config(self) -> dict:
        """The configuration, which has the function by its name."""
        return {
            **super().get_config(),
            "function": saved(self.function),
            "over": self.over,
            "values": self.values and list(self.values),
            "max_rows": self.max_rows,
            "max_mb": self.max_mb,
        }

    @classmethod
    def from_config(cls, config: dict) -> RMetric:
        """The metric for a configuration of `get_config()`."""
        label = f"metric `{config.get('name')}`"
        return cls(**config | {"function": loaded(config["function"], label)})
