"""Metrics in plain R that are computed after a compiled step, on what it returns.

A step returns the tensors that its metrics have put into the box (plain_r/outbox.py) beside its
logs; after it, R gets them on the thread that trains, and the logs get the numbers. So no compiled
code waits for R, XLA can compile it, and Ctrl-C is heard.

Where a backend computes while Python goes on (JAX), R would let it wait. So if no callback looks at
the logs of a batch, R gets the tensors of a batch once the next step has begun, and those of the
last one when the metric is asked for its number. It has no other half in R.
"""

from __future__ import annotations

import dataclasses

from .host_call import backend
from .outbox import Box, opened

KEY = "plain_r_outbox"  # the tensors of a step's logs are named so, and by numbers


@dataclasses.dataclass
class Layout:
    """What the logs of a traced step are: all names in their order, those of the numbers of R, as
    (metric, its number's name), and each metric with the names of its tensors."""

    names: list[str]
    results: dict[str, tuple]
    batches: list[tuple]


class Delivery:
    """Brings what the steps of a model return to `metrics()`, those of compile(); `hosts` are all
    of the model, and `goes_on()` says whether R may get a batch after the next step has begun."""

    def __init__(self, metrics, hosts: list, goes_on):
        self.is_for, self.hosts, self.goes_on = metrics, hosts, goes_on
        self._layouts: dict[frozenset, Layout] = {}
        self._waiting: list[tuple] = []  # (metric, tensors) that R has not got

    # ---- a step --------------------------------------------------------------------------------

    def traced(self, step):
        """`step`, which is compiled, with the tensors for R in its logs, and without the numbers
        that R will compute."""

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
            return put_back(self._to_return(logs, box))

        return with_outbox

    def _to_return(self, logs: dict, box: Box) -> dict:
        results = box.names_in(logs)
        tensors = {name: x for name, x in logs.items() if name not in results}
        batches = []
        for i, (metric, given) in enumerate(box.batches):
            keys = [f"{KEY}_{i}_{j}" for j in range(len(given))]
            tensors.update(zip(keys, given, strict=True))
            batches.append((metric, keys))
        self._layouts[frozenset(tensors)] = Layout(list(logs), results, batches)
        return tensors

    def after(self, step):
        """`step`, which has been compiled; what it returns is delivered. An error is kept by the
        host of the metric."""

        def delivering(*args, **kwargs):
            logs, put_back = parts(step(*args, **kwargs))
            layout = self._layouts[frozenset(logs)]
            self.settle()
            self._waiting = [(m, [logs[key] for key in keys]) for m, keys in layout.batches]
            self._take_over()
            if self._goes_on():
                self._waiting = [(m, backend().kept(tensors)) for m, tensors in self._waiting]
                logs.update(dict.fromkeys(layout.results, float("nan")))
            else:
                self.settle()
                logs.update(values_of(layout.results, lambda metric: metric.shown()))
            return put_back({name: logs[name] for name in layout.names})

        return delivering

    def _goes_on(self) -> bool:
        """A step in which compiled code waits for R is waited for itself."""
        return self.goes_on() and not any(host.is_waited_for for host in self.hosts)

    # ---- R -------------------------------------------------------------------------------------

    def _take_over(self) -> None:
        """The steps of training and of testing deliver to the same metrics, in their order."""
        for metric, _ in self._waiting:
            host = metric._r_host
            if host.delivery is not self:
                host.settle()
                host.delivery = self

    def settle(self) -> None:
        """Let R have what is waiting."""
        waiting, self._waiting = self._waiting, []
        for metric, tensors in waiting:
            metric.receive(tensors)

    def forget(self, metric) -> None:
        """Let R not have what is waiting for `metric`, which is set back."""
        self._waiting = [each for each in self._waiting if each[0] is not metric]


def may_go_on(callbacks, kind: str) -> bool:
    """Does none of the `callbacks`, a list of Keras, look at the logs of a batch? `kind` is that of
    the steps: "train" or "test"."""
    from keras.callbacks import CallbackList
    from keras.src.utils.python_utils import is_default

    hook = f"on_{kind}_batch_end"
    if not backend().GOES_ON or getattr(type(callbacks), hook) is not getattr(CallbackList, hook):
        return False
    hooks = [hook, *(["on_batch_end"] if kind == "train" else [])]
    return all(
        is_default(getattr(callback, name)) for callback in callbacks.callbacks for name in hooks
    )


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
