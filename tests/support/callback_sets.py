"""Trains with callback sets, and notes what their stages say."""

from __future__ import annotations

import pyclass_bridge
from support.twin import data, dense_model


def fit(callbacks, model=None, **fitting):
    """Train on the twins' data for 2 epochs of 3 batches; the history."""
    x, y = data()
    given = {"epochs": 2, "batch_size": 16, "verbose": 0, "shuffle": False, **fitting}
    model = model or dense_model()
    return pyclass_bridge.fit(model, x, y, callbacks=callbacks, **given)


class Notes(list):
    def __call__(self, *what):
        self.append(tuple(what))
