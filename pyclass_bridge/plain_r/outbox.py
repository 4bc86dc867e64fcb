"""Where metrics in plain R put the tensors of a batch while a step is traced.

While such a step is traced, a `Box` is open on the thread. A metric of `compile()` puts the tensors
of a batch into it in place of calling R, and its results are stand-ins, which the box knows
(plain_r/delivery.py). It has no other half in R.
"""

from __future__ import annotations

from ..bridge.within import Within


class Box:
    """What metrics have put there during one trace; `metrics()` are those for which it is."""

    def __init__(self, metrics):
        self.is_for = metrics
        self.batches: list[tuple] = []  # (metric, its tensors)
        self.places: dict[int, tuple] = {}  # (metric, its number's name) by the stand-in's identity
        self.kept: list = []  # so that no other tensor gets the identity

    def put(self, metric, tensors: list) -> None:
        """Keep the tensors of a batch of `metric`."""
        self.batches.append((metric, list(tensors)))

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


_open = Within()


def opened(box: Box):
    """Within it, metrics on this thread use the box."""
    return _open.holding(box)


def open_for(metric) -> Box | None:
    """The box that is open on this thread, if it is for `metric`."""
    box = _open.value
    return box if box is not None and any(metric is each for each in box.is_for()) else None
