"""The levels of the factors that a model is trained with, as labels or inputs; and whether the
codes of a factor suit the loss. The other half is R/surface_levels.R.

The levels live as long as the model. A `.keras` file of a Functional or Sequential model has them,
too, whichever function has written it, since they are in the configuration that Keras calls
`build_config`; `load_model()` reads them from there, and Keras itself ignores them.
"""

from __future__ import annotations

import contextlib
import functools
import json
import weakref
import zipfile
from pathlib import Path

import keras
from keras.src.losses.losses import LossFunctionWrapper
from keras.src.models.functional import Functional

from ..bridge.words import quoted

# For each model, the levels by the place of the factor, such as "y" or "x$species".
_known: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

# For each model in a training that has brought new levels, the levels before and the step.
_before: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

# For each model in an evaluation, the levels of factors that it was not trained with.
_lent: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

# Keras' losses that take the numbers of classes.
_FOR_CLASSES = frozenset({
    "categorical_generalized_cross_entropy", "circle", "ctc", "sparse_categorical_crossentropy",
})  # fmt: skip


def known(model) -> dict[str, list[str]]:
    """The levels that `model` was trained with, by the place of the factor."""
    return _known.get(model, {})


def remember(model, place: str, levels) -> None:
    """A training of `model` begins with these levels of the factor at `place`."""
    _before.setdefault(model, (known(model), _steps(model)))
    _set(model, known(model) | {place: _listed(levels)})


def settle(model) -> None:
    """The training has ended: if it has not made a step, `model` has the levels from before."""
    levels, steps = _before.pop(model, ({}, None))
    if steps is not None and steps == _steps(model):
        _set(model, levels)


def lend(model, place: str, levels) -> None:
    """An evaluation of `model` has these levels at `place`, which the model does not know."""
    _lent[model] = _lent.get(model, {}) | {place: _listed(levels)}


def take_back(model) -> None:
    """The evaluation has ended."""
    _lent.pop(model, None)


def present(model) -> dict[str, list[str]]:
    """The levels that `model` knows, and those of its present evaluation."""
    return _lent.get(model, {}) | known(model)


def _listed(levels) -> list[str]:
    return [levels] if isinstance(levels, str) else list(levels)


def is_new(model) -> bool:
    """Has no step been made since `model` was compiled?"""
    return _steps(model) == 0


def _steps(model) -> int | None:
    steps = getattr(getattr(model, "optimizer", None), "iterations", None)
    return None if steps is None else int(steps)


def _set(model, levels: dict) -> None:
    _known[model] = levels
    # Keras asks a model that is built from its layers for this configuration, but never uses it.
    if isinstance(model, (Functional, keras.Sequential)) and "get_build_config" not in vars(model):
        model.get_build_config = functools.partial(_build_config, weakref.ref(model))


def _build_config(model: weakref.ref) -> dict | None:
    config = type(model()).get_build_config(model())
    levels = known(model())
    return config | {"factor_levels": levels} if config and levels else config


def of_copy(model, copy):
    """`copy` of `model`, with its levels."""
    if model in _known:
        _set(copy, known(model))
    return copy


def of_file(model, path):
    """`model`, with the levels in the file or directory from which it was loaded."""
    if not isinstance(model, (Functional, keras.Sequential)) or not isinstance(path, (str, Path)):
        return model
    levels = (_config_in(Path(path).expanduser()).get("build_config") or {}).get("factor_levels")
    if levels:
        _set(model, levels)
    return model


def _config_in(path: Path) -> dict:
    name = "config.json"
    if path.is_dir():
        return json.loads((path / name).read_text()) if (path / name).is_file() else {}
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read(name)) if name in file.namelist() else {}


# ---- inputs and outputs --------------------------------------------------------------------------


def names_of(model, part: str) -> list[str]:
    """The names of the inputs (`part` is "x") or outputs ("y") of a model that has several."""
    found = _structure(model, part)
    if isinstance(found, dict):
        return list(found)
    if not isinstance(found, (list, tuple)) or len(found) < 2:
        return []
    return [x.name for x in found] if part == "x" else list(model.output_names)


def _structure(model, part: str):
    if not isinstance(model, Functional):
        return None
    return model.input if part == "x" else model.output


