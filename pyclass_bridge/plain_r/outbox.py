"""Metrics in plain R that are computed after a compiled step, on what it returns.

While such a step is traced, a `Box` is open on the thread. A metric of `compile()` puts the tensors
of a batch into it in place of calling R, and its results are stand-ins, which the box knows. The
step returns the tensors beside its logs; after it, R gets them on the thread that trains, and the
logs get the numbers. So no compiled code waits for R, XLA can compile it, and Ctrl-C is heard. It
has no other half in R.
"""

from __future__ import annotations

import contextlib
import threading

KEY = "plain_r_outbox"  # of the logs that a step returns


class Box:
    """What metrics have put there during one trace; `metrics()` are those for which it is."""

    def __init__(self, metrics):
        self.is_for = metrics
        self.metrics: list = []
        self.tensors: list[tuple] = []
        self.places: dict[int, tuple] = {}  # (metric, its number's name) by the stand-in's identity
        self.kept: list = []  # so that no other tensor gets the identity

    def put(self, metric, tensors: list) -> None:
        """Keep the tensors of a batch of `metric`."""
        self.metrics.append(metric)
        self.tensors.append(tuple(tensors))

    def stand_in(self, metric):
        """The result of `metric`, to be recognized by `names_in()`."""
        result = metric.unknown()
        for name, number in result.items() if isinstance(result, dict) else [(None, result)]:
            self.places[id(number)] = metric, name
            self.kept.append(number)
        return result

    def names_in(self, logs: dict) -> dict[str, tuple]:
        """The (metric, its number's name) by names of the logs."""
        return {name: self.places[id(x)] for name, x in logs.items() if id(x) in self.places}


class _Open(threading.local):
    box: Box | None = None


_open = _Open()


@contextlib.contextmanager
def opened(box: Box):
    """Within it, metrics on this thread use the box."""
    before, _open.box = _open.box, box
    try:
        yield
    finally:
        _open.box = before


def open_for(metric) -> Box | None:
    """The box that is open on this thread, if it is for `metric`."""
    box = _open.box
    return box if box is not None and any(metric is each for each in box.is_for()) else None


class Delivery:
    """Brings what the steps of a model return to `metrics()`, those of compile()."""

    def __init__(self, metrics):
        self.is_for = metrics
        self.metrics: list = []
        self.names: dict[str, tuple] = {}

    def traced(self, step):
        """`step`, which is compiled, with the tensors for R in its logs."""

        def with_outbox(*args, **kwargs):
            box = Box(self.is_for)
            with opened(box):
                result = step(*args, **kwargs)
            logs, put_back = parts(result)
            if not isinstance(logs, dict):
                label = self.is_for()[0]._r_host.label
                raise ValueError(
                    f"the {label} is plain R, which runs after a compiled step, on what the step "
                    "returns, and that of this model returns no named list: use "
                    "`jit_compile = FALSE`."
                )
            self.metrics, self.names = box.metrics, box.names_in(logs)
            return put_back(logs | {KEY: tuple(box.tensors)})

        return with_outbox

    def after(self, step):
        """`step`, which has been compiled; what it returns is delivered. An error is kept by the
        host of the metric."""

        def delivering(*args, **kwargs):
            logs, put_back = parts(step(*args, **kwargs))
            batches = logs.pop(KEY)
            for metric, tensors in zip(self.metrics, batches, strict=True):
                metric.receive(tensors)
            return put_back(logs | values_of(self.names, lambda metric: metric.shown()))

        return delivering


def parts(result) -> tuple:
    """The logs in what a step returns, and a function that makes it of other logs."""
    if isinstance(result, tuple):  # JAX: logs and state
        return result[0], lambda logs: (logs, *result[1:])
    return result, lambda logs: logs


def values_of(names: dict[str, tuple], result=lambda metric: metric.result()) -> dict:
    """The values of the metrics at these names of the logs."""
    results = {id(metric): result(metric) for metric, _ in names.values()}
    return {
        name: results[id(metric)] if own is None else results[id(metric)][own]
        for name, (metric, own) in names.items()
    }
