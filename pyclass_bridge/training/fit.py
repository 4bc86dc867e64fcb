"""compile(), fit(), evaluate(), predict() and similar functions for R (R/training_fit.R).

R's arguments become those of Keras' methods, and the results become what R shows. R has made the
data arrays (R/surface_data.R). R counts epochs from 1. A class in place of an instance is an error.
"""

from __future__ import annotations

import inspect

import keras

from ..bridge.output import end_drawn_line
from ..bridge.words import described
from ..surface.arguments import whole_number
from ..surface.data import in_rows, prepare, text_tensors
from ..surface.explain import explained
from ..surface.functions import named, tell_apart
from ..surface.indices import zero_based
from ..surface.methods import keywords_of
from .run import flattened
from .train import train

__all__ = [
    "adapt",
    "compile",
    "evaluate",
    "fit",
    "named_metric",
    "on_batch",
    "predict",
    "predict_on_batch",
]


def compile(model, given: dict, extra: dict) -> None:
    """``model.compile()``; a single metric becomes a list of one."""
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
    if type(model).compile is keras.Model.compile:
        _find_by_name(keywords)
    tell_apart(_what_stays(model, keywords), keywords, for_saving=False)
    model.compile(**keywords)


def _what_stays(model, keywords: dict) -> dict:
    """The attributes of `model` that compile() with these arguments does not replace."""
    gone = {"_compile_config", "history"}  # the history has the model
    if "loss" in keywords:
        gone |= {"loss", "_compile_loss"}
    if {"metrics", "weighted_metrics"} & keywords.keys():
        gone.add("_compile_metrics")
    return {name: value for name, value in vars(model).items() if name not in gone}


def fit(model, given: dict, extra: dict, resume: str | None = None, safe_mode: bool = True) -> dict:
    """``model.fit()``; returns the parts of R's history, with epochs counted from 1."""
    callbacks = flattened(given.pop("callbacks", None))
    shows_progress = any(getattr(c, "shows_progress", False) is True for c in callbacks)
    if given.get("verbose") == "auto" and shows_progress:
        given["verbose"] = 0
    keywords = keywords_of(model.fit, "fit", given, extra)
    if "initial_epoch" in keywords:
        first = whole_number("fit", "initial_epoch", keywords["initial_epoch"])
        keywords["initial_epoch"] = zero_based("fit", "initial_epoch", first)
    freq = keywords.setdefault("validation_freq", 1)
    if isinstance(freq, int) and freq < 1:
        raise ValueError(f"fit(): `validation_freq` must be 1 or more, not {freq}.")
    split = keywords.get("validation_split", 0)
    if not isinstance(split, (int, float)) or not 0 <= split < 1:
        shown = f"{split:g}" if isinstance(split, (int, float)) else described(split)
        raise ValueError(f"fit(): `validation_split` must be a fraction below 1, not {shown}.")
    _check_callbacks("fit", callbacks)
    failures = prepare(model, keywords)
    in_rows(model, "fit", keywords)
    if not hasattr(keywords.get("x"), "__getitem__"):
        # By default Keras warns that it does not shuffle a dataset or batches.
        keywords.setdefault("shuffle", False)

    def run(arguments: dict):
        return explained(model, "fit", arguments, failures, given=keywords)

    history = train(model, callbacks, keywords, resume, run, safe_mode)
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
    return dict(_run(model, "evaluate", given, extra, return_dict=True))


def predict(model, given: dict, extra: dict):
    """``model.predict()``: an array, or a structure of arrays like the model's outputs."""
    return _run(model, "predict", given, extra)


def _run(model, method: str, given: dict, extra: dict, **further):
    keywords = keywords_of(getattr(model, method), method, given, extra)
    if "callbacks" in keywords:
        keywords["callbacks"] = flattened(keywords["callbacks"])
        _check_callbacks(method, keywords["callbacks"])
        keywords["callbacks"].insert(0, _BarBreak())
    failures = prepare(model, keywords)
    in_rows(model, method, keywords)
    return explained(model, method, keywords | further, failures)


class _BarBreak(keras.callbacks.Callback):
    """Before the callbacks: what these print at the end is a line above Keras' last state of the
    bar, not the end of an earlier state."""

    def on_predict_end(self, logs=None):
        if self.params["verbose"] == 1:
            end_drawn_line()

    on_test_end = on_predict_end


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
    """``layer.adapt()``; layers that read all data at once ignore a batch size."""
    known = inspect.signature(layer.adapt).parameters
    if "batch_size" not in known:
        keywords.pop("batch_size", None)
    wrong = next((name for name in keywords if name not in known), None)
    if wrong is not None:
        kind = type(layer).__name__
        raise TypeError(f"adapt(): `{wrong}` is not an argument for a {kind} layer.")
    layer.adapt(data, **{k: whole_number("adapt", k, v) for k, v in keywords.items()})


def named_metric(name: str, function):
    """`function` as a function called `name`, which Keras shows."""
    if not hasattr(function, "__r_function__"):
        function.__name__ = name
    return named(function, name, sure=True)


# ---- checks --------------------------------------------------------------------------------------

# Metrics that Keras chooses by the loss.
_CHOSEN = frozenset({"accuracy", "acc", "crossentropy", "ce"})


def _find_by_name(keywords: dict) -> None:
    """Let Keras look up its losses and metrics by name now, since an unknown name would be an error
    only when the training begins."""
    for name in _strings(keywords.get("loss")):
        keras.losses.get(name)
    for name in _strings([keywords.get(key) for key in ("metrics", "weighted_metrics")]):
        if name.lower() not in _CHOSEN:
            keras.metrics.get(name)


def _strings(value) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [name for item in value for name in _strings(item)]
    return [value] if isinstance(value, str) else []


def _refuse_classes(function: str, name: str, value, base: type) -> None:
    """Raise TypeError if `value` holds a class (in R: a factory) in place of an instance."""
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


def _check_callbacks(function: str, callbacks: list) -> None:
    _refuse_classes(function, "callbacks", callbacks, keras.callbacks.Callback)
    for item in callbacks:
        if not isinstance(item, keras.callbacks.Callback):
            what = "a function" if inspect.isfunction(item) else repr(item)
            raise TypeError(
                f"{function}(): `callbacks` must be callbacks, not {what}. Make one with "
                "Callback(), callback_lambda() or callback_*()."
            )
