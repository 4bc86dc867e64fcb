"""Data converted to Keras' form where R's form differs: batches, text, class weights.

The other half is R/surface_data.R, which makes NumPy arrays, and iterators from R functions.
"""

from __future__ import annotations

import keras
import numpy as np
from keras.src.models.functional import Functional

from ..for_r.iterate import FunctionIterator
from ..for_r.tensor import dims
from .error_text import no_part
from .levels import names_of
from .workers import Watched

# Data that may come in batches, and the arguments that say how many are an epoch.
_STEPS = {"x": ("steps_per_epoch", "steps"), "validation_data": ("validation_steps",)}

LARGE = 2**24  # bytes, from which on copies are worth some care
ALIGNED = 64  # bytes: TensorFlow reads so many at once


def prepare(model, keywords: dict) -> list[Exception]:
    """Convert the data in `keywords` to Keras' form, in place. If an R function fails to give a
    batch, its exception is appended to the returned list, since TensorFlow keeps only its text."""
    failures: list[Exception] = []
    _refuse_no_samples(keywords.get("x"))
    _by_output(model, keywords)
    for name, steps in _STEPS.items():
        if isinstance(keywords.get(name), keras.utils.PyDataset):
            in_steps = any(keywords.get(key) is not None for key in steps)
            keywords[name] = Watched(keywords[name], name, failures, in_steps)
        elif name in keywords:
            keywords[name] = _batches(model, name, keywords[name], failures)
    if isinstance(keywords.get("validation_data"), list):
        keywords["validation_data"] = tuple(keywords["validation_data"])
    if "class_weight" in keywords:
        weights = keywords["class_weight"].items()
        keywords["class_weight"] = {int(k): float(v) for k, v in weights}
    return failures


def in_rows(model, method: str, keywords: dict) -> None:
    """Give arrays the form in which Keras' `method` takes batches from them, in place: row after
    row, as R's are not, and floats of Keras' own type. Keras would do so itself, but keep two or
    three copies at once. A method of a user's class gets what R has given."""
    if getattr(type(model), method) is not getattr(keras.Model, method):
        return
    for name in ("x", "y", "sample_weight", "validation_data"):
        if name in keywords:
            keywords[name] = keras.tree.map_structure(_rows_of, keywords[name])


def _rows_of(array):
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        return array
    floats = array.dtype.kind == "f" and keras.config.floatx() != "bfloat16"
    dtype = np.dtype(keras.config.floatx()) if floats else array.dtype
    tensor = (
        keras.backend.backend() == "tensorflow"
        and array.dtype.kind in "iuf"
        and array.size * dtype.itemsize >= LARGE
    )
    return _tensor_of(array, dtype) if tensor else np.asarray(array, dtype, order="C")


def _tensor_of(array, dtype):
    """A tensor of TensorFlow, which shares its memory with an array that nobody else has:
    TensorFlow's own conversion makes two copies."""
    import tensorflow as tf

    n = array.size * dtype.itemsize
    memory = np.empty(n + ALIGNED, "u1")
    start = -memory.ctypes.data % ALIGNED
    rows = memory[start : start + n].view(dtype).reshape(array.shape)
    np.copyto(rows, array, casting="same_kind")
    return tf.experimental.dlpack.from_dlpack(rows.__dlpack__())


def _refuse_no_samples(x) -> None:
    """Raise ValueError for data without samples, on which Keras computes nothing or fails."""
    for array in keras.tree.flatten(x):
        if isinstance(array, np.ndarray) and array.ndim and not len(array):
            raise ValueError(f"`x` has no samples: its dims are {dims(array.shape)}.")


