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


def prepare(model, keywords: dict) -> list[Exception]:
    """Convert the data in `keywords` to Keras' form, in place. If an R function fails to give a
    batch, its exception is appended to the returned list, since TensorFlow keeps only its text."""
    failures: list[Exception] = []
    _refuse_no_samples(keywords.get("x"))
    _by_output(model, keywords)
    for name in ("x", "validation_data"):
        if name in keywords:
            keywords[name] = _batches(model, name, keywords[name], failures)
    if isinstance(keywords.get("validation_data"), list):
        keywords["validation_data"] = tuple(keywords["validation_data"])
    if "class_weight" in keywords:
        weights = keywords["class_weight"].items()
        keywords["class_weight"] = {int(k): float(v) for k, v in weights}
    return failures


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
    try:
        for batch in data:
            yield _batch(model, name, batch)
    except Exception as error:
        failures.append(error)
        raise


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
