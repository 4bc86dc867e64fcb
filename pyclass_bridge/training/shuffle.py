"""Arrays shuffled on TensorFlow in an order that a resumed training can repeat.

Keras shuffles arrays anew in each epoch. On JAX it draws the order from NumPy's generator and on
torch from torch's; both states can be read and set. On TensorFlow an operation of the dataset draws
it, and its state can't be read; so this module draws it from NumPy's generator.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras.src.trainers.data_adapters.array_data_adapter import can_convert_arrays
from keras.src.trainers.data_adapters.array_slicing import train_validation_split

_DATA = ("x", "y", "sample_weight")


class Shuffled(keras.utils.PyDataset):
    """The batches of arrays, shuffled anew in each epoch."""

    def __init__(self, arrays: tuple, batch_size: int):
        super().__init__()
        self.arrays = arrays
        self.batch_size = batch_size
        self.order = np.arange(_samples(arrays))

    def __len__(self) -> int:
        return math.ceil(len(self.order) / self.batch_size)

    def __getitem__(self, at: int):
        rows = self.order[at * self.batch_size : (at + 1) * self.batch_size]
        return keras.tree.map_structure(lambda array: _rows_of(array, rows), self.arrays)

    def on_epoch_begin(self):
        self.order = np.random.permutation(len(self.order))


def in_known_order(keywords: dict) -> dict:
    """The arguments of ``fit``; a `Shuffled` replaces arrays that Keras would shuffle. Other data,
    including data that Keras refuses, are unchanged."""
    data = tuple(keywords.get(name) for name in _DATA)
    if (
        keras.backend.backend() != "tensorflow"
        or keywords.get("shuffle", True) is not True
        or keywords.get("steps_per_epoch") is not None
        or data[0] is None
        or not can_convert_arrays(data)
    ):
        return keywords
    arrays = [array for array in keras.tree.flatten(data) if array is not None]
    if len({array.shape[0] for array in arrays}) != 1:
        return keywords
    others = {k: v for k, v in keywords.items() if k not in _DATA}
    split = others.pop("validation_split", 0)
    if split and others.get("validation_data") is None:
        data, others["validation_data"] = train_validation_split(data, split)
    batch_size = others.get("batch_size") or 32
    others.setdefault("validation_batch_size", batch_size)
    others.pop("batch_size", None)
    return others | {"x": Shuffled(_prepared(data), batch_size), "shuffle": False}


def _prepared(data: tuple) -> tuple:
    """x, y and weights, without trailing ones that are None; floats get Keras' float type."""
    x, y, weights = data
    given = (x,) if y is None else (x, y) if weights is None else (x, y, weights)
    return keras.tree.map_structure(_prepared_array, keras.tree.lists_to_tuples(given))


def _prepared_array(array):
    if hasattr(array, "tocsr"):
        array = array.tocsr()
    elif not keras.ops.is_tensor(array):
        array = np.asarray(array)
    is_float = getattr(array.dtype, "kind", None) == "f"
    return array.astype(keras.backend.floatx(), copy=False) if is_float else array


def _samples(arrays: tuple) -> int:
    return keras.tree.flatten(arrays)[0].shape[0]


def _rows_of(array, rows):
    if keras.ops.is_tensor(array):
        import tensorflow as tf

        return tf.gather(array, rows)
    return _sparse(array[rows].tocoo()) if hasattr(array, "tocoo") else array[rows]


def _sparse(matrix):
    """A sparse tensor of TensorFlow from a COO matrix of SciPy."""
    import tensorflow as tf

    indices = np.stack([matrix.row, matrix.col], axis=1).astype("int64")
    return tf.sparse.reorder(tf.SparseTensor(indices, matrix.data, matrix.shape))
