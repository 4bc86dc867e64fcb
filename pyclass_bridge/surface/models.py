"""Training for R: compile, fit, evaluate and predict with R's arguments, and models as R has them.

The data come as arrays (R/surface_data.R). Epochs count from 1 in R; whole-number doubles are
integers; one callback is a list of callbacks; a class where an instance belongs is an error.
"""

from __future__ import annotations

import inspect

import keras

from ..bridge.output import redraws_lines
from ..training.resume import train
from ..training.run import flattened
from .arguments import as_shape, whole_number
from .data import inputs_of, prepare, reads_text, text_tensors
from .error_text import no_argument
from .explain import explained
from .indices import zero_based

__all__ = [
    "adapt",
    "compile",
    "dims_of",
    "evaluate",
    "fit",
    "functional",
    "get_layer",
    "get_weights",
    "inputs_of",
    "named_function",
    "on_batch",
    "predict",
    "predict_on_batch",
    "reads_text",
    "sequential",
    "set_trainable",
    "summary",
    "summary_text",
]

_WHOLE = frozenset({
    "batch_size", "epochs", "steps_per_epoch", "validation_steps", "validation_batch_size", "steps",
    "steps_per_execution", "validation_freq", "line_length",
})  # fmt: skip


# ---- arguments ---------------------------------------------------------------------------------


def keywords_of(method, function: str, given: dict, extra: dict) -> dict:
    """The arguments of the Keras method `method`: those that are NULL in R are left to Keras."""
    known = inspect.signature(method).parameters
    is_open = any(p.kind is p.VAR_KEYWORD for p in known.values())
    is_open = is_open and not method.__module__.startswith("keras.")  # its own take none in fact
    for name in extra:
        if name not in known and (not is_open or name.startswith("return_dict")):
            raise TypeError(no_argument(function, name, dict.fromkeys([*given, *known])))
    keywords = {k: v for k, v in (given | extra).items() if v is not None}
    for name in _WHOLE & set(keywords):
        keywords[name] = whole_number(function, name, keywords[name])
    if "verbose" in keywords:
        keywords["verbose"] = _verbose(function, keywords["verbose"])
    return keywords


def _verbose(function: str, value):
    """TRUE and FALSE are 1 and 0; what Keras does not know is an error."""
    if value == "auto":
        # Keras draws a bar into files too.
        return 1 if redraws_lines() else 2
    if value in (0, 1, 2):
        return int(value)
    raise ValueError(f'{function}(): `verbose` is "auto", 0, 1 or 2, not {value!r}.')


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
    if value is None:
        return
    flat = flattened(value)
    _refuse_classes(function, "callbacks", flat, keras.callbacks.Callback)
    for item in flat:
        if not isinstance(item, keras.callbacks.Callback):
            what = "a function" if inspect.isfunction(item) else repr(item)
            raise TypeError(
                f"{function}(): `callbacks` takes callbacks, not {what}. Make one with Callback(), "
                "callback_lambda() or callback_*()."
            )
    keywords["callbacks"] = flat


def _shows_progress(callbacks) -> bool:
    """Is callback_progress() among them? It stands in the place of Keras' own progress."""
    if isinstance(callbacks, (list, tuple)):
        return any(map(_shows_progress, callbacks))
    return getattr(callbacks, "shows_progress", False) is True


# ---- training ----------------------------------------------------------------------------------


def compile(model, given: dict, extra: dict) -> None:
    """``model.compile()``; one metric is a list of metrics."""
    keywords = keywords_of(model.compile, "compile", given, extra)
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


def fit(model, given: dict, extra: dict, resume: str | None = None) -> dict:
    """``model.fit()``; the history as R has it, epochs counted from 1."""
    if given.get("verbose") == "auto" and _shows_progress(given.get("callbacks")):
        given["verbose"] = 0
    keywords = keywords_of(model.fit, "fit", given, extra)
    if "initial_epoch" in keywords:
        keywords["initial_epoch"] = zero_based("fit", "initial_epoch", keywords["initial_epoch"])
    freq = keywords.setdefault("validation_freq", 1)
    if isinstance(freq, int) and freq < 1:
        raise ValueError(f"fit(): `validation_freq` counts epochs from 1, so {freq} is none.")
    if not 0 <= keywords.get("validation_split", 0) < 1:
        split = keywords["validation_split"]
        raise ValueError(f"fit(): `validation_split` is a fraction below 1, not {split:g}.")
    _callbacks("fit", keywords)
    failures = prepare(model, keywords)
    if not hasattr(keywords.get("x"), "__getitem__"):
        # Keras warns that it does not shuffle a dataset or batches, unless it need not.
        keywords.setdefault("shuffle", False)

    def run(final: dict):
        return explained(model, "fit", final, failures, given=keywords)

    history = train(model, keywords, run, resume)
    epochs = [epoch + 1 for epoch in history.epoch]
    validated = freq if isinstance(freq, list) else [e for e in epochs if e % freq == 0]
    return {
        "params": dict(history.params or {}),
        "metrics": {name: list(values) for name, values in history.history.items()},
        "epoch": epochs,
        "validated": [epoch for epoch in epochs if epoch in validated],
        "callbacks": history.callbacks,
    }


