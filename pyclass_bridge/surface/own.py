"""What some wrappers do beyond calling Keras: ranges as R's, data sets, and
applications that know their preprocessing. The other half is R/surface_applications.R.

`adjusted()` converts arguments that only R users have. A *way* is a function that replaces the
plain call: its arguments are what is wrapped, the arguments for Keras, and `run`, which calls Keras
with arguments. Importing this module does not import Keras.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
import weakref

import numpy as np

from ..for_r.ops import float_base
from ..for_r.tensor import dtype_of, is_integer, is_symbolic, is_tensor, to_numpy, whole_like
from . import table
from .arguments import as_operand
from .loading import load_model
from .names import Wrapped, at


def adjusted(wrapped: Wrapped, keywords: dict) -> dict:
    """The arguments for Keras, with those that only R users have converted."""
    adjust = _ADJUSTED.get(wrapped.name)
    return adjust(wrapped.name, keywords) if adjust else keywords


def is_adjusted(wrapped: Wrapped) -> bool:
    """Does `adjusted()` convert arguments of `wrapped`?"""
    return wrapped.name in _ADJUSTED


def way_of(wrapped: Wrapped):
    """The way of `wrapped`; None if it has a plain call."""
    if wrapped.name in table.DATASETS:
        return _dataset
    return _WAYS.get(wrapped.name) or (_application if wrapped.family == "application" else None)


# ---- arguments that R users know ---------------------------------------------------------------


def _arange(function: str, keywords: dict) -> dict:
    """A range from R's ends: it begins at 1 if one number is given, includes its end if
    `include_end`, and goes down if the end is below the start, as seq() does."""
    include_end = keywords.pop("include_end", True)
    ends = [keywords.pop(key) for key in ("start", "stop") if keywords.get(key) is not None]
    if not ends:
        raise TypeError(f"{function}() needs the argument `start`.")
    given = [*(ends if len(ends) == 2 else (1, *ends)), keywords.pop("step")]
    numbers = [_number(function, x) for x in given]
    if "int" in (keywords.get("dtype") or "") or any(map(is_integer, given)):
        numbers = [whole_like(x, "int64") for x in numbers]
    start, stop, step = numbers
    if not any(map(is_tensor, numbers)):
        step = _directed(function, start, stop, step)
        stop = _behind(start, stop, step) if include_end else stop
    elif include_end:
        whole = not any("float" in _type_name(x) for x in numbers)
        stop = stop + (at("ops.sign")(step) if whole else step * 1e-3)
    return {"start": start, "stop": stop, "step": step, **keywords}


def _number(function: str, x):
    """`x`, a number or a tensor of one, as a number if its value is known."""
    if is_tensor(x) and len(x.shape) == 0:
        return x if is_symbolic(x) else to_numpy(x).item()
    if isinstance(x, (int, float)):
        return x
    raise TypeError(f"{function}() takes single numbers, not {type(x).__name__}.")


def _type_name(x) -> str:
    return dtype_of(x) if is_tensor(x) else type(x).__name__


def _directed(function: str, start, stop, step):
    """`step` in the direction of the range; only the step 1 goes both ways."""
    if step == 0 or (step != 1 and (stop - start) * step < 0):
        raise ValueError(
            f"{function}(): steps of {step:g} do not lead from {start:g} to {stop:g}: change "
            "`step` or its sign."
        )
    return -step if step == 1 and stop < start else step


def _behind(start, stop, step):
    """An end for Keras, which excludes it, so that the range includes `stop`."""
    if all(isinstance(x, int) for x in (start, stop, step)):
        return stop + (1 if step > 0 else -1)
    # A fraction such as 0.1 is not exact, so an end that is missed by 1e-9 steps is included.
    return start + (int((stop - start) / step + 1e-9) + 0.5) * step


def _power(function: str, keywords: dict) -> dict:
    if keywords.keys() >= {"x1", "x2"}:
        keywords["x1"] = float_base(keywords["x1"], keywords["x2"])
    return keywords


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


def _timeseries(function: str, keywords: dict) -> dict:
    """R's vectors as arrays, so that data and targets have one type."""
    vectors = {key: keywords[key] for key in ("data", "targets") if key in keywords}
    return keywords | {key: as_operand(value, stay_doubles=True) for key, value in vectors.items()}


# ---- data from R's vectors ---------------------------------------------------------------------


def _to_categorical(function: str, keywords: dict) -> dict:
    """Class numbers must be whole and count from 0: Keras truncates, and counts from the end."""
    classes = np.asarray(keywords.get("x"))
    if classes.dtype.kind in "US":
        raise TypeError(
            f"{function}(): `x` takes a factor or the numbers of classes from 0, not strings: "
            f"{function}(factor(x)) encodes them."
        )
    if classes.dtype.kind in "iuf":
        wrong = classes[(classes < 0) | (classes != np.trunc(classes))]
        if wrong.size:
            raise ValueError(
                f"{function}(): `x` takes the numbers of classes, whole and from 0, not "
                f"{wrong.flat[0]:g}."
            )
    return keywords


def _pad_sequences(function: str, keywords: dict) -> dict:
    """Say what Keras does to sequences of text and of fractions."""
    sequences = keywords["sequences"]
    if not sequences:
        raise ValueError(f"{function}(): `sequences` has no sequence.")
    if "int" not in str(keywords.get("dtype", "int32")):
        return keywords
    kinds = {np.asarray(sequence).dtype.kind for sequence in sequences}
    if "U" in kinds:
        raise TypeError(
            f"{function}(): `sequences` holds strings: layer_text_vectorization() encodes text."
        )
    if "f" in kinds and any(np.any(np.asarray(s) != np.trunc(s)) for s in sequences):
        warnings.warn(
            f'{function}(): fractions are cut to whole numbers; `dtype = "float32"` keeps them.',
            stacklevel=2,
        )
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
    function = _module_of(model, "application_preprocess_inputs").preprocess_input
    return function(_to_write_into(x), **keywords)


def _imagenet_preprocess(function: str, keywords: dict) -> dict:
    return keywords | {"x": _to_write_into(keywords.get("x"))}


def _to_write_into(x):
    """Keras' preprocessing writes into an array; those of R are read-only."""
    return x.copy() if isinstance(x, np.ndarray) and not x.flags.writeable else x


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


# ---- models with the levels of their factors ---------------------------------------------------


def _cloned(wrapped: Wrapped, keywords: dict, run):
    from .levels import of_copy

    return of_copy(keywords.get("model"), run(keywords))


_ADJUSTED = {
    "imagenet_preprocess_input": _imagenet_preprocess,
    "layer_feature_space": _feature_space,
    "layer_string_lookup": _string_lookup,
    "op_arange": _arange,
    "op_power": _power,
    "pad_sequences": _pad_sequences,
    "timeseries_dataset_from_array": _timeseries,
    "to_categorical": _to_categorical,
}
_WAYS = {
    "clone_model": _cloned,
    "dataset_imdb_word_index": _downloaded,
    "dataset_reuters_word_index": _downloaded,
    "load_model": load_model,
}