def _units(model, name: str | None) -> int | None:
    """The size of the last dim of an output; None if it isn't known."""
    output = _structure(model, "y")
    if isinstance(model, keras.Sequential) and model.built:
        output = model.outputs[0] if getattr(model, "outputs", None) else None
    if isinstance(output, (list, tuple)):
        names = names_of(model, "y")
        output = output[names.index(name) if name in names else 0]
    if isinstance(output, dict):
        output = output.get(name)
    shape = getattr(output, "shape", ())
    return shape[-1] if len(shape) > 1 else None


def _computed_units(model) -> int | None:
    """The size of the last dim of the only output of a model of a class of one's own, which is
    called on symbols."""
    with contextlib.suppress(Exception):
        inputs = keras.KerasTensor(model.get_build_config()["input_shape"])
        return model.compute_output_spec(inputs).shape[-1]
    return None


# ---- losses --------------------------------------------------------------------------------------


def unfit(model, label: str, name: str | None, count: int, highest: int) -> str | None:
    """The error text if a factor with `count` levels and codes up to `highest` doesn't suit the
    loss of the output `name`; `label` is what the user calls the factor."""
    loss, shown = _loss(model, name)
    units = _units(model, name)
    if loss is None:
        return _unfit_for_own(label, count, shown) if shown and units == 1 else None
    if loss not in _FOR_CLASSES:
        # "categorical_crossentropy" is refused by Keras, and surface/explain.py says why.
        if count < 3 or (loss == "categorical_crossentropy" and units != 1):
            return None
        return (
            f"`{label}` is a factor of {count} levels, which the loss {shown} doesn't take: use "
            f'the loss "sparse_categorical_crossentropy"{_softmax(units, count)}.'
        )
    if units is None or highest < units:
        return None
    binary = (
        '; one unit with `activation = "sigmoid"` takes two classes with the loss '
        '"binary_crossentropy"'
    )
    return (
        f"`{label}` is a factor of {count} levels, but the model's output has {_counted(units)}: "
        f"the loss {shown} takes a unit for each level{binary if units == 1 else ''}."
    )


def _unfit_for_own(label: str, count: int, shown: str) -> str | None:
    if count < 3:
        return None
    return (
        f"`{label}` is a factor of {count} levels, but the model's output has one unit for the "
        f"loss {shown}: give a unit to each level, or the numbers that are meant, such as "
        f"as.integer({label}) - 1L."
    )


def _softmax(units: int | None, count: int) -> str:
    if units is not None and units >= count:
        return ", or give a column for each level by to_categorical()"
    return f' and {count} units with `activation = "softmax"`'


def _counted(units: int) -> str:
    return "one unit" if units == 1 else f"{units} units"


def _loss(model, name: str | None) -> tuple[str | None, str]:
    """The name of Keras' function for the loss of the output `name`, and the loss as shown. The
    name is None for a loss that is not Keras' own; what is shown is "" if there is none."""
    loss, names = getattr(model, "loss", None), names_of(model, "y")
    if isinstance(loss, dict):
        loss = loss.get(name) if name in names else next(iter(loss.values()), None)
    elif isinstance(loss, (list, tuple)):
        loss = dict(enumerate(loss)).get(names.index(name) if name in names else 0)
    given = loss
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:  # Keras says so itself
            return None, ""
    if loss is None or hasattr(loss, "use_model"):  # plain R gets the factor itself
        return None, ""
    function = loss.fn if isinstance(loss, LossFunctionWrapper) else loss
    if not _module(function).startswith("keras.src.losses"):
        return None, quoted([getattr(function, "__name__", type(function).__name__)])
    name = getattr(function, "__name__", None)
    return name, quoted([given if isinstance(given, str) else name])


def _module(function) -> str:
    return getattr(function, "__module__", None) or type(function).__module__


def unnamed(model, name: str | None, count: int) -> bool:
    """Has the output `name` of a model that knows no levels more classes than the factor that is
    to be evaluated?"""
    loss, _ = _loss(model, name)
    classes = _units(model, name) or _computed_units(model)
    if loss is None or classes is None:
        return False
    return count < (classes if loss in _FOR_CLASSES else 2 if classes == 1 else 0)