def evaluate(model, given: dict, extra: dict) -> dict:
    """``model.evaluate()``: loss and metrics by name."""
    keywords = keywords_of(model.evaluate, "evaluate", given, extra)
    _callbacks("evaluate", keywords)
    failures = prepare(model, keywords)
    return dict(explained(model, "evaluate", keywords | {"return_dict": True}, failures))


def predict(model, given: dict, extra: dict):
    """``model.predict()``: an array, or what structure of arrays the model gives."""
    keywords = keywords_of(model.predict, "predict", given, extra)
    _callbacks("predict", keywords)
    failures = prepare(model, keywords)
    return explained(model, "predict", keywords, failures)


def on_batch(model, name: str, given: dict) -> dict:
    """``train_on_batch`` or ``test_on_batch``: loss and metrics by name."""
    keywords = {k: v for k, v in given.items() if v is not None}
    prepare(model, keywords)
    return dict(explained(model, name, keywords | {"return_dict": True}))


def predict_on_batch(model, x):
    """``model.predict_on_batch()``."""
    x = text_tensors(model, "x", x)
    return explained(model, "predict_on_batch", {"x": x})


def adapt(layer, data, keywords: dict) -> None:
    """``layer.adapt()``; the size of the batches is only for layers that read data in batches."""
    known = inspect.signature(layer.adapt).parameters
    if "batch_size" not in known:
        keywords.pop("batch_size", None)
    wrong = next((name for name in keywords if name not in known), None)
    if wrong is not None:
        kind = type(layer).__name__
        raise TypeError(f"adapt(): the layer is a {kind}, which adapts without `{wrong}`.")
    layer.adapt(data, **{k: whole_number("adapt", k, v) for k, v in keywords.items()})


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
        start["batch_size"] = whole_number("keras_model_sequential", "input_batch_size", size)
    first = [keras.layers.Input(**start)] if start else []
    return keras.Sequential([*first, *layers], name=name, trainable=trainable)


def _whole_dims(key: str, dims):
    if isinstance(dims, (list, tuple)):
        return [_whole_dims(key, dim) for dim in dims]
    return whole_number("keras_model_sequential", f"input_{key}", dims)


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


def set_trainable(x, trainable: bool, start, stop, which) -> None:
    """Set `trainable` of the layers from one to another, or of `which`, and the opposite of the
    others; of all without these."""
    if start is None and stop is None and which is None:
        x.trainable = trainable
        return
    function = "unfreeze_weights" if trainable else "freeze_weights"
    if not isinstance(x, keras.Model):
        raise TypeError(f"{function}(): a layer has no layers to choose from; leave that out.")
    if which is not None and (start is not None or stop is not None):
        raise TypeError(f"{function}(): give either `which`, or `from` and `to`.")
    if which is None:
        first, last = _place(x, start, 0), _place(x, stop, len(x.layers) - 1)
        chosen = [first <= i <= last for i in range(len(x.layers))]
    else:
        chosen = _chosen(function, x, which)
    # A layer learns only in a model that does, and setting the model sets all its layers.
    x.trainable = True
    for layer, is_chosen in zip(x.layers, chosen, strict=True):
        layer.trainable = trainable if is_chosen else not trainable


def _chosen(function: str, model, which) -> list[bool]:
    """For each layer: is it one of `which`, layers by name, place, TRUE or FALSE, or predicate?"""
    if inspect.isfunction(which):
        which = [which(layer) for layer in model.layers]
        if not all(isinstance(answer, bool) for answer in which):
            raise TypeError(f"{function}(): `which` as a function gives TRUE or FALSE for a layer.")
    which = which if isinstance(which, list) else [which]
    if which and all(isinstance(item, bool) for item in which):
        if len(which) != len(model.layers):
            raise ValueError(
                f"{function}(): `which` has {len(which)} TRUE or FALSE, and the model has "
                f"{len(model.layers)} layers."
            )
        return which
    places = {_place(model, item, 0) for item in which}
    return [place in places for place in range(len(model.layers))]


def _place(model, item, default: int) -> int:
    """The place, from 0, of a layer that is given itself, by name, or by its place from 1."""
    if item is None:
        return default
    if not isinstance(item, keras.layers.Layer):
        by_name = isinstance(item, str)
        item = model.get_layer(item) if by_name else get_layer(model, None, item)
    return model.layers.index(item)


def summary(model, given: dict, extra: dict, **printing) -> None:
    """``model.summary()``. Whether layers are trainable is shown when it is None (NA in R) if one
    with weights is not."""
    keywords = keywords_of(model.summary, "summary", given, extra)
    if "show_trainable" not in keywords:
        keywords["show_trainable"] = any(x.weights and not x.trainable for x in model.layers)
    model.summary(**keywords, **printing)


def summary_text(model, given: dict, extra: dict) -> str:
    """What `summary()` prints."""
    lines = []
    summary(model, given, extra, print_fn=lambda text, **_: lines.append(text))
    return "\n".join(lines)


def dims_of(x) -> tuple:
    """The dims of a tensor; an open one is a scalar tensor, or None while a model is built."""
    if keras.ops.is_tensor(x) or isinstance(x, (keras.KerasTensor, keras.Variable)):
        dims = keras.ops.shape(x)
    else:
        dims = x.shape
    return tuple(int(dim) if isinstance(dim, int) else dim for dim in dims)
