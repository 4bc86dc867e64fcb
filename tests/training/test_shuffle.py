"""Arrays in an order that a resumed training can repeat train as Keras' own batches do."""

from __future__ import annotations

import numpy as np
import pytest
from support import resumed
from support.twin import backend

KINDS = {
    "weights and split": lambda x, y: {
        "x": x,
        "y": y,
        "sample_weight": np.arange(len(y)),
        "validation_split": 0.3,
    },
    "weights of classes": lambda x, y: {"x": x, "y": (y > 0) * 1, "class_weight": {0: 1, 1: 3}},
    "validation": lambda x, y: {"x": x, "y": y, "validation_data": (x[:9], y[:9])},
    "tensors": lambda x, y: {"x": _tensor(x), "y": _tensor(y)},
    "sparse": lambda x, y: {"x": pytest.importorskip("scipy.sparse").coo_matrix(x), "y": y},
    "frame": lambda x, y: {"x": pytest.importorskip("pandas").DataFrame(x), "y": y},
}


def _tensor(array):
    import keras

    return keras.ops.convert_to_tensor(array)


@pytest.mark.parametrize("kind", KINDS)
def test_batches_in_a_known_order_train_as_those_of_keras(kind, keras, monkeypatch):
    from pyclass_bridge.training import shuffle

    if backend() != "tensorflow":
        pytest.skip("Keras draws the order from a generator whose state is known")
    monkeypatch.setattr(shuffle.Shuffled, "on_epoch_begin", lambda self: None)

    def run(arguments):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", weighted_metrics=["mae"])
        return model.fit(**arguments, epochs=2, verbose=0).history

    given = {**KINDS[kind](*resumed.data()), "batch_size": 16}
    ordered = shuffle.in_known_order(given)
    assert isinstance(ordered["x"], shuffle.Shuffled)
    assert run(ordered) == run({**given, "shuffle": False})


def test_named_inputs_are_shuffled_together(keras):
    from pyclass_bridge.training.shuffle import Shuffled, in_known_order

    if backend() != "tensorflow":
        pytest.skip("Keras draws the order from a generator whose state is known")
    x = {"a": np.arange(20.0), "b": [np.arange(20), np.arange(20).reshape(10, 2).repeat(2, 0)]}
    batches = in_known_order({"x": x, "y": np.arange(20), "batch_size": 8})["x"]
    assert isinstance(batches, Shuffled)
    batches.on_epoch_begin()
    parts = [batches[i] for i in range(len(batches))]
    assert [len(y) for _, y in parts] == [8, 8, 4]
    order = np.concatenate([y for _, y in parts])
    assert sorted(order) == list(range(20)) and list(order) != list(range(20))
    assert all((inputs["a"] == y).all() and (inputs["b"][0] == y).all() for inputs, y in parts)
    assert parts[0][0]["a"].dtype == "float32"
