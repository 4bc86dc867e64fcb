"""Training for R: compile, fit, evaluate and predict with R's arguments, and models as R has them.

The data come as arrays (R/keras_data.R). Epochs count from 1 in R; whole-number doubles are
integers; one callback is a list of callbacks; a class where an instance belongs is an error.
"""

from __future__ import annotations

import inspect

import keras

from .error_text import no_argument
from .keras_explain import explained
from .keras_surface_indices import zero_based
from .keras_surface_values import as_shape
from .output import redraws_lines

_WHOLE = frozenset({
    "batch_size", "epochs", "steps_per_epoch", "validation_steps", "validation_batch_size", "steps",
    "steps_per_execution",
})  # fmt: skip


# ---- arguments ---------------------------------------------------------------------------------


def _keywords(method, function: str, given: dict, extra: dict) -> dict:
    """The arguments of the Keras method `method`: those that are NULL in R are left to Keras."""
    known = inspect.signature(method).parameters
    is_open = any(p.kind is p.VAR_KEYWORD for p in known.values())
    is_open = is_open and not method.__module__.startswith("keras.")  # its own take none in fact
    for name in extra:
        if name not in known and (not is_open or name.startswith("return_dict")):
            raise TypeError(no_argument(function, name, dict.fromkeys([*given, *known])))
    keywords = {k: v for k, v in (given | extra).items() if v is not None}
    for name in _WHOLE & set(keywords):
        keywords[name] = whole(function, name, keywords[name])
    if keywords.get("verbose") == "auto":
        # Keras draws a bar into files too.
        keywords["verbose"] = 1 if redraws_lines() else 2
    elif "verbose" in keywords and not isinstance(keywords["verbose"], str):
        keywords["verbose"] = int(keywords["verbose"])
    return keywords


def whole(function: str, name: str, value):
    """`value` as an integer if it is a whole number; a fraction is an error."""
    if isinstance(value, str) or (isinstance(value, float) and not value.is_integer()):
        shown = f'"{value}"' if isinstance(value, str) else f"{value:g}"
        raise ValueError(f"{function}(): `{name}` takes a whole number, not {shown}.")
    return int(value) if isinstance(value, float) else value


