"""What some wrappers do beyond calling Keras: ranges that include their end, data sets, and
applications that know their preprocessing. The other half is R/surface_applications.R.

`adjusted()` converts arguments that only R users have. A *way* is a function that replaces the
plain call: its arguments are what is wrapped, the arguments for Keras, and `run`, which calls Keras
with arguments. Importing this module does not import Keras.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import sys
import weakref

from . import table
from .error_text import not_known
from .names import Wrapped, at
from .objects import custom_object_scope


def adjusted(wrapped: Wrapped, keywords: dict) -> dict:
    """The arguments for Keras, with those that only R users have converted."""
    adjust = _ADJUSTED.get(wrapped.name)
    return adjust(wrapped.name, keywords) if adjust else keywords


def way_of(wrapped: Wrapped):
    """The way of `wrapped`; None if it has a plain call."""
    if wrapped.name in table.DATASETS:
        return _dataset
    return _WAYS.get(wrapped.name) or (_application if wrapped.family == "application" else None)


# ---- arguments that R users know ---------------------------------------------------------------


def _arange(function: str, keywords: dict) -> dict:
    """Extend the range so that it includes its end, if `include_end`."""
    if not keywords.pop("include_end", False):
        return keywords
    start, stop = keywords.pop("start", 0), keywords.pop("stop", None)
    step = keywords.pop("step", None)
    start, stop, step = (0, start, step) if stop is None else (start, stop, step)
    step = 1 if step is None else step
    if not all(isinstance(x, (int, float)) for x in (start, stop, step)):
        raise TypeError(f"{function}(): `include_end = TRUE` takes numbers, not tensors.")
    whole = all(isinstance(x, int) for x in (start, stop, step))
    # A fraction such as 0.1 is not exact, so an end that is missed by 1e-9 steps is included.
    steps = int((stop - start) / step + 1e-9)
    behind = start + (steps + 1) * step if whole else start + (steps + 0.5) * step
    return {"start": start, "stop": behind, "step": step, **keywords}


def _string_lookup(function: str, keywords: dict) -> dict:
    """Keras sets the type of the vocabulary itself, and refuses the argument."""
    dtype = keywords.pop("vocabulary_dtype", None)
    if dtype not in (None, "string"):
        raise ValueError(
            f'{function}(): `vocabulary_dtype` can be "string" only, not {dtype!r}: for whole '
            "numbers there is layer_integer_lookup()."
        )
    return keywords


def _feature_space(function: str, keywords: dict) -> dict:
    """Rename `feature_names`, as Keras' documentation calls the argument `features`."""
    if "feature_names" in keywords:
        if "features" in keywords:
            raise TypeError(
                f"{function}(): `feature_names` is another name of `features`: give one of them."
            )
        keywords["features"] = keywords.pop("feature_names")
    return keywords


# ---- data sets ---------------------------------------------------------------------------------


@contextlib.contextmanager
def downloading(function: str):
    """Raise OSError with one sentence if a download fails in the block."""
    try:
        yield
    except Exception as error:
        if "URL fetch failure" not in str(error) and not isinstance(error, OSError):
            raise
        raise OSError(
            f"{function}() could not download its data: this machine can't reach them. Get "
            "the file on another machine and put it into ~/.keras/datasets."
        ) from error


def _downloaded(wrapped: Wrapped, keywords: dict, run):
    with downloading(wrapped.name):
        return run(keywords)


def _dataset(wrapped: Wrapped, keywords: dict, run) -> dict:
    """A data set in the form that R users know: list(train = list(x, y), test = list(x, y))."""
    keywords.pop("convert", None)  # for R only (R/surface_wrapper.R)
    parts = _downloaded(wrapped, keywords, run)
    return {
        part: {"x": values[0], "y": values[1]}
        for part, values in zip(("train", "test"), parts, strict=True)
    }


# ---- saved models ------------------------------------------------------------------------------


def _load(wrapped: Wrapped, keywords: dict, run):
    """Load a model in a scope of the custom objects, since Keras makes parts of some layers in an
    .h5 file without them."""
    with custom_object_scope(keywords.get("custom_objects")):
        try:
            return run(keywords)
        except (TypeError, ValueError) as error:
            unknown = _unknown_in_compilation(str(keywords.get("filepath")))
            if unknown is None:
                raise
            raise TypeError(not_known(*unknown)) from error


def _unknown_in_compilation(path: str) -> tuple[str, str] | None:
    """(kind, name) of the first loss or metric in an .h5 file that Keras does not know: its own
    error does not name it."""
    import h5py

    if not h5py.is_hdf5(path):
        return None
    with h5py.File(path) as file:
        config = json.loads(file.attrs.get("training_config", "{}"))
    for key, module in (("loss", "losses"), ("metrics", "metrics"), ("weighted_metrics", "metrics")):
        for kind, name in _named_in(config.get(key)):
            known = name in ("accuracy", "acc", "crossentropy", "ce", "compile_metrics")
            known = known or at("saving.get_registered_object")(name) is not None
            known = known or name in inspect.getmodule(at(f"{module}.get")).ALL_OBJECTS_DICT
            if not known:
                return kind, name
    return None


def _named_in(config) -> list[tuple[str, str]]:
    """(kind, name) of each class and function in a configuration of losses or metrics."""
    if isinstance(config, dict) and "class_name" in config:
        is_function = config["class_name"] == "function"
        return [("function", config["config"]) if is_function else ("class", config["class_name"])]
    if isinstance(config, dict):
        config = list(config.values())
    if isinstance(config, list):
        return [found for item in config for found in _named_in(item)]
    return [("function", config)] if isinstance(config, str) else []


# ---- applications ------------------------------------------------------------------------------

# For each living model of application_*(), the module of Keras that it comes from.
_modules: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _application(wrapped: Wrapped, keywords: dict, run):
    model = _downloaded(wrapped, keywords, run)
    _modules[model] = sys.modules[wrapped.function.__module__]
    return model


def _module_of(model, function: str):
    if model not in _modules:
        raise ValueError(
            f"{function}(): `model` was not made by application_*() in this session: use "
            f"imagenet_{function.removeprefix('application_').replace('inputs', 'input')}()."
        )
    return _modules[model]


def preprocess(model, x, keywords: dict):
    """`x` as the application `model` takes it."""
    return _module_of(model, "application_preprocess_inputs").preprocess_input(x, **keywords)


def decode(model, predictions, keywords: dict) -> list[dict]:
    """The most probable ImageNet classes for each row of predictions, as columns by name. `model`
    is the application that made the predictions, or None for any."""
    name = "imagenet_decode_predictions" if model is None else "application_decode_predictions"
    module = at("applications.imagenet_utils") if model is None else _module_of(model, name)
    with downloading(name):
        array = at("ops.convert_to_numpy")(predictions)
        decoded = module.decode_predictions(array, **keywords | {"top": int(keywords["top"])})
    return [_columns(rows) for rows in decoded]


def _columns(rows) -> dict[str, list]:
    names, descriptions, scores = zip(*rows, strict=True)
    return {
        "class_name": list(names),
        "class_description": list(descriptions),
        "score": [float(score) for score in scores],
    }


_ADJUSTED = {
    "layer_feature_space": _feature_space,
    "layer_string_lookup": _string_lookup,
    "op_arange": _arange,
}
_WAYS = {
    "dataset_imdb_word_index": _downloaded,
    "dataset_reuters_word_index": _downloaded,
    "load_model": _load,
}