def _by_output(model, keywords: dict) -> None:
    """Give targets and their weights the form of the model's outputs, by name or by place."""
    names = names_of(model, "y")
    if not names:
        return
    is_dict = isinstance(model.output, dict)
    for key in ("y", "sample_weight"):
        if key in keywords:
            keywords[key] = _in_form(key, keywords[key], names, is_dict)
    data = keywords.get("validation_data")
    if isinstance(data, list):
        labels = ["y", "validation_data[[3]]"][: len(data) - 1]
        keywords["validation_data"] = [
            *data[:1],
            *(_in_form(*part, names, is_dict) for part in zip(labels, data[1:], strict=True)),
        ]


def _in_form(label: str, value, names: list[str], is_dict: bool):
    if isinstance(value, dict):
        absent = [name for name in names if name not in value]
        if absent and label == "y":  # an output without a loss needs no targets
            return value
        if absent:
            extra = [name for name in value if name not in names]
            raise ValueError(no_part(label, absent[0], extra, "output"))
        return value if is_dict else [value[name] for name in names]
    if is_dict and isinstance(value, list) and len(value) == len(names):
        return dict(zip(names, value, strict=True))
    return value


def _batches(model, name: str, data, failures: list[Exception]):
    """Batches as a generator of tuples, other data unchanged; in both, text becomes tensors."""
    if isinstance(data, FunctionIterator):
        return _made(model, name, data, failures)
    if name == "validation_data" and isinstance(data, list):
        return _batch(model, name, data)
    return text_tensors(model, name, data)


def _made(model, name: str, data, failures: list[Exception]):
    """A generator, since Keras takes no other iterator. One that has raised is at its end, which
    Keras would take for the end of the data when it has asked ahead and asks again. So this one
    gives batches that raise whatever is done with them."""
    try:
        for batch in data:
            yield _batch(model, name, batch)
        return
    except Exception as error:
        failures.append(error)
    while failures:
        yield (_Failed(failures[0]),)


class _Failed:
    """In the place of the data of a batch that could not be made: whoever reads it gets `error`."""

    def __init__(self, error: Exception):
        self._error = error

    def __getattr__(self, name: str):
        error = self._error
        # An AttributeError would say that there is no such attribute.
        raise RuntimeError(str(error)) if isinstance(error, AttributeError) else error

    def __array__(self, dtype=None, copy=None):
        return self.data


def _batch(model, name: str, batch):
    """A batch as a tuple, unless it is a Python object already."""
    if not isinstance(batch, list):
        return batch
    # TensorFlow takes tuples from generators of batches, but no lists.
    x, *others = keras.tree.lists_to_tuples(batch)
    return (text_tensors(model, name, x), *others)


def text_tensors(model, name: str, data):
    """`data`, with arrays of text converted to tensors, and vectors of text to one column. If the
    model takes no text, it is an error."""
    if isinstance(data, dict):
        return {k: text_tensors(model, name, v) for k, v in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(text_tensors(model, name, item) for item in data)
    if not isinstance(data, np.ndarray) or data.dtype.kind != "U":
        return data
    inputs = getattr(model, "inputs", None)
    if inputs and not any(x.dtype == "string" for x in inputs):
        raise TypeError(
            f"`{name}` holds strings, but the model takes numbers: layer_string_lookup() or "
            "layer_text_vectorization() encode them."
        )
    import tensorflow as tf

    return tf.constant(data.reshape(-1, 1) if data.ndim == 1 else data)


def inputs_of(model) -> dict:
    """The dtypes of the inputs by name if the model has several; otherwise an empty dict."""
    inputs = model.input if isinstance(model, Functional) else None
    if isinstance(inputs, (list, tuple)) and len(inputs) > 1:
        return {x.name: x.dtype for x in inputs}
    return {k: x.dtype for k, x in inputs.items()} if isinstance(inputs, dict) else {}


def reads_text(layer) -> bool:
    """Does the layer take text?"""
    return isinstance(layer, (keras.layers.StringLookup, keras.layers.TextVectorization))


def takes_text(model) -> bool:
    """Does the model take text only?"""
    inputs = getattr(model, "inputs", None)
    return bool(inputs) and all(x.dtype == "string" for x in inputs)