def _refuse_classes(function: str, name: str, value, base: type) -> None:
    """An error where a class (in R: a generator) stands for an instance."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            _refuse_classes(function, name, item, base)
    elif isinstance(value, type) and issubclass(value, base):
        raise TypeError(
            f"{function}(): `{name}` holds the class `{value.__name__}`, not an instance of it: "
            f"did you forget `()`?"
        )


def _callbacks(function: str, keywords: dict) -> None:
    """One callback or several, in a list of its own; anything else is an error."""
    value = keywords.pop("callbacks", None)
    if value is None or isinstance(value, keras.callbacks.CallbackList):
        if value is not None:
            keywords["callbacks"] = value
        return
    value = list(value) if isinstance(value, (list, tuple)) else [value]
    _refuse_classes(function, "callbacks", value, keras.callbacks.Callback)
    flat = []
    for item in value:
        flat += item if isinstance(item, (list, tuple)) else [item]
    for item in flat:
        if not isinstance(item, keras.callbacks.Callback):
            what = "a function" if inspect.isfunction(item) else repr(item)
            raise TypeError(
                f"{function}(): `callbacks` takes callbacks, not {what}. Make one with Callback(), "
                "callback_lambda() or callback_*()."
            )
    keywords["callbacks"] = flat


def _data(keywords: dict) -> None:
    """What Keras takes in a form of its own: tuples, generators, class numbers."""
    if inspect.isfunction(keywords.get("x")):
        keywords["x"] = _generator(keywords["x"])
    validation = keywords.get("validation_data")
    if inspect.isfunction(validation):
        keywords["validation_data"] = _generator(validation)
    elif isinstance(validation, list):
        keywords["validation_data"] = tuple(validation)
    if "class_weight" in keywords:
        weights = keywords["class_weight"].items()
        wrong = next((name for name, _ in weights if not str(name).isdigit()), None)
        if wrong is not None:
            raise ValueError(f"`class_weight` names classes by their number from 0, not `{wrong}`.")
        keywords["class_weight"] = {int(k): float(v) for k, v in weights}


def _generator(next_batch):
    """A Python generator of what an R function gives until NULL."""
    while True:
        batch = next_batch()
        if batch is None:
            return
        yield tuple(map(_array, batch)) if isinstance(batch, list) else batch


def _array(x):
    import numpy as np

    return np.asarray(x) if isinstance(x, (list, int, float)) and not _has_arrays(x) else x


def _has_arrays(x) -> bool:
    return isinstance(x, list) and any(hasattr(item, "shape") for item in x)


# ---- training ----------------------------------------------------------------------------------


def compile(model, given: dict, extra: dict) -> None:
    """``model.compile()``; one metric is a list of metrics."""
    keywords = _keywords(model.compile, "compile", given, extra)
    bases = {
        "optimizer": keras.optimizers.Optimizer,
        "loss": keras.losses.Loss,
        "metrics": keras.metrics.Metric,
        "weighted_metrics": keras.metrics.Metric,
    }
    for name, base in bases.items():
        _refuse_classes("compile", name, keywords.get(name), base)
    for name in ("metrics", "weighted_metrics"):
        if name in keywords and not isinstance(keywords[name], (list, tuple, dict)):
            keywords[name] = [keywords[name]]
    model.compile(**keywords)


def fit(model, given: dict, extra: dict) -> dict:
    """``model.fit()``; the history as R has it, epochs counted from 1."""
    keywords = _keywords(model.fit, "fit", given, extra)
    if "initial_epoch" in keywords:
        keywords["initial_epoch"] = zero_based("fit", "initial_epoch", keywords["initial_epoch"])
    if not isinstance(keywords.get("validation_freq"), list):
        keywords["validation_freq"] = int(keywords.get("validation_freq", 1))
    _callbacks("fit", keywords)
    _data(keywords)
    history = explained(model, "fit", keywords)
    return {
        "params": dict(history.params or {}),
        "metrics": {name: list(values) for name, values in history.history.items()},
        "epoch": [epoch + 1 for epoch in history.epoch],
    }


def evaluate(model, given: dict, extra: dict) -> dict:
    """``model.evaluate()``: loss and metrics by name."""
    keywords = _keywords(model.evaluate, "evaluate", given, extra)
    _callbacks("evaluate", keywords)
    _data(keywords)
    return dict(explained(model, "evaluate", keywords | {"return_dict": True}))


def predict(model, given: dict, extra: dict):
    """``model.predict()``: an array, or what structure of arrays the model gives."""
    keywords = _keywords(model.predict, "predict", given, extra)
    _callbacks("predict", keywords)
    _data(keywords)
    return explained(model, "predict", keywords)


def on_batch(model, name: str, given: dict) -> dict:
    """``train_on_batch`` or ``test_on_batch``: loss and metrics by name."""
    keywords = {k: v for k, v in given.items() if v is not None}
    _data(keywords)
    return dict(explained(model, name, keywords | {"return_dict": True}))


def adapt(layer, data, keywords: dict) -> None:
    """``layer.adapt()``; the size of the batches is only for layers that read data in batches."""
    if "batch_size" not in inspect.signature(layer.adapt).parameters:
        keywords.pop("batch_size", None)
    layer.adapt(data, **{k: whole("adapt", k, v) for k, v in keywords.items()})


def named_function(name: str, function):
    """`function` under the name that Keras shows."""
    function.__name__ = name
    return function


# ---- models ------------------------------------------------------------------------------------


def sequential(layers: list, start: dict, name: str | None, trainable: bool):
    """A Sequential model; `start` are the arguments of its Input, if there are any."""
    start = {k: v for k, v in start.items() if v is not None}
    for key in ("shape", "batch_shape"):
        if key in start:
            start[key] = as_shape(_whole_dims(key, start[key]))
    if "batch_size" in start:
        size = start["batch_size"]
        start["batch_size"] = whole("keras_model_sequential", "input_batch_size", size)
    first = [keras.layers.Input(**start)] if start else []
    return keras.Sequential([*first, *layers], name=name, trainable=trainable)


def _whole_dims(key: str, dims):
    if isinstance(dims, (list, tuple)):
        return [_whole_dims(key, dim) for dim in dims]
    return whole("keras_model_sequential", f"input_{key}", dims)


def functional(inputs, outputs, keywords: dict):
    """A model from tensors to tensors."""
    known = ("inputs", "outputs", "name", "trainable")  # Keras passes over others in silence
    for name in keywords:
        if name not in known:
            raise TypeError(no_argument("keras_model", name, known))
    return keras.Model(inputs, outputs, **keywords)


def get_layer(model, name, index):
    """A layer by its name or by its place, counted from 1; negative from the end."""
    if name is not None:
        return model.get_layer(name)
    place = zero_based("get_layer", "index", index)
    layers = model.layers
    if not -len(layers) <= place < len(layers):
        raise IndexError(f"get_layer(): there is no layer {index:g}: the model has {len(layers)}.")
    return layers[place]


def get_weights(x, trainable) -> list:
    """The weights as arrays: all, or only those that are trainable or not."""
    if trainable is None:
        return x.get_weights()
    group = x.trainable_weights if trainable else x.non_trainable_weights
    return [keras.ops.convert_to_numpy(weight) for weight in group]


def set_trainable(model, trainable: bool, start: str | None, stop: str | None, which) -> None:
    """Set `trainable` of layers: from one to another (names or places from 1), or of `which`."""
    if which is not None:
        chosen = which if isinstance(which, list) else [which]
        for item in chosen:
            by_name = isinstance(item, str)
            layer = model.get_layer(item) if by_name else get_layer(model, None, item)
            layer.trainable = trainable
        return
    if start is None and stop is None:
        model.trainable = trainable
    first, last = _place(model, start, 0), _place(model, stop, len(model.layers) - 1)
    for layer in model.layers[first : last + 1]:
        layer.trainable = trainable


def _place(model, item, default: int) -> int:
    if item is None:
        return default
    layer = model.get_layer(item) if isinstance(item, str) else get_layer(model, None, item)
    return model.layers.index(layer)


def dims_of(x) -> tuple:
    """The dims of a tensor; an open one is a scalar tensor, or None while a model is built."""
    if keras.ops.is_tensor(x) or isinstance(x, (keras.KerasTensor, keras.Variable)):
        dims = keras.ops.shape(x)
    else:
        dims = x.shape
    return tuple(int(dim) if isinstance(dim, int) else dim for dim in dims)
