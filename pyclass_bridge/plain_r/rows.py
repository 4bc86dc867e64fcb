"""What a metric of plain R keeps: the cases of an epoch until it is asked for, or the mean over
batches. It has no other half in R.
"""

from __future__ import annotations

import math

import keras
import numpy as np


class Rows:
    """Batches of arrays, such as targets, predictions and weights, in the order in which they come.

    At most `max_rows` rows and `max_mb` megabytes are kept: `add()` raises ValueError before it
    keeps more; `label` says for what.
    """

    def __init__(self, label: str, max_rows: float, max_mb: float):
        self.label, self.max_rows, self.max_mb = label, max_rows, max_mb
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self.batches: list[list[np.ndarray]] = []
        self.count = self.bytes = 0
        self.result: list[float] | None = None  # what R has computed of these rows

    def add(self, tensors) -> None:
        """Keep the tensors of a batch, whose first dim is that of the cases, and which nobody
        changes. Nothing waits for their values."""
        if self.batches and len(tensors) != len(self.batches[0]):
            raise ValueError(
                f"{self.label}: some batches of the epoch have `sample_weight`, others none."
            )
        shape = next(filter(None, map(_other_shapes, self.batches[:1], [tensors])), None)
        if shape is not None:
            raise ValueError(
                f"{self.label}: the batches of the epoch can't be joined, since the cases of one "
                f"have the shape {shape[0]} and those of another {shape[1]}: use "
                '`over = "batch"`, or data whose cases have one shape.'
            )
        count = self.count + tensors[0].shape[0]
        size = self.bytes + sum(map(_bytes_of, tensors))
        self._check(count, size)
        self.result = None
        self.batches.append(list(tensors))
        self.count, self.bytes = count, size

    def _check(self, count: int, size: int) -> None:
        for name, value, most in (
            ("max_rows", count, self.max_rows),
            ("max_mb", size / 1e6, self.max_mb),
        ):
            if value > most:
                raise ValueError(
                    f"{self.label} keeps {self.count} rows ({self.bytes / 1e6:.3g} MB) of the "
                    f"epoch, and the next batch makes it {count} ({size / 1e6:.3g} MB), more than "
                    f'`{name} = {most:.10g}`: give a higher `{name}`, or use `over = "batch"`.'
                )

    def all(self, arrays) -> list[np.ndarray]:
        """The arrays of all batches, joined; `arrays` makes NumPy's of the tensors of a batch."""
        parts = zip(*map(arrays, self.batches), strict=True)
        return [np.concatenate([_without_column(array) for array in part]) for part in parts]


def _bytes_of(tensor) -> int:
    if hasattr(tensor, "nbytes"):  # of NumPy, JAX, torch
        return tensor.nbytes
    return math.prod(tensor.shape) * tensor.dtype.size


def _other_shapes(tensors, others) -> tuple | None:
    """The first two shapes of cases that differ; one column is a vector."""
    for x, other in zip(tensors, others, strict=True):
        shapes = [tuple(each.shape)[1:] for each in (x, other)]
        if len({() if shape == (1,) else shape for shape in shapes}) > 1:
            return tuple(shapes)
    return None


def _without_column(array):
    """One column is a vector, as in R."""
    return array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array


class Mean:
    """The weighted mean of `size` numbers over batches."""

    def __init__(self, size: int):
        self.size = size
        self.clear()

    def clear(self) -> None:
        """Forget all batches."""
        self.totals, self.weight = [0.0] * self.size, 0.0

    def add(self, numbers: list[float], weight: float) -> None:
        """Add the numbers of a batch; with a weight of 0 they do not count."""
        if weight:
            pairs = zip(self.totals, numbers, strict=True)
            self.totals = [total + weight * number for total, number in pairs]
            self.weight += weight

    def values(self) -> list[float]:
        """The means."""
        return [total / self.weight if self.weight else float("nan") for total in self.totals]

    def with_parts(self, totals, weight) -> list[float]:
        """The means, with the totals and the weight of batches that compiled code has added up;
        those of the variables of several devices are a sum, which a copy reads."""
        totals, weight = (
            np.asarray(keras.ops.convert_to_numpy(keras.ops.copy(each.value)), "float64") + own
            for each, own in ((totals, self.totals), (weight, self.weight))
        )
        return [float(total / weight) if weight else float("nan") for total in totals]
